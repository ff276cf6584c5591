//! A courier between a spool and a receiver that misbehaves, with the clock under our hand.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktel_delivery::courier::{self, Account, Carrier, Clock, Join};
use ktel_delivery::limits::{HELD_ONE_BY_ONE_MAX, HELD_PAUSE};
use ktel_delivery::spool::{
    Bounds, Cursor, Disk, Drop, Drops, Durability, Full, Held, Settings, Spool, Stored,
};
use ktel_delivery::verdict::{Hold, Rejection, Trouble};
use ktel_delivery::{Parcel, Verdict};
use tokio::time::{Instant, sleep, timeout};

use crate::faulty::Faulty;

pub(crate) fn clock() -> Clock {
    static DICE: AtomicU64 = AtomicU64::new(1);
    Clock {
        now: || Duration::from_secs(100),
        jitter: || (DICE.fetch_add(7919, Ordering::Relaxed) % 1000) as f64 / 1000.0,
    }
}

pub(crate) fn spool() -> Spool {
    let bounds = Bounds { bytes: 8 << 20, parcels: 10_000, age: Duration::from_secs(86_400) };
    let settings = Settings { bounds, full: Full::RejectNew, durability: Durability::Written };
    Spool::on(Arc::new(Faulty::default()) as Arc<dyn Disk>, settings)
}

pub(crate) fn push(spool: &Spool, key: &str) -> u64 {
    let (to, content_type) = ("there".into(), String::new());
    let parcel = Parcel { to, key: key.into(), content_type, body: key.to_owned().into() };
    spool.push(&parcel, Duration::from_secs(100)).unwrap()
}

/// What the receiver does with one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Take,
    /// Takes it, and the answer is lost.
    TakeAndLose,
    TakeSlowly,
    Throttle(u64),
    Fail,
    Stall,
    Hold,
    Forbid,
    Break,
    Reject,
}

/// Takes lines, up to so many at once.
struct Lines {
    most: usize,
    /// What it takes no two of.
    alone: Option<Verdict>,
    got: Mutex<Vec<(String, String)>>,
}

impl Carrier for Lines {
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        let body = String::from_utf8(parcel.body.to_vec()).unwrap();
        let many = parcel.content_type == "application/x-ndjson";
        assert_eq!(many, body.contains('\n'));
        self.got.lock().unwrap().push((parcel.key.clone(), body));
        let verdict = self.alone.clone().filter(|_| many).unwrap_or(Verdict::Accepted);
        Box::pin(std::future::ready(verdict))
    }

    fn joiner(&self) -> Option<&dyn Join> {
        Some(self)
    }
}

impl Join for Lines {
    fn may_join(&self, batch: &[Stored], next: &Stored) -> bool {
        let bytes = |stored: &Stored| stored.parcel.body.len() + 1;
        batch.len() < self.most && batch.iter().map(bytes).sum::<usize>() + bytes(next) <= BYTES_MAX
    }

    fn join(&self, batch: &[Stored]) -> Parcel {
        let bodies: Vec<&[u8]> = batch.iter().map(|stored| &stored.parcel.body[..]).collect();
        let parcel = batch[0].parcel.clone();
        let key = format!("{}+{}", parcel.key, batch.len());
        let content_type = "application/x-ndjson".to_owned();
        Parcel { key, content_type, body: bodies.join(&b'\n').into(), ..parcel }
    }
}

/// What the receiver takes in one exchange.
const BYTES_MAX: usize = 2 << 20;

/// Delivers ten parcels of so many bytes, and gives what came, and what the courier says.
async fn together(most: usize, bytes: usize, alone: Option<Verdict>) -> (Vec<usize>, Account) {
    let spool = spool();
    for key in 0..10 {
        let (to, content_type) = ("there".into(), "application/json".into());
        let body = format!("{key}{}", "x".repeat(bytes - 1));
        let parcel = Parcel { to, key: key.to_string(), content_type, body: body.into() };
        spool.push(&parcel, Duration::from_secs(100)).unwrap();
    }
    let receiver = Lines { most, alone, got: Mutex::default() };
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut observed = 0;
    let account = courier::deliver(&spool, &receiver, deadline, clock(), |_, _| observed += 1);
    let account = account.await.unwrap();
    assert_eq!(observed, 10, "each is told of once");
    assert!(spool.next(&mut Cursor::default(), Duration::from_secs(100)).unwrap().is_none());
    let got = receiver.got.into_inner().unwrap();
    let counts: Vec<usize> = got.iter().map(|(_, body)| body.split('\n').count()).collect();
    let all: Vec<&str> = got.iter().flat_map(|(_, body)| body.split('\n')).collect();
    let firsts: String = all.iter().rev().take(10).rev().filter_map(|line| line.get(..1)).collect();
    assert_eq!(firsts, "0123456789", "in their order, none lost");
    (counts, account)
}

