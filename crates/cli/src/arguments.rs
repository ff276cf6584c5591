//! The top level of the command line. The flags of a command stand beside it in `commands/`.

use clap::Parser;

use crate::commands::Command;

pub(crate) mod complete;
pub(crate) mod shared;
pub(crate) mod values;

/// The heading of the options that every command has.
const GLOBAL: &str = "Global options";

/// Telemetry for Kubernetes software: documented reports, usage events, and a server for them
#[derive(Debug, Parser)]
#[command(name = "ktel", version, propagate_version = false, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Print only results, warnings and errors
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub(crate) quiet: bool,
    /// Print more log messages; twice, print all
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = GLOBAL)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
