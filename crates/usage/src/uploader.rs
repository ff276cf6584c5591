//! Brings events from their spool to the product's server, apart from any command.
//!
//! A product's binary starts itself again for this: [`run_if_asked`] stands at the top of its
//! `main`, and [`Uploader::start`] is called when a command ends. At the most one upload begins in
//! [`UPLOAD_EVERY`] for a product of a user. A hold is so tried again after that pause, which is longer than
//! [`HELD_PAUSE`](ktel_delivery::limits::HELD_PAUSE); who calls [`Uploader::upload`] asks for a try at once.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use jiff::civil::Date;
use ktel_delivery::private_file;
use ktel_delivery::spool::{self, Cursor, Spool, Stored};
use ktel_model::standard::schema::Form;
use thiserror::Error;

use crate::event::EventSchema;
use crate::limits;
use crate::sink::{FileSink, Record, SPOOL, Sink, SpoolSink};

#[cfg(feature = "upload")]
mod batch;
#[cfg(feature = "upload")]
mod parts;
#[cfg(feature = "upload")]
mod run;
#[cfg(feature = "upload")]
mod upload;
#[cfg(feature = "upload")]
pub use batch::NextBatch;
#[cfg(feature = "upload")]
pub use run::Uploaded;

pub use crate::limits::{UPLOAD_EVERY, UPLOAD_WITHIN};

/// The variable that makes a binary upload instead of doing what it is for.
const ASKED: &str = "KTEL_UPLOAD_EVENTS_OF";
/// Names within a product's state directory.
const EVENTS: &str = "events";
const DROPPED_IN: &str = "drop";
const BEGAN: &str = "upload-began";
const BATCH: &str = "batches.json";
const ACCEPTED: &str = "accepted.jsonl";

/// The events of one product on this machine.
#[derive(Debug, Clone)]
pub struct Uploader {
    state: PathBuf,
}

/// Why an upload failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The spool.
    #[error("read the events that wait")]
    Spool {
        /// Why not.
        #[from]
        source: spool::Error,
    },
    /// A file beside it.
    #[error("{doing}")]
    State {
        /// What was attempted.
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The receiver's form cannot carry the events.
    #[cfg(feature = "upload")]
    #[error(transparent)]
    Server(#[from] ktel_destination::Error),
    /// Somebody is at it.
    #[error("another process uploads these events at the moment")]
    Busy,
}

/// Runs an upload instead of the program if the program was started for that; call it first.
///
/// The product's own code uploads, given the name of the product: it knows its server and consent.
#[must_use]
pub fn run_if_asked(
    environment: &dyn Fn(&str) -> Option<OsString>,
    upload: impl FnOnce(&str) -> ExitCode,
) -> Option<ExitCode> {
    let product = environment(ASKED)?;
    Some(upload(&product.to_string_lossy()))
}

impl Uploader {
    /// Looks after the events in a product's state directory; nothing is touched yet.
    #[must_use]
    pub fn of(state: impl Into<PathBuf>) -> Self {
        Self { state: state.into() }
    }

    /// Gives the sink that commands use.
    #[must_use]
    pub fn sink(&self) -> SpoolSink {
        SpoolSink::in_directory(self.state.join(EVENTS))
    }

    /// Gives the spool.
    #[must_use]
    pub fn spool(&self) -> Spool {
        Spool::in_directory(self.state.join(EVENTS), SPOOL)
    }

    /// Gives the directory of the spool.
    #[must_use]
    pub fn spool_directory(&self) -> PathBuf {
        self.state.join(EVENTS)
    }

    /// Gives the directory into which programs in any language put events: one file each, written
    /// under another name and renamed to `*.json`.
    #[must_use]
    pub fn drop_directory(&self) -> PathBuf {
        self.state.join(DROPPED_IN)
    }

    /// Gives what servers have accepted, one JSON line per batch.
    #[must_use]
    pub fn accepted(&self) -> FileSink {
        FileSink::new(&self.state.join(ACCEPTED))
    }

    /// Starts an upload that outlives this process, unless one began lately; tells whether.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, program: &Path, product: &str, now: Duration) -> io::Result<bool> {
        if !self.may_begin(now)? {
            return Ok(false);
        }
        let mut command = Command::new(program);
        command.env(ASKED, product);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C in the terminal is not meant for it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn()?;
        Ok(true)
    }

    /// Claims the upload, under a lock: of two commands that end at once, one gets it.
    fn may_begin(&self, now: Duration) -> io::Result<bool> {
        let path = self.state.join(BEGAN);
        let lately = || {
            // A file that says nothing sensible was no upload of ours.
            let began = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
            let began = Duration::from_secs(began.unwrap_or_default());
            // A clock that was set back must not stop uploads for good.
            now >= began && now - began < UPLOAD_EVERY
        };
        if lately() {
            return Ok(false);
        }
        let Ok(Some(_lock)) = self.spool().deliver() else { return Ok(false) };
        if lately() {
            return Ok(false);
        }
        private_file::write(&path, now.as_secs().to_string().as_bytes())?;
        Ok(true)
    }

    /// Takes what other programs have put into the drop directory; gives how many events were
    /// taken, how many were no events, and why the first of those is none.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn collect(
        &self,
        schema: &EventSchema,
        today: Date,
        now: Duration,
    ) -> io::Result<(u64, u64, Option<String>)> {
        let entries = match fs::read_dir(self.drop_directory()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0, None)),
            Err(error) => return Err(error),
        };
        let (mut taken, mut rejected, mut because) = (0, 0, None);
        let mut sink = self.sink();
        for entry in entries.take(limits::DROPPED_EVENTS_MAX) {
            let path = entry?.path();
            let is_event = path.extension().is_some_and(|ending| ending == "json");
            if !is_event || !path.symlink_metadata()?.is_file() {
                continue;
            }
            let text = read_event(&path)?;
            match schema.accept(&text, Form::Exact, today) {
                Ok(fields) => {
                    sink.emit(&Record::new(fields, now))?;
                    taken += 1;
                }
                Err(error) => {
                    rejected += 1;
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    because.get_or_insert_with(|| format!("`{name}`: {error}"));
                }
            }
            fs::remove_file(path)?;
        }
        Ok((taken, rejected, because))
    }

    /// Gives the events that wait, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn waiting(&self, now: Duration) -> Result<Vec<Stored>, Error> {
        let (spool, mut cursor) = (self.spool(), Cursor::default());
        let mut waiting = Vec::new();
        while let Some(stored) = spool.next(&mut cursor, now)? {
            waiting.push(stored);
        }
        Ok(waiting)
    }

    /// Empties the spool and the drop directory: their user has said no.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn empty(&self) -> io::Result<()> {
        for name in [EVENTS, DROPPED_IN] {
            match fs::remove_dir_all(self.state.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match fs::remove_file(self.state.join(BATCH)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Erases everything that is kept for the product on this machine.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn forget(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.state) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

fn read_event(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let limit = limits::EVENT_BYTES_MAX as u64 + 1;
    io::Read::read_to_end(&mut io::Read::take(fs::File::open(path)?, limit), &mut text)?;
    Ok(text)
}
