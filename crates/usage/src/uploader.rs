//! Brings events from their spool to the product's server, apart from any command.
//!
//! A product's binary starts itself again for this: [`run_if_asked`] stands at the top of its
//! `main`, and [`Uploader::start`] is called when a command ends. At the most one upload begins in
//! [`EVERY`] for a product of a user.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use jiff::civil::Date;
use ktel_delivery::Verdict;
use ktel_delivery::courier::{Clock, Exchanges, Pace};
use ktel_delivery::spool::{self, Cursor, Drop, Held, Spool, Stored};
use ktel_model::names::COMMAND_PATH;
use ktel_model::standard::schema::Form;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thiserror::Error;
use tokio::time::Instant;

use crate::event::EventSchema;
use crate::limits;
use crate::sink::{FileSink, Record, SPOOL, Sink, SpoolSink};
use ktel_delivery::private_file;
use ktel_destination::{Remote, Sender};

/// How often an upload may begin.
pub const EVERY: Duration = Duration::from_secs(6 * 60 * 60);
/// How long an upload that nobody watches may take.
pub const WITHIN: Duration = Duration::from_secs(60);
/// The variable that makes a binary upload instead of doing what it is for.
const ASKED: &str = "KTEL_UPLOAD_EVENTS_OF";
/// Names within a product's state directory.
const EVENTS: &str = "events";
const DROPPED_IN: &str = "drop";
const BEGAN: &str = "upload-began";
const BATCH: &str = "batch.json";
const ACCEPTED: &str = "accepted.jsonl";

/// The events of one product on this machine.
#[derive(Debug, Clone)]
pub struct Uploader {
    state: PathBuf,
}

/// A batch that may have arrived already: it goes out again with the same key and the same events.
#[derive(Debug, Serialize, Deserialize)]
struct Batch {
    key: String,
    through: spool::Id,
}

/// What an upload has come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Events that the server has.
    pub accepted: u64,
    /// Events that it does not want, or that do not pass their schema.
    pub rejected: u64,
    /// Events that wait.
    pub waiting: u64,
    /// Why they wait until somebody corrects something, if they do.
    pub held: Option<Held>,
    /// Why some wait or were rejected, in the words of the server, the network or the schema.
    pub because: Option<String>,
}

