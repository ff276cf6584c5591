//! Makes batches of the events that wait, and uploads them.

use std::fs;
use std::io;
use std::time::Duration;

use jiff::civil::Date;
use ktel_delivery::Verdict;
use ktel_delivery::courier::{Clock, Exchanges, Pace};
use ktel_delivery::private_file;
use ktel_delivery::spool::{self, Drop, Held};
use ktel_destination::{Remote, Sender};
use ktel_model::names::COMMAND_PATH;
use ktel_model::standard::schema::Form;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{BATCH, EVENTS, Error, Uploader};
use crate::event::EventSchema;
use crate::limits;

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

impl Uploader {
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