#[tokio::test(start_paused = true)]
async fn parcels_go_together_as_lines_within_their_bounds() {
    let all = Account { accepted: 10, finished: true, ..Account::default() };
    assert_eq!(together(1, 10, None).await, (vec![1; 10], all.clone()));
    assert_eq!(together(4, 10, None).await, (vec![4, 4, 2], all.clone()));
    assert_eq!(together(500, 10, None).await, (vec![10], all.clone()));
    // Three of these are more than may go at once.
    assert_eq!(together(500, 800_000, None).await, (vec![2; 5], all));
}

#[tokio::test(start_paused = true)]
async fn lines_that_are_rejected_go_once_more_one_by_one() {
    let rejected = Verdict::rejected(Rejection::Malformed, "what is x-ndjson?");
    let (counts, account) = together(5, 10, Some(rejected)).await;
    assert_eq!(counts, [vec![5], vec![1; 10]].concat(), "asked once, and not again");
    assert_eq!(account, Account { accepted: 10, finished: true, ..Account::default() });
}

#[tokio::test(start_paused = true)]
async fn rejected_items_of_a_parcel_are_counted_with_the_first_reason() {
    let partly = |why: &str| Verdict::PartlyAccepted { rejected: 2, message: why.into() };
    let (counts, account) = together(5, 10, Some(partly("too old"))).await;
    assert_eq!(counts, [5, 5], "it is not sent again");
    let (rejected_items, rejected_because) = (4, Some("too old".to_owned()));
    let account_of = Account { accepted: 10, finished: true, ..Account::default() };
    assert_eq!(account, Account { rejected_items, rejected_because, ..account_of });
}

#[derive(Debug, Default)]
struct Receiver {
    script: Mutex<Vec<Act>>,
    seed: u64,
    /// How often each key was taken, and for how many exchanges no answer was seen.
    seen: Mutex<BTreeMap<String, (u32, u32)>>,
    rejected: Mutex<Vec<String>>,
    times: Mutex<Vec<Instant>>,
}

impl Receiver {
    fn scripted(acts: &[Act]) -> Self {
        let script = acts.iter().rev().copied().collect();
        Self { script: Mutex::new(script), ..Self::default() }
    }

    fn act(&self, number: usize) -> Act {
        if self.seed == 0 {
            return self.script.lock().unwrap().pop().unwrap_or(Act::Take);
        }
        let dice = (self.seed ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        match dice % 20 {
            0..=2 => Act::Fail,
            3 => Act::Throttle(dice % 50),
            4 => Act::Stall,
            5 | 6 => Act::TakeAndLose,
            7 => Act::Reject,
            8 => Act::TakeSlowly,
            9 => Act::Hold,
            10 => Act::Forbid,
            11 => Act::Break,
            _ => Act::Take,
        }
    }
}

impl Carrier for Receiver {
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            let number = {
                let mut times = self.times.lock().unwrap();
                times.push(Instant::now());
                times.len()
            };
            let act = self.act(number);
            // Counted as unanswered until it is answered: the courier may be dropped meanwhile.
            self.seen.lock().unwrap().entry(parcel.key.clone()).or_default().1 += 1;
            let take = || self.seen.lock().unwrap().get_mut(&parcel.key).unwrap().0 += 1;
            sleep(Duration::from_millis(20)).await;
            let verdict = match act {
                Act::Take => Verdict::Accepted,
                Act::TakeSlowly => Verdict::AcceptedSlowly,
                Act::TakeAndLose => {
                    take();
                    return Verdict::retry(Trouble::Unreachable, "lost");
                }
                Act::Throttle(seconds) => Verdict::Retry {
                    trouble: Trouble::Throttled,
                    after: Some(Duration::from_secs(seconds)),
                    message: String::new(),
                },
                Act::Fail => Verdict::retry(Trouble::Unavailable, "busy"),
                Act::Stall => {
                    sleep(Duration::from_secs(30)).await;
                    return Verdict::retry(Trouble::Timeout, "stalled");
                }
                Act::Hold => Verdict::held(Hold::Unauthorized, "status 401"),
                Act::Forbid => Verdict::held(Hold::Forbidden, "status 403"),
                Act::Break => Verdict::held(Hold::Unprocessed, "status 500"),
                Act::Reject => {
                    self.rejected.lock().unwrap().push(parcel.key.clone());
                    Verdict::rejected(Rejection::Malformed, "no")
                }
            };
            if verdict.is_accepted() {
                take();
            }
            self.seen.lock().unwrap().get_mut(&parcel.key).unwrap().1 -= 1;
            verdict
        })
    }
}

