//! Any history of push, acknowledge, reopen, torn write, full disk and crash keeps the right ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ktel_delivery::Parcel;
use ktel_delivery::spool::{Bounds, Cursor, Disk, Durability, Full, Held, Settings, Spool};
use ktel_delivery::verdict::Hold;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::faulty::{Fault, Faulty};

#[derive(Debug, Clone)]
enum Step {
    Push(usize),
    /// Several together: all, or none.
    PushAll(usize, usize),
    Acknowledge(usize),
    /// The next write is cut off by a full disk.
    Full(usize),
    /// The next write is cut off by `kill -9`.
    Kill(usize),
    Crash(usize),
    GiveUp(usize),
    /// The parcel is held, and so are those behind it.
    Hold(usize),
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..9000).prop_map(Step::Push),
        3 => (0_usize..12, 0_usize..3000).prop_map(|(count, bytes)| Step::PushAll(count, bytes)),
        6 => any::<usize>().prop_map(Step::Acknowledge),
        1 => (0_usize..200).prop_map(Step::Full),
        1 => (0_usize..200).prop_map(Step::Kill),
        1 => any::<usize>().prop_map(Step::Crash),
        1 => any::<usize>().prop_map(Step::GiveUp),
        2 => any::<usize>().prop_map(Step::Hold),
        1 => Just(Step::Release),
    ]
}

fn parcel(number: usize, bytes: usize) -> Parcel {
    Parcel {
        to: "somewhere".into(),
        key: number.to_string(),
        content_type: String::new(),
        body: vec![u8::try_from(number % 251).unwrap(); bytes].into(),
    }
}

fn bounds() -> Bounds {
    Bounds { bytes: 64 * 1024, parcels: 40, age: Duration::from_secs(3600) }
}

/// Reads all that waits, by its key.
fn waiting(spool: &Spool) -> BTreeMap<u64, Parcel> {
    let mut cursor = Cursor::default();
    let mut all = BTreeMap::new();
    while let Some(stored) = spool.next(&mut cursor, Duration::from_secs(100)).unwrap() {
        assert!(all.insert(stored.id, stored.parcel).is_none(), "twice: {}", stored.id);
    }
    all
}

/// Gives those that are kept, each with its number: all, or none.
fn push_all(spool: &Spool, parcels: &[Parcel]) -> Vec<(u64, Parcel)> {
    let Ok(ids) = spool.push_all(parcels, Duration::from_secs(100)) else { return Vec::new() };
    assert_eq!(ids.clone().count(), parcels.len());
    ids.zip(parcels.iter().cloned()).collect()
}

fn crash(disk: &Faulty, seed: usize) {
    let mut random = seed;
    disk.crash(|below| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % below
    });
}

/// What the file of the hold should say.
#[derive(Default)]
struct HoldModel {
    now: Option<Held>,
    /// It is not synced: after a crash it may be any that ever was, or none.
    is_sure: bool,
    ever: Vec<Held>,
}

impl HoldModel {
    fn hold(&mut self, spool: &Spool, through: u64) {
        let held = Held::new(Hold::NotFound, "status 404", Duration::from_secs(100), through);
        if spool.hold(&held).is_ok() {
            self.ever.push(held.clone());
            (self.now, self.is_sure) = (Some(held), true);
        }
    }

    fn release(&mut self, spool: &Spool) {
        if spool.release().is_ok() {
            (self.now, self.is_sure) = (None, true);
        }
    }

    fn check(&self, found: Option<&Held>, expected: &BTreeMap<u64, Parcel>, spool: &Spool) {
        let Self { now, is_sure, ever } = self;
        let is_known = match is_sure {
            true => found == now.as_ref(),
            false => found.is_some_and(|one| ever.contains(one)),
        };
        assert!(found.is_none() || is_known, "made up: {found:?} instead of {now:?}");
        // A push that failed may have left its parcel whole, and then that one is held.
        let is_held = |held: &Held| expected.keys().any(|id| *id <= held.through);
        let is_due = *is_sure && now.as_ref().is_some_and(is_held);
        assert!(found.is_some() || !is_due, "forgotten: {now:?}");
        let nothing_waits = spool.status().is_ok_and(|status| status.parcels == 0);
        assert!(found.is_none() || !nothing_waits, "nothing is held: {found:?}");
    }
}

/// Takes a parcel out of the spool, and out of the model.
fn settle(
    spool: &Spool,
    disk: &Faulty,
    id: u64,
    is_delivered: bool,
    expected: &mut BTreeMap<u64, Parcel>,
) {
    let settled = if is_delivered {
        spool.acknowledge(&[id])
    } else {
        spool.drop_parcels(&[id], ktel_delivery::spool::Drop::Rejected)
    };
    match settled {
        Ok(settled) => {
            assert_eq!(settled, 1);
            expected.remove(&id);
        }
        // What was not written may or may not count.
        Err(_) => {
            disk.reopen();
            if !waiting(spool).contains_key(&id) {
                expected.remove(&id);
            }
        }
    }
}

