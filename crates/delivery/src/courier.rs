//! Delivers the parcels of a spool to their receiver, with retries.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::HELD_ONE_BY_ONE_MAX;
use crate::spool::{Cursor, Drop, Error, Held, Id, Spool, Stored};
use crate::verdict::{Hold, Rejection, Trouble, Verdict};

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

/// Delivers all waiting parcels until the deadline; calls `observe` with each verdict. First come those that were
/// never held, oldest first, and then those that are held, in turn.
///
/// *Guarantees:* a parcel leaves the spool only when it was accepted or rejected. It is sent again
/// only if the answer asks for it, or if no answer came. A receiver that took it but could not answer
/// gets it twice, with the same key. If parcels that were sent together are rejected, each is sent
/// once more by itself, so that one bad parcel does not affect the others. The first parcel that is held
/// ends the delivery, since the others are for the same receiver; the spool remembers why. A parcel
/// that is forbidden, or that the receiver could not process, stays in the spool, and the others are sent:
/// another product's token, or a filter before the receiver, may forbid one and not the next
/// ([`Hold::may_concern_one_parcel`](crate::verdict::Hold::may_concern_one_parcel)). When
/// [`HELD_ONE_BY_ONE_MAX`] of these follow one another, and nothing was accepted or rejected between them, the
/// delivery ends. The next one goes on behind them, so that no number of them stops the others.
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
    let pauses =
        held.as_ref().is_some_and(|held| held.pauses(carrier.configuration(), (clock.now)()));
    if pauses && held.as_ref().is_some_and(|held| !held.hold.may_concern_one_parcel()) {
        return Ok(Account { held, ..Account::default() });
    }
    let exchanges = Exchanges::new(carrier, deadline, clock, Pace::default());
    Run::new(spool, carrier, exchanges, clock, held).deliver(!pauses, observe).await
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
    Run::new(spool, carrier, exchanges, clock, spool.held()?).deliver(true, observe).await
}

/// A delivery under way.
struct Run<'d> {
    spool: &'d Spool,
    carrier: &'d dyn Carrier,
    exchanges: Exchanges<'d>,
    clock: Clock,
    /// Nothing once parcels that were sent together were judged.
    joiner: Option<&'d dyn Join>,
    account: Account,
    /// The parcels that are held one by one.
    held: Option<Held>,
    /// Whether the spool may remember a hold that is over as soon as a parcel is judged.
    may_be_held: bool,
    /// How many parcels were held since one was accepted or rejected.
    held_in_a_row: usize,
}

/// Whether a delivery goes on after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Continue,
    /// The parcels that were sent together have to be sent one by one.
    OneByOne,
    End,
}

impl<'d> Run<'d> {
    fn new(
        spool: &'d Spool,
        carrier: &'d dyn Carrier,
        exchanges: Exchanges<'d>,
        clock: Clock,
        held: Option<Held>,
    ) -> Self {
        // What holds all parcels says nothing about one of them.
        let held = held.filter(|held| held.hold.may_concern_one_parcel());
        let (joiner, may_be_held) = (carrier.joiner(), held.is_none());
        let (account, held_in_a_row) = (Account::default(), 0);
        Self { spool, carrier, exchanges, clock, joiner, account, held, may_be_held, held_in_a_row }
    }

