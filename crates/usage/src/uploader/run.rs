//! An upload under way: what each answer does to the events that wait.

use std::io;
use std::time::Duration;

use ktel_delivery::courier::Clock;
use ktel_delivery::spool::{Drop, Held, Spool};
use ktel_delivery::verdict::Hold;
use ktel_destination::Remote;
use serde_json::{Map, Value, json};

use super::batch::NextBatch;
use super::parts::Parts;
use super::{Error, Uploader};

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
    pub(super) fn note(&mut self, why: impl FnOnce() -> String) {
        self.because.get_or_insert_with(why);
    }
}

/// An upload under way.
pub(super) struct Run<'u> {
    uploader: &'u Uploader,
    remote: &'u Remote,
    clock: Clock,
    pub(super) spool: Spool,
    pub(super) parts: Parts,
    pub(super) uploaded: Uploaded,
}

impl<'u> Run<'u> {
    pub(super) fn of(uploader: &'u Uploader, remote: &'u Remote, clock: Clock) -> Self {
        let (spool, parts, uploaded) = (uploader.spool(), Parts::default(), Uploaded::default());
        Self { uploader, remote, clock, spool, parts, uploaded }
    }

    /// Drops the events that do not pass their schema.
    pub(super) fn omit(&mut self, batch: &mut NextBatch) -> Result<(), Error> {
        self.uploaded.rejected += self.spool.drop_parcels(&batch.rejected, Drop::Rejected)?;
        let because = batch.because.take();
        self.uploaded.because = self.uploaded.because.take().or(because);
        Ok(())
    }

    /// Keeps the events of a batch, and says whether others are tried.
    pub(super) fn hold(
        &mut self,
        key: &str,
        batch: &NextBatch,
        (hold, message): (Hold, &str),
    ) -> Result<bool, Error> {
        let goes_on = hold.may_concern_one_parcel()
            && self.parts.hold(key, &batch.ids, &mut ktel_destination::random_id);
        self.uploader.remember(&self.parts)?;
        let last = batch.ids.last().copied().unwrap_or_default();
        let through = self.parts.held_through().map_or(last, |held| held.max(last));
        let held = Held::new(hold, message, (self.clock.now)(), through);
        self.spool.hold(&held)?;
        self.uploaded.held = Some(held);
        Ok(goes_on)
    }

    /// Drops an event that the server rejected. Of several it need not say which one is bad: they go out again in halves. Says
    /// whether others are tried.
    pub(super) fn reject(
        &mut self,
        key: &str,
        batch: &NextBatch,
        message: String,
    ) -> Result<bool, Error> {
        self.uploaded.note(|| message);
        if let [only] = batch.ids[..] {
            self.uploaded.rejected += self.spool.drop_parcels(&[only], Drop::Rejected)?;
        }
        let goes_on = self.parts.reject(key, &batch.ids, &mut ktel_destination::random_id);
        self.remember()?;
        Ok(goes_on)
    }

    /// The server has the events of a batch, but for some that it rejected.
    pub(super) fn accept(
        &mut self,
        key: &str,
        batch: &NextBatch,
        rejected: u64,
    ) -> Result<(), Error> {
        let gone = self.spool.acknowledge(&batch.ids)?;
        self.uploaded.rejected += rejected.min(gone);
        self.uploaded.accepted += gone.saturating_sub(rejected);
        let took = Took { batch: key, events: &batch.events, rejected };
        let logged = self.uploader.log(self.remote, &took, (self.clock.now)());
        logged.map_err(state("write the log"))?;
        self.parts.accept(key);
        self.remember()
    }

    /// Remembers the batches that are left, and that none is held if so.
    fn remember(&mut self) -> Result<(), Error> {
        self.uploader.remember(&self.parts)?;
        if self.parts.held_through().is_none() {
            self.spool.release()?;
            self.uploaded.held = None;
        }
        Ok(())
    }

    pub(super) fn end(self) -> Result<Uploaded, Error> {
        let Self { spool, parts, mut uploaded, .. } = self;
        if parts.held_through().is_some() {
            // Also what was held before, and not tried in this upload.
            uploaded.held = uploaded.held.or(spool.held()?);
        }
        uploaded.waiting = spool.status()?.parcels;
        Ok(uploaded)
    }
}

impl Uploader {
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
}

pub(super) fn state(doing: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::State { doing, source }
}

/// A batch that a server took, and how many of its events it did not keep; it need not say which.
struct Took<'b> {
    batch: &'b str,
    events: &'b [Map<String, Value>],
    rejected: u64,
}