pub(crate) async fn deliver(spool: &Spool, receiver: &dyn Carrier, within: u64) -> Account {
    let deadline = Instant::now() + Duration::from_secs(within);
    courier::deliver(spool, receiver, deadline, clock(), |_, _| ()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_nothing_taken_twice_but_for_answers_that_were_not_seen() {
    for seed in 1..40_u64 {
        let spool = spool();
        let receiver = Receiver { seed, ..Receiver::default() };
        let mut pushed = 0;
        for round in 0_u64.. {
            for _ in 0..if round < 5 { 20 } else { 0 } {
                push(&spool, &format!("key-{pushed}"));
                pushed += 1;
            }
            // The process is stopped at some moment, and started anew.
            let life = Duration::from_millis((seed * 7919 + round * 104_729) % 60_000);
            if let Ok(account) = timeout(life, deliver(&spool, &receiver, 600)).await {
                assert_eq!(spool.held().unwrap(), account.held, "seed {seed}, round {round}");
                if account.finished && round >= 5 {
                    break;
                }
            }
            assert!(round < 2000, "seed {seed}: it does not end");
        }
        let seen = receiver.seen.lock().unwrap();
        let rejected = receiver.rejected.lock().unwrap();
        for number in 0..pushed {
            let key = format!("key-{number}");
            let (taken, unanswered) = seen[&key];
            assert!(taken > 0 || rejected.contains(&key), "seed {seed}: {key} is lost");
            assert!(taken <= unanswered + 1, "seed {seed}: {key} {taken} times, {unanswered}");
        }
        let status = spool.status().unwrap();
        assert_eq!(status.parcels, 0);
        assert!(status.drops.of(Drop::Rejected) <= rejected.len() as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejection_is_final_counted_and_holds_nobody_up() {
    let spool = spool();
    let receiver = Receiver::scripted(&[Act::Reject, Act::Take]);
    push(&spool, "bad");
    push(&spool, "good");
    let account = deliver(&spool, &receiver, 600).await;
    let rejected = BTreeMap::from([(Rejection::Malformed, 1)]);
    assert_eq!(account, Account { accepted: 1, rejected, finished: true, ..Account::default() });
    assert_eq!(spool.status().unwrap().drops.of(Drop::Rejected), 1);
    assert_eq!(receiver.times.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_hold_ends_the_delivery_after_one_exchange_and_the_next_delivery_tries_again() {
    let spool = spool();
    let receiver = Receiver::scripted(&[Act::Take, Act::Hold, Act::Hold, Act::Fail, Act::Take]);
    let ids = ["sent", "first", "second"].map(|key| push(&spool, key));
    let exchanges = || receiver.times.lock().unwrap().len();
    let held = Held::new(Hold::Unauthorized, "status 401", Duration::from_secs(100), ids[1]);
    let account = deliver(&spool, &receiver, 600).await;
    let expected = Account { accepted: 1, held: Some(held.clone()), ..Account::default() };
    assert_eq!((account, exchanges()), (expected, 2));
    // It is as before, and what has come meanwhile waits behind it.
    push(&spool, "third");
    let account = deliver(&spool, &receiver, 600).await;
    let expected = Account { held: Some(held.clone()), ..Account::default() };
    assert_eq!((account, exchanges()), (expected, 3));
    assert_eq!((spool.held().unwrap(), spool.status().unwrap().parcels), (Some(held), 3));
    let account = deliver(&spool, &receiver, 600).await;
    assert_eq!((account.accepted, account.finished, account.held), (3, true, None));
    assert_eq!(spool.held().unwrap(), None);
    assert_eq!(spool.status().unwrap().drops, Drops::default());
}

/// A receiver that is sent to with other credentials.
struct With<'r> {
    configuration: u32,
    receiver: &'r Receiver,
}

impl Carrier for With<'_> {
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        self.receiver.carry(parcel)
    }

    fn configuration(&self) -> u32 {
        self.configuration
    }
}

/// Delivers what is due at a time.
pub(crate) async fn due(spool: &Spool, carrier: &dyn Carrier, now: fn() -> Duration) -> Account {
    let deadline = Instant::now() + Duration::from_secs(600);
    let clock = Clock { now, ..clock() };
    courier::deliver_due(spool, carrier, deadline, clock, |_, _| ()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_due_after_a_pause_or_with_another_configuration() {
    let at_first = || Duration::from_secs(1000);
    let early = || Duration::from_secs(999) + HELD_PAUSE;
    let late = || Duration::from_secs(1000) + HELD_PAUSE;
    let receiver = Receiver::scripted(&[Act::Hold, Act::Hold, Act::Hold, Act::Take, Act::Take]);
    let exchanges = || receiver.times.lock().unwrap().len();
    let (before, after) = (
        With { configuration: 1, receiver: &receiver },
        With { configuration: 2, receiver: &receiver },
    );
    let spool = spool();
    push(&spool, "first");
    let held = due(&spool, &before, at_first).await.held;
    assert!(held.is_some() && exchanges() == 1);
    // A new one does not correct what holds the others.
    push(&spool, "second");
    let account = due(&spool, &before, early).await;
    assert_eq!((account, exchanges()), (Account { held, ..Account::default() }, 1));
    assert!(due(&spool, &before, late).await.held.is_some());
    assert_eq!(exchanges(), 2, "after the pause");
    assert!(due(&spool, &after, late).await.held.is_some());
    assert_eq!(exchanges(), 3, "under another configuration");
    assert!(deliver(&spool, &after, 600).await.finished, "a person asked");
    assert_eq!(spool.status().unwrap().parcels, 0);
}

#[tokio::test(start_paused = true)]
async fn a_parcel_that_is_forbidden_pauses_alone() {
    let at_first = || Duration::from_secs(1000);
    let late = || Duration::from_secs(1000) + HELD_PAUSE;
    let spool = spool();
    let receiver = Receiver::scripted(&[Act::Break, Act::Take, Act::Take]);
    push(&spool, "bad");
    assert!(due(&spool, &receiver, at_first).await.held.is_some());
    push(&spool, "good");
    let account = due(&spool, &receiver, at_first).await;
    assert_eq!((account.accepted, account.finished), (1, false));
    assert_eq!(spool.held().unwrap(), account.held, "it is still held");
    assert_eq!(receiver.times.lock().unwrap().len(), 2);
    assert!(due(&spool, &receiver, late).await.finished);
    assert_eq!(spool.held().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_failure_does_not_release_a_hold_but_a_rejection_does() {
    let spool = spool();
    let receiver = Receiver::scripted(&[Act::Hold, Act::Throttle(60), Act::Reject, Act::Fail]);
    push(&spool, "bad");
    push(&spool, "good");
    assert!(deliver(&spool, &receiver, 10).await.held.is_some());
    assert_eq!(deliver(&spool, &receiver, 10).await.held, None);
    assert!(spool.held().unwrap().is_some(), "nothing has been judged yet");
    let account = deliver(&spool, &receiver, 10).await;
    assert_eq!((account.rejected.len(), account.accepted), (1, 1));
    assert_eq!(spool.held().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn parcels_that_are_held_together_are_not_sent_one_by_one() {
    let spool = spool();
    let ids = ["a", "b", "c"].map(|key| push(&spool, key));
    let held = Verdict::held(Hold::Unauthorized, "status 401");
    let receiver = Lines { most: 3, alone: Some(held), got: Mutex::default() };
    let account = deliver(&spool, &receiver, 600).await;
    assert_eq!(account.held.map(|held| held.through), Some(ids[2]));
    assert_eq!(receiver.got.into_inner().unwrap().len(), 1);
    assert_eq!(spool.status().unwrap().parcels, 3);
}

#[tokio::test(start_paused = true)]
async fn a_parcel_that_is_forbidden_waits_alone() {
    waits_alone(Act::Forbid, Hold::Forbidden, "status 403").await;
}

#[tokio::test(start_paused = true)]
async fn a_parcel_that_breaks_the_receiver_is_kept_and_stops_no_other() {
    waits_alone(Act::Break, Hold::Unprocessed, "status 500").await;
}

async fn waits_alone(act: Act, hold: Hold, message: &str) {
    let spool = spool();
    let receiver = Receiver::scripted(&[act, Act::Take, act, Act::Take]);
    let ids = ["a", "b", "c", "d"].map(|key| push(&spool, key));
    let account = deliver(&spool, &receiver, 600).await;
    let held = Held::new(hold, message, Duration::from_secs(100), ids[2]);
    let expected = Account { accepted: 2, held: Some(held.clone()), ..Account::default() };
    assert_eq!(account, expected);
    let waiting = || {
        let (mut cursor, mut waiting) = (Cursor::default(), Vec::new());
        while let Some(stored) = spool.next(&mut cursor, Duration::from_secs(100)).unwrap() {
            waiting.push(stored.parcel.key);
        }
        waiting
    };
    assert_eq!((waiting(), spool.held().unwrap()), (vec!["a".into(), "c".into()], Some(held)));
    // With another token, or a receiver that works, they go.
    let account = deliver(&spool, &receiver, 600).await;
    assert_eq!((account.accepted, account.finished, account.held), (2, true, None));
    assert_eq!(spool.held().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_token_without_rights_costs_a_few_exchanges_and_not_one_for_each_parcel() {
    costs_a_few_exchanges(Act::Forbid).await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_fails_costs_a_few_exchanges_and_not_one_for_each_parcel() {
    costs_a_few_exchanges(Act::Break).await;
}

async fn costs_a_few_exchanges(act: Act) {
    let spool = spool();
    let receiver = Receiver::scripted(&[act; 100]);
    let ids: Vec<u64> = (0..50).map(|key| push(&spool, &key.to_string())).collect();
    let account = deliver(&spool, &receiver, 600).await;
    assert_eq!(receiver.times.lock().unwrap().len(), HELD_ONE_BY_ONE_MAX);
    assert_eq!(account.held.map(|held| held.through), Some(ids[HELD_ONE_BY_ONE_MAX - 1]));
    assert_eq!(spool.status().unwrap().parcels, 50);
}

#[tokio::test(start_paused = true)]
async fn lines_that_are_forbidden_go_once_more_one_by_one() {
    for hold in [Hold::Forbidden, Hold::Unprocessed] {
        let (counts, account) = together(5, 10, Some(Verdict::held(hold, "alone"))).await;
        assert_eq!(counts, [vec![5], vec![1; 10]].concat(), "{hold:?}");
        assert_eq!(account, Account { accepted: 10, finished: true, ..Account::default() });
    }
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_over_when_its_parcel_has_left_in_another_way() {
    let spool = spool();
    let receiver = Receiver::scripted(&[Act::Hold]);
    let ids = ["first", "second"].map(|key| push(&spool, key));
    assert!(deliver(&spool, &receiver, 600).await.held.is_some());
    assert_eq!(spool.held().unwrap().map(|held| held.through), Some(ids[0]));
    spool.drop_parcels(&ids[..1], Drop::Cleared).unwrap();
    assert_eq!(spool.held().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn the_pause_that_the_receiver_names_is_kept() {
    let spool = spool();
    let receiver = Receiver::scripted(&[Act::Throttle(40), Act::TakeSlowly, Act::Take]);
    push(&spool, "one");
    push(&spool, "two");
    assert!(deliver(&spool, &receiver, 600).await.finished);
    let times = receiver.times.lock().unwrap();
    let waits: Vec<u64> = times.windows(2).map(|two| (two[1] - two[0]).as_secs()).collect();
    assert_eq!(waits, [40, 1], "throttled, then slowed down");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_it_and_what_waits_stays() {
    for act in [Act::Stall, Act::Fail, Act::Throttle(3000)] {
        let spool = spool();
        let receiver = Receiver::scripted(&[act; 1000]);
        push(&spool, "one");
        let start = Instant::now();
        let account = deliver(&spool, &receiver, 10).await;
        assert!(!account.finished && start.elapsed() <= Duration::from_secs(10), "{act:?}");
        assert_eq!(spool.status().unwrap().parcels, 1, "{act:?}");
    }
}