impl Uploaded {
    /// Whether every event was delivered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.waiting == 0 && self.rejected == 0
    }

    /// Keeps the first reason.
    fn note(&mut self, why: impl FnOnce() -> String) {
        self.because.get_or_insert_with(why);
    }
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

    /// Takes the turn, under a lock: of two commands that end at once, one gets it.
    fn may_begin(&self, now: Duration) -> io::Result<bool> {
        let path = self.state.join(BEGAN);
        let lately = || {
            // A file that says nothing sensible was no upload of ours.
            let began = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
            let began = Duration::from_secs(began.unwrap_or_default());
            // A clock that was set back must not stop uploads for good.
            now >= began && now - began < EVERY
        };
        if lately() {
            return Ok(false);
        }
        let Ok(Some(_turn)) = self.spool().deliver() else { return Ok(false) };
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

    /// Makes the very bytes of the next batch, and says which events of the spool it holds.
    ///
    /// # Errors
    /// When the events cannot be read, or not be carried.
    pub fn next_batch(
        &self,
        remote: &Remote,
        schema: &EventSchema,
        today: Date,
        now: Duration,
    ) -> Result<Option<NextBatch>, Error> {
        let waiting = self.waiting(now)?;
        // Of a batch whose events are all gone, because they were too many or too old, nothing is left.
        let is_there =
            |batch: &Batch| waiting.first().is_some_and(|event| event.id <= batch.through);
        let batch = self.begun().filter(is_there);
        let most = remote.events_at_once();
        let (mut ids, mut events, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
        let mut because = None;
        for stored in waiting.into_iter().take(most) {
            if batch.as_ref().is_some_and(|batch| stored.id > batch.through) {
                break;
            }
            // What the schema no longer declares, because it has expired, does not leave.
            match schema.accept(&stored.parcel.body, Form::Exact, today) {
                Ok(fields) => {
                    ids.push(stored.id);
                    events.push(fields);
                }
                Err(error) => {
                    because.get_or_insert_with(|| error.to_string());
                    rejected.push(stored.id);
                }
            }
        }
        let Some(through) = ids.last().copied() else {
            return Ok(if rejected.is_empty() {
                None
            } else {
                Some(NextBatch { rejected, because, ..NextBatch::default() })
            });
        };
        // Side by side, equal commands compress best; and their order is nobody's business.
        events.sort_by_cached_key(|event| event.get(COMMAND_PATH).map(Value::to_string));
        let key = batch.map_or_else(ktel_destination::random_id, |batch| batch.key);
        let parcel = remote.events(&schema.schema().vendor, key, &events)?;
        Ok(Some(NextBatch { parcel: Some(parcel), events, ids, rejected, because, through }))
    }

    /// Makes the very bytes of the next batch as [`next_batch`](Self::next_batch) does, and settles them:
    /// the next upload sends exactly these, and events that are recorded in between in another batch.
    ///
    /// # Errors
    /// When the events cannot be read, or not be carried.
    pub fn settle_batch(
        &self,
        remote: &Remote,
        schema: &EventSchema,
        today: Date,
        now: Duration,
    ) -> Result<Option<NextBatch>, Error> {
        // Without events there is no spool, and a preview makes none.
        if !self.state.join(EVENTS).exists() {
            return Ok(None);
        }
        // Another process that uploads has settled its batch itself.
        let turn = self.spool().deliver()?;
        let batch = self.next_batch(remote, schema, today, now)?;
        if turn.is_some()
            && let Some(batch) = &batch
            && let Some(parcel) = &batch.parcel
        {
            self.begin(parcel, batch.through)?;
        }
        Ok(batch)
    }

    /// Remembers the key and the events of a batch, which may have arrived from now on.
    fn begin(&self, parcel: &ktel_delivery::Parcel, through: spool::Id) -> Result<(), Error> {
        let begun = json!(Batch { key: parcel.key.clone(), through }).to_string();
        private_file::write(&self.state.join(BATCH), begun.as_bytes())
            .map_err(|source| Error::State { doing: "remember the batch", source })
    }

    fn begun(&self) -> Option<Batch> {
        // A batch that cannot be read begins anew, with another key.
        let text = fs::read(self.state.join(BATCH)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Uploads everything that waits, until the deadline.
    ///
    /// # Errors
    /// When the spool or its files fail, or somebody else uploads.
    pub async fn upload(
        &self,
        (remote, sender): (&Remote, &Sender),
        schema: &EventSchema,
        today: Date,
        deadline: Instant,
        clock: Clock,
    ) -> Result<Uploaded, Error> {
        let state = |doing| move |source| Error::State { doing, source };
        let mut uploaded = Uploaded::default();
        let now = || (clock.now)();
        let spool = self.spool();
        if self.state.exists() {
            let (_, rejected, because) = self
                .collect(schema, today, now())
                .map_err(state("take events from the drop directory"))?;
            uploaded.rejected += rejected;
            uploaded.because = because;
        }
        if spool.status()?.parcels == 0 {
            return Ok(uploaded);
        }
        let _turn = self.turn(deadline).await?;
        let mut exchanges = Exchanges::new(sender, deadline, clock, Pace::default());
        while let Some(batch) = self.next_batch(remote, schema, today, now())? {
            let NextBatch { parcel, events, ids, rejected, because, through } = batch;
            uploaded.rejected += spool.drop_parcels(&rejected, Drop::Rejected)?;
            uploaded.because = uploaded.because.or(because);
            let Some(parcel) = parcel else { continue };
            self.begin(&parcel, through)?;
            let mut trouble = None;
            let observe = |verdict: &Verdict| {
                if let Verdict::Retry { message, .. } = verdict {
                    trouble = Some(message.clone());
                }
            };
            let rejected = match exchanges.send(&parcel, observe).await {
                // The events of this batch go out again as they are.
                None | Some(Verdict::Retry { .. }) => {
                    let why = trouble.unwrap_or_else(|| "no answer in time".to_owned());
                    uploaded.note(|| why);
                    break;
                }
                Some(Verdict::Held { hold, message }) => {
                    let held = Held::new(hold, &message, now(), through);
                    spool.hold(&held)?;
                    uploaded.held = Some(held);
                    break;
                }
                Some(Verdict::Rejected { message, .. }) => {
                    uploaded.note(|| message);
                    uploaded.rejected += spool.drop_parcels(&ids, Drop::Rejected)?;
                    None
                }
                Some(Verdict::Accepted | Verdict::AcceptedSlowly) => Some(0),
                Some(Verdict::PartlyAccepted { rejected, message }) => {
                    uploaded.note(|| message);
                    Some(rejected)
                }
            };
            if let Some(rejected) = rejected {
                let gone = spool.acknowledge(&ids)?;
                uploaded.rejected += rejected.min(gone);
                uploaded.accepted += gone.saturating_sub(rejected);
                let took = Took { batch: &parcel.key, events: &events, rejected };
                self.log(remote, &took, now()).map_err(state("write the log"))?;
            }
            spool.release()?;
            fs::remove_file(self.state.join(BATCH)).map_err(state("forget the batch"))?;
        }
        uploaded.waiting = spool.status()?.parcels;
        Ok(uploaded)
    }

    /// Waits for another process that uploads these events, until the deadline.
    async fn turn(&self, deadline: Instant) -> Result<spool::Delivering, Error> {
        loop {
            if let Some(turn) = self.spool().deliver()? {
                return Ok(turn);
            }
            // It gives the lock back when it ends; a file lock cannot be waited for in async code.
            let next = Instant::now() + limits::TURN_EVERY;
            if next >= deadline {
                return Err(Error::Busy);
            }
            tokio::time::sleep_until(next).await;
        }
    }

    fn log(&self, remote: &Remote, took: &Took<'_>, now: Duration) -> io::Result<()> {
        let second = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        // Beyond the calendar only a broken clock comes.
        let time = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX);
        let Took { batch, events, rejected } = took;
        let mut line = json!({
            "time": time.to_string(), "server": remote.url(), "batch": batch, "events": events,
        });
        if *rejected > 0 {
            line["rejected"] = json!(rejected);
        }
        self.accepted().append(&line.to_string())
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

/// A batch that a server took, and how many of its events it did not keep; it need not say which.
struct Took<'b> {
    batch: &'b str,
    events: &'b [Map<String, Value>],
    rejected: u64,
}

/// What goes out next.
#[derive(Debug, Default)]
pub struct NextBatch {
    /// The very bytes; nothing if no event passed its schema.
    pub parcel: Option<ktel_delivery::Parcel>,
    /// Its events.
    pub events: Vec<Map<String, Value>>,
    ids: Vec<spool::Id>,
    rejected: Vec<spool::Id>,
    /// Why the first of them cannot leave.
    because: Option<String>,
    through: spool::Id,
}

fn read_event(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let limit = limits::EVENT_BYTES_MAX as u64 + 1;
    io::Read::read_to_end(&mut io::Read::take(fs::File::open(path)?, limit), &mut text)?;
    Ok(text)
}
