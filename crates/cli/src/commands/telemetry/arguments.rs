//! The flags of `ktel telemetry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::show::ShowArguments;
use super::verify::VerifyArguments;
use crate::arguments::complete;
use crate::arguments::shared::Format;

#[derive(Debug, Args)]
pub(crate) struct TelemetryArguments {
    /// The product, by its name or its file
    #[arg(long, global = true, value_name = "NAME|FILE", add = complete::products())]
    pub(crate) product: Option<String>,
    /// The configuration file of the product
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The profile of the configuration; default: the variable `PRODUCT_PROFILE`, then the product file
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    #[command(subcommand)]
    pub(crate) command: TelemetryCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TelemetryCommand {
    /// List the products on this machine, whether each may send telemetry, and who decided
    List(Format),
    /// Show whether telemetry is on, and the decision of every source; without a product, list all
    Status(Format),
    /// Show everything that a product can send, what it sent, and why, as text or as a page
    Show(ShowArguments),
    /// Print the next events byte for byte, and explain each value
    Preview,
    /// Print the events that servers accepted, and when
    Log,
    /// Explain why a field is collected, how it is blurred, and until when
    Explain {
        /// The field
        field: String,
        #[command(flatten)]
        format: Format,
    },
    /// Turn telemetry on
    On,
    /// Turn telemetry off, and delete waiting events; a product file is not needed
    Off {
        /// Every product on this machine, as `ktel telemetry list` shows them
        #[arg(long, conflicts_with = "product")]
        all: bool,
    },
    /// Delete all data about you on this machine
    Forget,
    /// Check the receipt of a receiver, and show what it proves
    Verify(VerifyArguments),
}
