//! `ktel bundle`: the outbox in a file.

use std::path::PathBuf;

use clap::Subcommand;
use ktel::outbox::bundle::{self, Imported};

use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::servers;

#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Move everything that waits into a new file
    Export {
        /// The file
        file: PathBuf,
    },
    /// Take the reports of a file into the outbox
    Import {
        /// The file
        file: PathBuf,
        /// Take reports for this server (repeatable)
        #[arg(long = "report-server", value_name = "URL")]
        report_servers: Vec<String>,
    },
}

pub(super) fn run(command: BundleCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    let Some(outbox) = servers::outbox() else {
        let error = anyhow::anyhow!("there is no place for an outbox: HOME is not set");
        return Err(Failure::usage(error, Some("set HOME or XDG_STATE_HOME")));
    };
    let refused = |error: bundle::Error| {
        let hint = error.hint();
        Failure::usage(error, hint)
    };
    let now = clock::since_epoch();
    match command {
        BundleCommand::Export { file } => {
            let parcels = bundle::export(&outbox, &file, now).map_err(refused)?;
            printer.say(&format!(
                "{parcels} reports are in `{}`, and wait here no longer",
                file.display()
            ));
        }
        BundleCommand::Import { file, report_servers } => {
            let imported = bundle::import(&outbox, &file, &report_servers, now).map_err(refused)?;
            let Imported { taken, known } = imported;
            printer.say(&format!(
                "{taken} reports wait in the outbox, {known} had been taken before; `ktel outbox flush` sends them"
            ));
        }
    }
    Ok(Exit::Done)
}
