//! Delivers the parcels of a spool to their receiver, with retries.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::HELD_ONE_BY_ONE_MAX;
use crate::spool::{Cursor, Drop, Error, Held, Id, Spool, Stored};
use crate::verdict::{Rejection, Trouble, Verdict};

mod carrier;
mod exchange;

pub use carrier::{Carrier, Clock, Join};
pub use exchange::{Exchanges, Pace};

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
    /// Why parcels wait until somebody corrects something. It ended the delivery, or only these wait.
    pub held: Option<Held>,
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
            Verdict::Held { .. } => {}
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
/// once more by itself, so that one bad parcel does not affect the others. The first parcel that is held
/// ends the delivery, since the others are for the same receiver; the spool remembers why. A parcel
/// that is forbidden, or that the receiver could not process, stays in the spool, and the others are sent:
/// another product's token, or a filter before the receiver, may forbid one and not the next
/// ([`Hold::may_concern_one_parcel`](crate::verdict::Hold::may_concern_one_parcel)).
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
    observe: impl FnMut(&Stored, &Verdict),
) -> Result<Account, Error> {
    deliver_at(Pace::default(), spool, carrier, deadline, clock, observe).await
}

/// Delivers as [`deliver`] does, but leaves what is held alone until
/// [`HELD_PAUSE`](crate::limits::HELD_PAUSE) is over, unless the configuration has changed.
///
/// A hold that concerns every parcel for this receiver ends the delivery without an exchange.
///
/// # Errors
/// When the spool fails.
pub async fn deliver_due(
    spool: &Spool,
    carrier: &dyn Carrier,
    deadline: Instant,
    clock: Clock,
    observe: impl FnMut(&Stored, &Verdict),
) -> Result<Account, Error> {
    let held = spool.held()?;
    match held.filter(|held| held.pauses(carrier.configuration(), (clock.now)())) {
        None => deliver(spool, carrier, deadline, clock, observe).await,
        Some(held) if !held.hold.may_concern_one_parcel() => {
            Ok(Account { held: Some(held), ..Account::default() })
        }
        held => {
            let exchanges = Exchanges::new(carrier, deadline, clock, Pace::default());
            run(held, spool, carrier, exchanges, clock, observe).await
        }
    }
}

/// Delivers as [`deliver`] does, at a pace of the caller's.
///
/// # Errors
/// When the spool fails.
pub async fn deliver_at(
    pace: Pace,
    spool: &Spool,
    carrier: &dyn Carrier,
    deadline: Instant,
    clock: Clock,
    observe: impl FnMut(&Stored, &Verdict),
) -> Result<Account, Error> {
    let exchanges = Exchanges::new(carrier, deadline, clock, pace);
    run(None, spool, carrier, exchanges, clock, observe).await
}

/// Delivers what waits behind those that are `held`.
async fn run(
    held: Option<Held>,
    spool: &Spool,
    carrier: &dyn Carrier,
    mut exchanges: Exchanges<'_>,
    clock: Clock,
    mut observe: impl FnMut(&Stored, &Verdict),
) -> Result<Account, Error> {
    let begin = || Reader::after(held.as_ref().map(|held| held.through));
    let mut account = Account { held: held.clone(), ..Account::default() };
    let mut reader = begin();
    let mut joiner = carrier.joiner();
    let (mut may_be_held, mut held_alone) = (held.is_none(), 0);
    loop {
        let batch = reader.next(spool, joiner, (clock.now)())?;
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { break };
        let is_joined = batch.len() > 1;
        let parcel = match joiner.filter(|_| is_joined) {
            Some(joiner) => Cow::Owned(joiner.join(&batch)),
            None => Cow::Borrowed(&first.parcel),
        };
        let observe = |verdict: &Verdict| {
            // A judgement of several parcels is not one of each.
            if !(is_joined && judges_content(verdict)) {
                batch.iter().for_each(|stored| observe(stored, verdict));
                account.take(verdict, batch.len() as u64);
            }
        };
        let Some(verdict) = exchanges.send(&parcel, observe).await else { return Ok(account) };
        let ids: Vec<Id> = batch.iter().map(|stored| stored.id).collect();
        match verdict {
            verdict if is_joined && judges_content(&verdict) => {
                // The receiver cannot read them together, or one of them is bad: send each by itself from now on.
                (reader, joiner) = (begin(), None);
                continue;
            }
            Verdict::Held { hold, message } => {
                let held = Held::new(hold, &message, (clock.now)(), last.id)
                    .under(carrier.configuration());
                spool.hold(&held)?;
                account.held = Some(held);
                may_be_held = false;
                held_alone += 1;
                if hold.may_concern_one_parcel() && held_alone < HELD_ONE_BY_ONE_MAX {
                    continue;
                }
                return Ok(account);
            }
            Verdict::Rejected { .. } => spool.drop_parcels(&ids, Drop::Rejected)?,
            _ => spool.acknowledge(&ids)?,
        };
        if std::mem::take(&mut may_be_held) {
            spool.release()?;
        }
    }
    account.finished = account.held.is_none();
    Ok(account)
}

/// Says whether a verdict may be due to what was sent, rather than to who sent it where. A receiver that
/// cannot process parcels together may process each.
fn judges_content(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Rejected { .. } => true,
        Verdict::Held { hold, .. } => hold.may_concern_one_parcel(),
        _ => false,
    }
}

/// Reads one parcel ahead: a parcel that does not fit into one exchange begins the next.
#[derive(Default)]
struct Reader {
    cursor: Cursor,
    ahead: Option<Stored>,
}

impl Reader {
    fn after(parcel: Option<Id>) -> Self {
        Self { cursor: parcel.map_or_else(Cursor::default, Cursor::after), ahead: None }
    }

    fn next(
        &mut self,
        spool: &Spool,
        joiner: Option<&dyn Join>,
        now: Duration,
    ) -> Result<Vec<Stored>, Error> {
        let first = match self.ahead.take() {
            Some(stored) => Some(stored),
            None => spool.next(&mut self.cursor, now)?,
        };
        let mut batch: Vec<Stored> = first.into_iter().collect();
        let Some(joiner) = joiner.filter(|_| !batch.is_empty()) else { return Ok(batch) };
        while let Some(next) = spool.next(&mut self.cursor, now)? {
            if !joiner.may_join(&batch, &next) {
                self.ahead = Some(next);
                break;
            }
            batch.push(next);
        }
        Ok(batch)
    }
}
