//! The flags of `ktel telemetry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::verify::VerifyArguments;

#[derive(Debug, Args)]
pub(crate) struct TelemetryArguments {
    /// The product, by its name or its file
    #[arg(long, global = true, value_name = "NAME|FILE", default_value = ktel::product_file::DEMO)]
    pub(crate) product: String,
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
    /// Show whether telemetry is on, and the decision of every source
    Status,
    /// Print the next events byte for byte, and explain each value
    Preview,
    /// Print the events that servers accepted, and when
    Log,
    /// Explain why a field is collected, how it is blurred, and until when
    Explain {
        /// The field
        field: String,
    },
    /// Turn telemetry on
    On,
    /// Turn telemetry off, and delete waiting events
    Off,
    /// Delete all data about you on this machine
    Forget,
    /// Check the receipt of a receiver, and show what it proves
    Verify(VerifyArguments),
}
