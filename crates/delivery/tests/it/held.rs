//! Parcels that a receiver never takes, among others that it does: they stop no others, and are tried in turn.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use ktel_delivery::courier::Carrier;
use ktel_delivery::limits::{HELD_ONE_BY_ONE_MAX, HELD_PAUSE};
use ktel_delivery::spool::{Cursor, Drops, Spool};
use ktel_delivery::verdict::Hold;
use ktel_delivery::{Parcel, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::courier::{deliver, due, push, spool};

/// Answers 500 or 403 to some parcels, always.
#[derive(Debug, Default)]
struct Picky {
    /// The keys of these begin so; all of them if it is empty.
    bad: Mutex<Option<&'static str>>,
    hold: Option<Hold>,
    /// What was sent since it was last asked.
    got: Mutex<Vec<String>>,
}

impl Picky {
    fn about(bad: &'static str, hold: Hold) -> Self {
        Self { bad: Mutex::new(Some(bad)), hold: Some(hold), got: Mutex::default() }
    }

    fn mend(&self) {
        *self.bad.lock().unwrap() = None;
    }

    fn got(&self) -> Vec<String> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }
}

impl Carrier for Picky {
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        self.got.lock().unwrap().push(parcel.key.clone());
        let is_bad = self.bad.lock().unwrap().is_some_and(|bad| parcel.key.starts_with(bad));
        let hold = self.hold.filter(|_| is_bad);
        let verdict = hold.map_or(Verdict::Accepted, |hold| Verdict::held(hold, "status 500"));
        Box::pin(std::future::ready(verdict))
    }
}

fn waiting(spool: &Spool) -> Vec<String> {
    let (mut cursor, mut waiting) = (Cursor::default(), Vec::new());
    while let Some(stored) = spool.next(&mut cursor, Duration::from_secs(100)).unwrap() {
        waiting.push(stored.parcel.key);
    }
    waiting
}

fn keys(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|number| format!("bad-{number}")).collect()
}

