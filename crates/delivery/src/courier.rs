//! Delivers the parcels of a spool to their receiver, with retries.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::backoff;
use crate::limits;
use crate::parcel::Parcel;
use crate::spool::{Cursor, Drop, Error, Id, Spool, Stored};
use crate::verdict::{Rejection, Trouble, Verdict};

/// One exchange with a receiver. Transports implement it, and so do tests of bad ones.
pub trait Carrier: Send + Sync {
    /// Sends a parcel once and judges the answer. It ends within a time limit of its own.
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

    /// Gives how many parcels one exchange may carry, each as a line of JSON.
    fn together(&self) -> usize {
        1
    }
}

/// The time of day and the dice, given by who calls.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Gives the time since the epoch.
    pub now: fn() -> Duration,
    /// Gives a number between 0 and 1.
    pub jitter: fn() -> f64,
}

/// The result of a delivery. Parcels that were neither accepted nor rejected still wait in the spool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Parcels that the receiver accepted.
    pub accepted: u64,
    /// Items that the receiver rejected within parcels that it accepted.
    pub rejected_items: u64,
    /// Why the receiver rejected the first of them.
    pub rejected_because: Option<String>,
    /// Parcels that the receiver rejected, by reason.
    pub rejected: BTreeMap<Rejection, u64>,
    /// Exchanges that have to be repeated, by reason.
    pub retried: BTreeMap<Trouble, u64>,
    /// Whether no parcel waits any more.
    pub finished: bool,
}

impl Account {
    fn take(&mut self, verdict: &Verdict, parcels: u64) {
        match verdict {
            Verdict::Accepted | Verdict::AcceptedSlowly => self.accepted += parcels,
            Verdict::PartlyAccepted { rejected, message } => {
                self.accepted += parcels;
                self.rejected_items += rejected;
                self.rejected_because.get_or_insert_with(|| message.clone());
            }
            Verdict::Retry { trouble, .. } => *self.retried.entry(*trouble).or_default() += 1,
            Verdict::Rejected { rejection, .. } => {
                *self.rejected.entry(*rejection).or_default() += 1
            }
        }
    }
}

/// Delivers all waiting parcels, oldest first, until the deadline; calls `observe` with each verdict.
///
/// *Guarantees:* a parcel leaves the spool only when it was accepted or rejected. It is sent again
/// only if the answer asks for it, or if no answer came. A receiver that took it but could not answer
/// gets it twice, with the same key. If parcels that were sent together are rejected, each is sent
/// once more by itself, so that one bad parcel does not affect the others.
///
/// *Cancel safety:* may be dropped at any time; an exchange that was under way counts as unanswered.
///
/// # Errors
/// When the spool fails.
pub async fn deliver(
    spool: &Spool,
    carrier: &dyn Carrier,
    deadline: Instant,
    clock: Clock,
    mut observe: impl FnMut(&Stored, &Verdict),
) -> Result<Account, Error> {
    let mut account = Account::default();
    let mut reader = Reader::default();
    let mut together = carrier.together();
    loop {
        let batch = reader.next(spool, together, (clock.now)())?;
        let Some(first) = batch.first() else { break };
        let joined = (batch.len() > 1).then(|| lines(&batch));
        let parcel = joined.as_ref().unwrap_or(&first.parcel);
        let mut failures = 0;
        let verdict = loop {
            let exchange = carrier.carry(parcel);
            let Ok(verdict) = timeout_at(deadline, exchange).await else { return Ok(account) };
            if batch.len() > 1 && matches!(verdict, Verdict::Rejected { .. }) {
                break verdict;
            }
            batch.iter().for_each(|stored| observe(stored, &verdict));
            account.take(&verdict, batch.len() as u64);
            let Verdict::Retry { after, trouble, .. } = verdict else { break verdict };
            if trouble == Trouble::Untrusted {
                return Ok(account);
            }
            let again = Instant::now() + backoff::pause(failures, after, (clock.jitter)());
            if again >= deadline {
                return Ok(account);
            }
            sleep_until(again).await;
            failures += 1;
        };
        let ids: Vec<Id> = batch.iter().map(|stored| stored.id).collect();
        match verdict {
            Verdict::Rejected { .. } if batch.len() > 1 => {
                // The receiver does not know lines, or one of them is bad: send each by itself from now on.
                together = 1;
                reader = Reader::default();
                continue;
            }
            Verdict::Rejected { .. } => spool.drop_parcels(&ids, Drop::Rejected)?,
            _ => spool.acknowledge(&ids)?,
        };
        if verdict == Verdict::AcceptedSlowly {
            let on = (Instant::now() + limits::SLOW_DOWN).min(deadline);
            sleep_until(on).await;
        }
        if Instant::now() >= deadline {
            return Ok(account);
        }
    }
    account.finished = true;
    Ok(account)
}

/// Reads one parcel ahead: a parcel that does not fit into one exchange begins the next.
#[derive(Default)]
struct Reader {
    cursor: Cursor,
    ahead: Option<Stored>,
}

impl Reader {
    fn next(
        &mut self,
        spool: &Spool,
        together: usize,
        now: Duration,
    ) -> Result<Vec<Stored>, Error> {
        let first = match self.ahead.take() {
            Some(stored) => Some(stored),
            None => spool.next(&mut self.cursor, now)?,
        };
        let mut batch: Vec<Stored> = first.into_iter().collect();
        let mut bytes = batch.iter().map(|stored| stored.parcel.body.len()).sum::<usize>();
        while !batch.is_empty() && batch.len() < together {
            let Some(next) = spool.next(&mut self.cursor, now)? else { break };
            bytes += next.parcel.body.len() + 1;
            let is_line =
                |one: &Stored| one.parcel.content_type == JSON && !one.parcel.body.contains(&b'\n');
            if bytes > limits::JOINED_BYTES_MAX || !is_line(&next) || !batch.iter().all(is_line) {
                self.ahead = Some(next);
                break;
            }
            batch.push(next);
        }
        Ok(batch)
    }
}

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

/// Joins parcels to one. The same parcels get the same key, since they are sent in their order.
fn lines(batch: &[Stored]) -> Parcel {
    let bodies: Vec<&[u8]> = batch.iter().map(|stored| &stored.parcel.body[..]).collect();
    let first = batch.first().map(|stored| stored.parcel.clone());
    let Parcel { to, key, .. } = first.expect("a batch is not empty");
    let key = format!("{key}+{}", batch.len());
    Parcel { to, key, content_type: LINES.to_owned(), body: bodies.join(&b'\n').into() }
}