fn run(steps: &[Step], durability: Durability) {
    let disk = Faulty::default();
    let settings = Settings { bounds: bounds(), full: Full::RejectNew, durability };
    let spool = Spool::on(Arc::new(disk.clone()) as Arc<dyn Disk>, settings);
    let mut expected: BTreeMap<u64, Parcel> = BTreeMap::new();
    let mut ever = BTreeSet::new();
    let mut bytes_max = bounds().bytes;
    let mut hold = HoldModel::default();
    for (number, step) in steps.iter().enumerate() {
        match *step {
            Step::Push(bytes) => {
                let parcel = parcel(number, bytes);
                ever.insert(parcel.key.clone());
                if let Ok(id) = spool.push(&parcel, Duration::from_secs(100)) {
                    assert!(expected.insert(id, parcel).is_none(), "the id {id} is used twice");
                }
            }
            Step::PushAll(count, bytes) => {
                ever.insert(number.to_string());
                for (id, parcel) in push_all(&spool, &vec![parcel(number, bytes); count]) {
                    assert!(expected.insert(id, parcel).is_none(), "the id {id} is used twice");
                }
            }
            Step::Acknowledge(which) | Step::GiveUp(which) if expected.is_empty() => {
                let nobody = (1 << 40) + u64::try_from(which % 7).unwrap();
                assert!(matches!(spool.acknowledge(&[nobody]), Ok(0) | Err(_)));
            }
            Step::Acknowledge(which) | Step::GiveUp(which) => {
                let id = *expected.keys().nth(which % expected.len()).unwrap();
                settle(&spool, &disk, id, matches!(step, Step::Acknowledge(_)), &mut expected);
            }
            Step::Hold(which) => {
                let through = expected.keys().nth(which % expected.len().max(1));
                hold.hold(&spool, through.copied().unwrap_or(7));
            }
            Step::Release => hold.release(&spool),
            Step::Full(after) => disk.fail_next_write(Fault::FullAfter(after)),
            Step::Kill(after) => disk.fail_next_write(Fault::KilledAfter(after)),
            Step::Crash(seed) => {
                crash(&disk, seed);
                let after = waiting(&spool);
                if durability == Durability::Synced {
                    for (id, parcel) in &expected {
                        assert_eq!(after.get(id), Some(parcel), "lost {id}");
                    }
                }
                assert!(after.values().all(|parcel| ever.contains(&parcel.key)));
                // An acknowledgement that was not on the medium may be forgotten, and a segment
                // whose removal was not may be back; from there only acknowledgements are added.
                expected = after;
                hold.is_sure = false;
                let acks = 8 * expected.len() as u64;
                bytes_max = bytes_max.max(disk.bytes() + acks);
            }
        }
        if let Ok(found) = spool.held() {
            hold.check(found.as_ref(), &expected, &spool);
        }
        assert!(disk.bytes() <= bytes_max, "{} bytes, {:?}", disk.bytes(), disk.files());
    }
    disk.reopen();
    // A push that failed may have left its parcel whole; it was ours all the same.
    let mut left = waiting(&spool);
    left.retain(|id, _| expected.contains_key(id));
    assert_eq!(left, expected);
    assert_eq!(spool.status().unwrap().parcels, waiting(&spool).len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_synced_spool_keeps_exactly_what_was_not_acknowledged(steps in vec(step(), 1..120)) {
        run(&steps, Durability::Synced);
    }

    #[test]
    fn a_written_spool_loses_at_the_most_what_a_crash_of_the_machine_takes(
        steps in vec(step(), 1..120)
    ) {
        run(&steps, Durability::Written);
    }

    #[test]
    fn whatever_lies_in_the_files_a_spool_neither_panics_nor_grows(
        damage in vec((0_usize..2, any::<usize>()), 1..6), pushes in 1_usize..60, _ in Just(())
    ) {
        let disk = Faulty::default();
        let settings = Settings { bounds: bounds(), full: Full::DropOldest, durability: Durability::Written };
        let spool = Spool::on(Arc::new(disk.clone()) as Arc<dyn Disk>, settings);
        for number in 0..pushes {
            spool.push(&parcel(number, 2000), Duration::from_secs(100)).unwrap();
        }
        let before = waiting(&spool);
        spool.acknowledge(&[*before.keys().next().unwrap()]).unwrap();
        for (file, byte) in damage {
            let held = disk.files().unwrap();
            let ending = [".log", ".acks"][file];
            if held.iter().any(|(name, bytes)| name.ends_with(ending) && *bytes > 0) {
                let name = held.iter().find(|(name, bytes)| name.ends_with(ending) && *bytes > 0);
                disk.damage(&name.unwrap().0, byte);
            }
        }
        for (id, parcel) in waiting(&spool) {
            assert_eq!(before.get(&id), Some(&parcel), "made up");
        }
        for number in 0..100 {
            spool.push(&parcel(number, 2000), Duration::from_secs(100)).unwrap();
            assert!(disk.bytes() <= bounds().bytes);
        }
        assert!(waiting(&spool).len() >= 20);
    }

    #[test]
    fn whatever_somebody_wrote_there_a_spool_can_be_used(
        log in vec(any::<u8>(), 0..3000), acks in vec(any::<u8>(), 0..200),
        later in vec(any::<u8>(), 0..300), splice in 0_usize..3
    ) {
        let disk = Faulty::default();
        let settings = Settings { bounds: bounds(), full: Full::DropOldest, durability: Durability::Synced };
        let spool = Spool::on(Arc::new(disk.clone()) as Arc<dyn Disk>, settings);
        for number in 0..splice {
            spool.push(&parcel(number, 50), Duration::from_secs(100)).unwrap();
        }
        for (name, bytes) in [
            ("0000000000000000.log", &log), ("0000000000000000.acks", &acks),
            ("00000000000000ff.log", &later), ("drops", &acks), ("zz.log", &log),
        ] {
            disk.append(name, bytes, Durability::Synced).unwrap();
        }
        // Of what was pushed before, all that was not acknowledged by chance is still there.
        let found = waiting(&spool);
        assert!(found.len() <= splice);
        let id = spool.push(&parcel(7, 50), Duration::from_secs(100)).unwrap();
        assert_eq!(waiting(&spool).get(&id), Some(&parcel(7, 50)));
        assert_eq!(spool.acknowledge(&[id]).unwrap(), 1);
        spool.status().unwrap();
        spool.clear().unwrap();
        assert!(waiting(&spool).is_empty());
    }
}