#[tokio::test(start_paused = true)]
async fn no_number_of_parcels_that_are_held_stops_the_others() {
    for hold in [Hold::Unprocessed, Hold::Forbidden] {
        let (spool, receiver) = (spool(), Picky::about("bad", hold));
        let bad = 2 * HELD_ONE_BY_ONE_MAX + 5;
        for key in keys(0..bad) {
            push(&spool, &key);
        }
        push(&spool, "good-0");
        for first in [0, HELD_ONE_BY_ONE_MAX] {
            let account = deliver(&spool, &receiver, 600).await;
            assert_eq!((account.accepted, account.finished), (0, false));
            assert_eq!(receiver.got(), keys(first..first + HELD_ONE_BY_ONE_MAX), "{hold:?}");
        }
        // The receiver works for others, so those that were held first have another try as well.
        let account = deliver(&spool, &receiver, 600).await;
        assert_eq!((account.accepted, account.held.clone().map(|held| held.hold)), (1, Some(hold)));
        let tried = receiver.got();
        assert_eq!(tried[..6], [keys(20..25), vec!["good-0".to_owned()]].concat(), "{hold:?}");
        assert_eq!(tried[6..], keys(0..HELD_ONE_BY_ONE_MAX), "{hold:?}");
        assert_eq!(spool.held().unwrap(), account.held);
        // A new one is tried at once, and the others in their turn.
        push(&spool, "good-1");
        assert_eq!(deliver(&spool, &receiver, 600).await.accepted, 1);
        let expected = [vec!["good-1".to_owned()], keys(10..20)].concat();
        assert_eq!(receiver.got(), expected, "{hold:?}");
        assert_eq!(deliver(&spool, &receiver, 600).await.accepted, 0);
        assert_eq!(receiver.got(), keys((20..bad).chain(0..5)), "{hold:?}");
        assert_eq!(waiting(&spool), keys(0..bad));
        // None of them is lost when somebody mends the receiver.
        receiver.mend();
        let account = deliver(&spool, &receiver, 600).await;
        assert_eq!((account.accepted, account.finished), (bad as u64, true));
        assert_eq!(
            (spool.held().unwrap(), spool.status().unwrap().drops),
            (None, Drops::default())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn while_held_ones_pause_only_those_that_were_never_held_are_tried() {
    let at_first = || Duration::from_secs(1000);
    let late = || Duration::from_secs(1000) + HELD_PAUSE;
    let (spool, receiver) = (spool(), Picky::about("bad", Hold::Unprocessed));
    for key in keys(0..HELD_ONE_BY_ONE_MAX + 2) {
        push(&spool, &key);
    }
    push(&spool, "good");
    due(&spool, &receiver, at_first).await;
    assert_eq!(receiver.got(), keys(0..HELD_ONE_BY_ONE_MAX));
    assert_eq!(due(&spool, &receiver, at_first).await.accepted, 1);
    assert_eq!(receiver.got(), [keys(10..12), vec!["good".to_owned()]].concat());
    let account = due(&spool, &receiver, at_first).await;
    assert!(account.held.is_some() && !account.finished && receiver.got().is_empty());
    due(&spool, &receiver, late).await;
    assert_eq!(receiver.got(), keys(0..HELD_ONE_BY_ONE_MAX));
}

#[tokio::test(start_paused = true)]
async fn a_hold_of_the_whole_receiver_costs_one_exchange_behind_any_others() {
    let (spool, receiver) = (spool(), Picky::about("bad", Hold::Unprocessed));
    let ids: Vec<u64> = keys(0..3).iter().map(|key| push(&spool, key)).collect();
    let through = deliver(&spool, &receiver, 600).await.held.map(|held| held.through);
    assert_eq!(through, ids.last().copied());
    assert_eq!(receiver.got(), keys(0..3));
    push(&spool, "good");
    let unauthorized = Picky::about("", Hold::Unauthorized);
    for _ in 0..3 {
        let account = deliver(&spool, &unauthorized, 600).await;
        assert_eq!(account.held.map(|held| held.hold), Some(Hold::Unauthorized));
        assert_eq!(unauthorized.got().len(), 1);
    }
    assert_eq!(deliver(&spool, &receiver, 600).await.accepted, 1);
    assert_eq!(waiting(&spool), keys(0..3));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    /// Whatever was pushed between which deliveries: what the receiver takes arrives, no delivery costs more
    /// than ten exchanges for each one that is taken and ten more, and the others are tried in turn and kept.
    #[test]
    fn what_the_receiver_takes_arrives_whatever_it_does_not_take(
        rounds in vec(vec(any::<bool>(), 0..30), 1..8)
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (spool, receiver) = (spool(), Picky::about("bad", Hold::Unprocessed));
            let (mut good, mut bad, mut taken) = (0, 0, 0);
            let mut run = async |pushed: usize| {
                let account = deliver(&spool, &receiver, 600).await;
                let got = receiver.got();
                let accepted = usize::try_from(account.accepted).unwrap();
                let most = HELD_ONE_BY_ONE_MAX * (accepted + 1);
                assert!(got.len() - accepted <= most, "{got:?}");
                let once: BTreeSet<_> = got.iter().collect();
                assert_eq!(once.len(), got.len(), "none is tried twice: {got:?}");
                assert_eq!(spool.held().unwrap(), account.held);
                assert_eq!(account.finished, spool.status().unwrap().parcels == 0);
                taken += accepted;
                assert!(taken <= pushed);
                (taken, got)
            };
            for round in rounds {
                for is_good in round {
                    let number = if is_good { &mut good } else { &mut bad };
                    *number += 1;
                    push(&spool, &format!("{}-{number}", if is_good { "good" } else { "bad" }));
                }
                run(good).await;
            }
            for _ in 0..bad.div_ceil(HELD_ONE_BY_ONE_MAX) {
                run(good).await;
            }
            let mut tried = BTreeSet::new();
            for _ in 0..bad.div_ceil(HELD_ONE_BY_ONE_MAX) {
                let (taken, got) = run(good).await;
                assert_eq!(taken, good);
                tried.extend(got);
            }
            assert_eq!(tried.len(), bad, "each has its turn");
            assert_eq!(waiting(&spool).len(), bad);
        });
    }
}
