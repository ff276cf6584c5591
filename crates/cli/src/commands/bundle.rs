//! `ktel bundle`: moves waiting reports between machines, in a file.

use std::io;
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
    let now = clock::since_epoch();
    match command {
        BundleCommand::Export { file } => {
            let failure =
                |error| failure(error, "name a new file, in a directory that you can write to");
            let parcels = bundle::export(&outbox, &file, now).map_err(failure)?;
            printer.say(&format!(
                "{} moved to `{}`",
                count(parcels as u64, "report"),
                file.display()
            ));
        }
        BundleCommand::Import { file, report_servers } => {
            let failure = |error| failure(error, "there is no such file; check its path");
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

/// Turns an error into one with a hint. `place` is the hint if the file is not where it should be.
fn failure(error: bundle::Error, place: &str) -> Failure {
    let hint = match &error {
        bundle::Error::File { source, .. } => match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists => Some(place.to_owned()),
            io::ErrorKind::PermissionDenied => Some("you may not use this file".to_owned()),
            _ => None,
        },
        error => error.hint(),
    };
    Failure::usage(error, hint)
}
