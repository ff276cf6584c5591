//! Brings what waits in a spool to its receiver, by the rules of retrying.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::backoff;
use crate::limits;
use crate::parcel::Parcel;
use crate::spool::{Cursor, Drop, Error, Spool, Stored};
use crate::verdict::{Refusal, Trouble, Verdict};

/// One exchange with a receiver. Transports implement it, and tests that put in a bad one.
pub trait Carrier: Send + Sync {
    /// Sends a parcel once and judges the answer; it ends by itself, whatever the receiver does.
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;
}

/// The time of day and the dice, given by who calls.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// Gives the time since the epoch.
    pub now: fn() -> Duration,
    /// Gives a number between 0 and 1.
    pub luck: fn() -> f64,
}

/// What a delivery has come to; `read = accepted + refused` and what waits is still in the spool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Parcels that the receiver has.
    pub accepted: u64,
    /// Items of accepted parcels that the receiver does not want.
    pub rejected_items: u64,
    /// Parcels that the receiver does not want, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// Exchanges that have to be repeated, by reason.
    pub retried: BTreeMap<Trouble, u64>,
    /// Whether everything that waited has been settled.
    pub finished: bool,
}

impl Account {
    fn take(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Accepted | Verdict::AcceptedSlowly => self.accepted += 1,
            Verdict::PartlyAccepted { rejected, .. } => {
                self.accepted += 1;
                self.rejected_items += rejected;
            }
            Verdict::Retry { trouble, .. } => *self.retried.entry(*trouble).or_default() += 1,
            Verdict::Refused { refusal, .. } => *self.refused.entry(*refusal).or_default() += 1,
        }
    }
}

/// Delivers all that waits, oldest first, until the deadline; tells `observe` of every verdict.
///
/// *Guarantees:* a parcel leaves the spool only when it was accepted or refused. It is sent again
/// only after an answer that asks for it, or when no answer was seen: a receiver that took it and
/// could not say so gets it twice, with the same key.
///
/// *Cancel safety:* may be dropped at any time; what was under way counts as unanswered.
///
/// # Errors
/// When the spool fails.
pub async fn deliver(
    spool: &Spool,
    carrier: &dyn Carrier,
    deadline: Instant,
    surroundings: Surroundings,
    mut observe: impl FnMut(&Stored, &Verdict),
) -> Result<Account, Error> {
    let mut account = Account::default();
    let mut cursor = Cursor::default();
    while let Some(stored) = spool.next(&mut cursor, (surroundings.now)())? {
        let mut failures = 0;
        let verdict = loop {
            let exchange = carrier.carry(&stored.parcel);
            let Ok(verdict) = timeout_at(deadline, exchange).await else { return Ok(account) };
            observe(&stored, &verdict);
            account.take(&verdict);
            let Verdict::Retry { after, trouble, .. } = verdict else { break verdict };
            if trouble == Trouble::Untrusted {
                return Ok(account);
            }
            let again = Instant::now() + backoff::pause(failures, after, (surroundings.luck)());
            if again >= deadline {
                return Ok(account);
            }
            sleep_until(again).await;
            failures += 1;
        };
        match verdict {
            Verdict::Refused { .. } => spool.give_up(&[stored.id], Drop::Refused)?,
            _ => spool.acknowledge(&[stored.id])?,
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
