//! The flags of `ktel telemetry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::verify::VerifyArguments;

#[derive(Debug, Args)]
pub(crate) struct TelemetryArguments {
    /// The product, by its name or its file
    #[arg(long, global = true, value_name = "NAME|FILE", default_value = ktel::product_file::DEMO)]
    pub(crate) product: String,
    /// The product's configuration that is in use
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The profile of the configuration that is in use
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    #[command(subcommand)]
    pub(crate) command: TelemetryCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TelemetryCommand {
    /// Say whether it is on, who decided, and everybody else who has a say
    Status,
    /// Print what would go out next, byte for byte, and explain each value
    Preview,
    /// Print what servers have accepted, and when
    Log,
    /// Say why a field is collected, how it is blurred, and until when
    Explain {
        /// The field
        field: String,
    },
    /// Allow it
    On,
    /// Forbid it, and throw away what waits
    Off,
    /// Erase everything that is kept about you on this machine
    Forget,
    /// Check a receiver's receipt, and say what it proves
    Verify(VerifyArguments),
}
