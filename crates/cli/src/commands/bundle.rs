//! `ktel bundle`: moves waiting reports between machines, in a file.

use std::path::PathBuf;

use clap::Subcommand;
use ktel::outbox::bundle::{self, Imported};

use crate::clock;
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::servers;

#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Move all waiting reports into a new file
    Export {
        /// The file
        file: PathBuf,
    },
    /// Add the reports of a file to the outbox
    Import {
        /// The file
        file: PathBuf,
        /// Accept reports for this server (repeatable)
        #[arg(long = "report-server", value_name = "URL")]
        report_servers: Vec<String>,
    },
}

pub(super) fn run(command: BundleCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    let Some(outbox) = servers::outbox() else {
        let error = anyhow::anyhow!("there is no directory for the outbox: HOME is not set");
        return Err(Failure::usage(error, Some("set HOME or XDG_STATE_HOME")));
    };
    let failure = |error: bundle::Error| {
        let hint = error.hint();
        Failure::usage(error, hint)
    };
    let now = clock::since_epoch();
    match command {
        BundleCommand::Export { file } => {
            let parcels = bundle::export(&outbox, &file, now).map_err(failure)?;
            printer.say(&format!(
                "{} moved to `{}`",
                count(parcels as u64, "report"),
                file.display()
            ));
        }
        BundleCommand::Import { file, report_servers } => {
            let imported = bundle::import(&outbox, &file, &report_servers, now).map_err(failure)?;
            let Imported { taken, known } = imported;
            printer.say(&format!(
                "{} added to the outbox, {known} were added before; `ktel outbox flush` sends them",
                count(taken as u64, "report")
            ));
        }
    }
    Ok(Exit::Done)
}
