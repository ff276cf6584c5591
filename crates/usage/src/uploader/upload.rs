//! Makes batches of the events that wait, and uploads them.

use std::fs;
use std::io;
use std::time::Duration;

use jiff::civil::Date;
use ktel_delivery::Verdict;
use ktel_delivery::courier::{Clock, Exchanges, Pace};
use ktel_delivery::private_file;
use ktel_delivery::spool;
use ktel_destination::{Remote, Sender};
use ktel_model::names::COMMAND_PATH;
use ktel_model::standard::schema::Form;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::batch::NextBatch;
use super::parts::Parts;
use super::run::{Run, Uploaded, state};
use super::{BATCH, EVENTS, Error, Uploader};
use crate::event::EventSchema;
use crate::limits;

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
        self.batch_of(&mut self.parts(), remote, schema, (today, now))
    }

    /// Makes the very bytes of the next of these parts.
    fn batch_of(
        &self,
        parts: &mut Parts,
        remote: &Remote,
        schema: &EventSchema,
        (today, now): (Date, Duration),
    ) -> Result<Option<NextBatch>, Error> {
        let waiting = self.waiting(now)?;
        let ids: Vec<spool::Id> = waiting.iter().map(|stored| stored.id).collect();
        let next = parts.next(&ids, remote.events_at_once(), &mut ktel_destination::random_id);
        let Some(part) = next else { return Ok(None) };
        let mut batch = NextBatch::default();
        for stored in waiting.into_iter().filter(|stored| part.has(stored.id)) {
            // What the schema no longer declares, because it has expired, does not leave.
            match schema.accept(&stored.parcel.body, Form::Exact, today) {
                Ok(fields) => {
                    batch.ids.push(stored.id);
                    batch.events.push(fields);
                }
                Err(error) => {
                    batch.because.get_or_insert_with(|| error.to_string());
                    batch.rejected.push(stored.id);
                }
            }
        }
        if !batch.events.is_empty() {
            // Side by side, equal commands compress best; and their order is nobody's business.
            batch.events.sort_by_cached_key(|event| event.get(COMMAND_PATH).map(Value::to_string));
            let vendor = &schema.schema().vendor;
            batch.parcel = Some(remote.events(vendor, part.key, &batch.events)?);
        }
        Ok(Some(batch))
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
        let lock = self.spool().deliver()?;
        let mut parts = self.parts();
        let batch = self.batch_of(&mut parts, remote, schema, (today, now))?;
        if lock.is_some() && batch.as_ref().is_some_and(|batch| batch.parcel.is_some()) {
            self.remember(&parts)?;
        }
        Ok(batch)
    }

    /// Remembers the keys and the events of batches, which may have arrived from now on.
    pub(super) fn remember(&self, parts: &Parts) -> Result<(), Error> {
        let path = self.state.join(BATCH);
        if parts.all().is_empty() {
            return match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(Error::State { doing: "forget the batch", source: error })
                }
                _ => Ok(()),
            };
        }
        let text = json!(parts.all()).to_string();
        private_file::write(&path, text.as_bytes())
            .map_err(|source| Error::State { doing: "remember the batch", source })
    }

    /// Gives the batches that the last upload has left.
    fn parts(&self) -> Parts {
        // Batches that cannot be read begin anew, with other keys.
        let text = fs::read(self.state.join(BATCH)).unwrap_or_default();
        Parts::of(serde_json::from_slice(&text).unwrap_or_default())
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
        let mut run = Run::of(self, remote, clock);
        if self.state.exists() {
            let (_, rejected, because) = self
                .collect(schema, today, (clock.now)())
                .map_err(state("take events from the drop directory"))?;
            run.uploaded.rejected += rejected;
            run.uploaded.because = because;
        }
        if run.spool.status()?.parcels == 0 {
            return Ok(run.uploaded);
        }
        let _lock = self.lock(deadline).await?;
        let mut exchanges = Exchanges::new(sender, deadline, clock, Pace::default());
        run.parts = self.parts();
        while let Some(mut batch) =
            self.batch_of(&mut run.parts, remote, schema, (today, (clock.now)()))?
        {
            run.omit(&mut batch)?;
            let Some(parcel) = batch.parcel.take() else { continue };
            self.remember(&run.parts)?;
            let mut trouble = None;
            let observe = |verdict: &Verdict| {
                if let Verdict::Retry { message, .. } = verdict {
                    trouble = Some(message.clone());
                }
            };
            match exchanges.send(&parcel, observe).await {
                // The events of this batch go out again as they are.
                None | Some(Verdict::Retry { .. }) => {
                    let why = trouble.unwrap_or_else(|| "no answer in time".to_owned());
                    run.uploaded.note(|| why);
                    break;
                }
                Some(Verdict::Held { hold, message }) => {
                    if !run.hold(&parcel.key, &batch, (hold, &message))? {
                        break;
                    }
                }
                Some(Verdict::Rejected { message, .. }) => {
                    if !run.reject(&parcel.key, &batch, message)? {
                        break;
                    }
                }
                Some(Verdict::Accepted | Verdict::AcceptedSlowly) => {
                    run.accept(&parcel.key, &batch, 0)?;
                }
                Some(Verdict::PartlyAccepted { rejected, message }) => {
                    run.uploaded.note(|| message);
                    run.accept(&parcel.key, &batch, rejected)?;
                }
            }
        }
        run.end()
    }

    /// Waits for another process that uploads these events, until the deadline.
    async fn lock(&self, deadline: Instant) -> Result<spool::Delivering, Error> {
        loop {
            if let Some(lock) = self.spool().deliver()? {
                return Ok(lock);
            }
            // It gives the lock back when it ends; a file lock cannot be waited for in async code.
            let next = Instant::now() + limits::LOCK_POLL_EVERY;
            if next >= deadline {
                return Err(Error::Busy);
            }
            tokio::time::sleep_until(next).await;
        }
    }
}