    /// Delivers what was never held, and then, if it is due, what is held.
    async fn deliver(
        mut self,
        tries_held: bool,
        mut observe: impl FnMut(&Stored, &Verdict),
    ) -> Result<Account, Error> {
        let mut is_done = true;
        'delivery: for span in spans(self.held.as_ref(), tries_held) {
            let mut reader = Reader::of(span);
            loop {
                let batch = reader.next(self.spool, self.joiner, (self.clock.now)())?;
                let Some(first) = batch.first() else { break };
                match self.send(&batch, &mut observe).await? {
                    Next::Continue => {}
                    Next::OneByOne => {
                        reader = Reader { cursor: Cursor::at(first.id), ..Reader::of(span) };
                    }
                    Next::End => {
                        is_done = false;
                        break 'delivery;
                    }
                }
            }
        }
        let Self { spool, mut account, held, .. } = self;
        if held.is_some() {
            account.held = spool.held()?;
            if account.held.is_none() {
                spool.release()?;
            }
        }
        account.finished = is_done && account.held.is_none();
        Ok(account)
    }

    async fn send(
        &mut self,
        batch: &[Stored],
        observe: &mut impl FnMut(&Stored, &Verdict),
    ) -> Result<Next, Error> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(Next::End) };
        let is_joined = batch.len() > 1;
        let parcel = match self.joiner.filter(|_| is_joined) {
            Some(joiner) => Cow::Owned(joiner.join(batch)),
            None => Cow::Borrowed(&first.parcel),
        };
        let account = &mut self.account;
        let observe = |verdict: &Verdict| {
            // A judgement of several parcels is not one of each.
            if !(is_joined && judges_content(verdict)) {
                batch.iter().for_each(|stored| observe(stored, verdict));
                account.take(verdict, batch.len() as u64);
            }
        };
        let Some(verdict) = self.exchanges.send(&parcel, observe).await else {
            return Ok(Next::End);
        };
        let ids: Vec<Id> = batch.iter().map(|stored| stored.id).collect();
        match verdict {
            verdict if is_joined && judges_content(&verdict) => {
                // The receiver cannot read them together, or one of them is bad: send each by itself from now on.
                self.joiner = None;
                return Ok(Next::OneByOne);
            }
            Verdict::Held { hold, message } => return self.hold(hold, &message, last.id),
            Verdict::Rejected { .. } => self.spool.drop_parcels(&ids, Drop::Rejected)?,
            _ => self.spool.acknowledge(&ids)?,
        };
        self.held_in_a_row = 0;
        if std::mem::take(&mut self.may_be_held) {
            self.spool.release()?;
        }
        Ok(Next::Continue)
    }

    fn hold(&mut self, hold: Hold, message: &str, through: Id) -> Result<Next, Error> {
        let now_held = Held::new(hold, message, (self.clock.now)(), through)
            .under(self.carrier.configuration());
        let is_of_one = hold.may_concern_one_parcel();
        let held = match self.held.take().filter(|_| is_of_one) {
            Some(before) => now_held.behind(&before),
            None => now_held,
        };
        self.spool.hold(&held)?;
        self.held = Some(held);
        self.may_be_held = false;
        self.held_in_a_row += 1;
        let goes_on = is_of_one && self.held_in_a_row < HELD_ONE_BY_ONE_MAX;
        Ok(if goes_on { Next::Continue } else { Next::End })
    }
}

/// Parcels of a spool: those behind one, up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    after: Option<Id>,
    through: Option<Id>,
}

/// In which order the parcels are tried: those that were never held, those behind the one that was tried last,
/// and those up to it.
fn spans(held: Option<&Held>, tries_held: bool) -> Vec<Span> {
    let Some(Held { through, last, .. }) = held else {
        return vec![Span { after: None, through: None }];
    };
    let never_held = Span { after: Some(*through), through: None };
    let behind = Span { after: Some(*last), through: Some(*through) };
    let before = Span { after: None, through: Some(*last.min(through)) };
    if tries_held { vec![never_held, behind, before] } else { vec![never_held] }
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
struct Reader {
    cursor: Cursor,
    ahead: Option<Stored>,
    through: Option<Id>,
}

impl Reader {
    fn of(Span { after, through }: Span) -> Self {
        let cursor = after.map_or_else(Cursor::default, Cursor::after);
        Self { cursor, ahead: None, through }
    }

    fn next(
        &mut self,
        spool: &Spool,
        joiner: Option<&dyn Join>,
        now: Duration,
    ) -> Result<Vec<Stored>, Error> {
        let mut batch: Vec<Stored> = self.read(spool, now)?.into_iter().collect();
        let Some(joiner) = joiner.filter(|_| !batch.is_empty()) else { return Ok(batch) };
        while let Some(next) = self.read(spool, now)? {
            if !joiner.may_join(&batch, &next) {
                self.ahead = Some(next);
                break;
            }
            batch.push(next);
        }
        Ok(batch)
    }

    fn read(&mut self, spool: &Spool, now: Duration) -> Result<Option<Stored>, Error> {
        let next = match self.ahead.take() {
            Some(stored) => Some(stored),
            None => spool.next(&mut self.cursor, now)?,
        };
        Ok(next.filter(|stored| self.through.is_none_or(|through| stored.id <= through)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Held, Span, spans};
    use crate::verdict::Hold;

    #[test]
    fn what_was_never_held_is_tried_first_and_the_held_ones_in_turn() {
        let span = |after, through| Span { after, through };
        assert_eq!(spans(None, true), [span(None, None)]);
        let held = Held::new(Hold::Unprocessed, "status 500", Duration::ZERO, 9);
        assert_eq!(spans(Some(&held), false), [span(Some(9), None)], "they pause");
        let all = [span(Some(9), None), span(Some(9), Some(9)), span(None, Some(9))];
        assert_eq!(spans(Some(&held), true), all);
        let held = Held { last: 4, ..held };
        let rest = [span(Some(9), None), span(Some(4), Some(9)), span(None, Some(4))];
        assert_eq!(spans(Some(&held), true), rest);
    }
}
