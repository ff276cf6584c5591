use std::sync::Arc;

use super::{
    AUDIT_AGES, AUDIT_BUCKET, AUDIT_BUCKETS_MAX, AUDIT_HOUR, Audit, Duration, Found, Millis,
    Reserved, Window,
};
use crate::engine::ledger::Ledger;
use crate::engine::sketch::{Key, Keys, Sketch};
use crate::slice::{Sample, SliceBuilder};

/// The beginning of an hour.
const BEGIN: Millis = Millis(1_800_000_000_000);

fn window(index: i64) -> Window {
    let start = Millis(BEGIN.0 + index * 10_000);
    Window { start, end: start + Duration::from_secs(10) }
}

fn whole() -> Window {
    Window { start: BEGIN, end: BEGIN + AUDIT_BUCKET }
}

fn key(time: Millis) -> Key {
    let mut builder = SliceBuilder::new();
    builder.begin();
    builder.label("__name__", "up");
    builder.sample(Sample { time, value: 1.0 });
    builder.end();
    let slice = builder.finish();
    let series = slice.series().next().unwrap();
    Keys::of(series).at(time)
}

/// So many samples of a window, and one stale marker, which is not counted.
fn found(window: Window, samples: i64) -> Found {
    let mut found = Found::default();
    for index in 0..samples {
        let time = Millis(window.start.0 + index);
        found.add(time, Some(key(time)), true);
    }
    let stale = Millis(window.start.0 + samples);
    found.add(stale, Some(key(stale)), false);
    found
}

fn memory() -> impl Fn() -> Option<Reserved> {
    let (ledger, tenant) = (Ledger::new(1 << 20, 1 << 20), Arc::<str>::from("t"));
    move || ledger.reserve(&tenant, Sketch::BYTES)
}

fn read(audit: &mut Audit, window: Window, samples: i64, now: Millis) {
    audit.read(window, found(window, samples), now, Some(&memory()));
}

/// Reads a piece of 5 minutes, in time.
fn read_piece(audit: &mut Audit, start: Millis, samples: i64) {
    let piece = Window { start, end: start + AUDIT_BUCKET };
    read(audit, piece, samples, piece.end);
}

#[test]
fn each_piece_is_counted_at_each_age_and_what_is_more_came_late() {
    let mut audit = Audit::default();
    let windows = i64::try_from(AUDIT_BUCKET.as_secs()).unwrap() / 10;
    for index in 0..windows {
        assert_eq!(audit.due(whole().end + AUDIT_AGES[0]), None, "it is not whole");
        read(&mut audit, window(index), 7, window(index).end);
        read(&mut audit, window(index), 7, window(index).end);
    }
    let mut known = u64::try_from(windows).unwrap() * 7;
    for (index, age) in AUDIT_AGES.into_iter().enumerate() {
        let now = whole().end + age;
        assert_eq!(audit.due(now - Duration::from_secs(1)), None);
        assert_eq!(audit.due(now), Some(whole()));
        // The store removes duplicates once, and gets a late sample each other time.
        let count = if index == 1 { known - 3 } else { known + 1 };
        let late = audit.counted(whole(), now, count);
        assert_eq!(late, u64::from(index != 1));
        known = count;
    }
    assert_eq!(audit.due(Millis(i64::MAX)), None);
}

#[test]
fn a_window_of_many_pieces_is_counted_by_its_pieces() {
    let mut audit = Audit::default();
    let window = Window { start: BEGIN, end: BEGIN + 3 * AUDIT_BUCKET };
    let mut all = found(Window { start: BEGIN + AUDIT_BUCKET, ..window }, 5);
    all.add(BEGIN, Some(key(BEGIN)), true);
    audit.read(window, all, BEGIN, Some(&memory()));
    let now = window.end + AUDIT_AGES[0];
    for samples in [1, 5, 0] {
        let due = audit.due(now).unwrap();
        assert_eq!(audit.counted(due, now, samples), 0, "{due:?}");
    }
    assert_eq!(audit.due(now), None);
}

#[test]
fn ages_that_passed_before_it_was_read_are_not_counted_and_memory_is_bounded() {
    let mut audit = Audit::default();
    read(&mut audit, whole(), 1, whole().end + AUDIT_AGES[2]);
    assert_eq!(audit.due(whole().end + AUDIT_AGES[2]), None);
    assert_eq!(audit.due(whole().end + AUDIT_AGES[3]), Some(whole()));
    for index in 0..2 * AUDIT_BUCKETS_MAX as i64 {
        let start = Millis(BEGIN.0 + index * i64::try_from(AUDIT_BUCKET.as_millis()).unwrap());
        read_piece(&mut audit, start, 1);
    }
    assert_eq!(audit.pieces.len(), AUDIT_BUCKETS_MAX);
}

#[test]
fn a_piece_whose_beginning_was_not_read_is_not_counted() {
    let mut audit = Audit::default();
    read(&mut audit, window(3), 7, window(3).end);
    assert!(audit.pieces.is_empty());
}

#[test]
fn an_hour_that_was_counted_is_one_piece_with_all_its_samples() {
    let mut audit = Audit::default();
    for index in 0..12 {
        read_piece(&mut audit, BEGIN + index * AUDIT_BUCKET, 3);
    }
    let now = BEGIN + 2 * AUDIT_HOUR;
    for _ in 0..12 {
        let due = audit.due(now).unwrap();
        assert_eq!(audit.counted(due, now, 3), 0);
    }
    let hour = Window { start: BEGIN, end: BEGIN + AUDIT_HOUR };
    let now = hour.end + AUDIT_AGES[3];
    assert_eq!(audit.due(now), Some(hour));
    let (late, repair) = audit.suspect(hour, now, 37, 1);
    assert_eq!(late, 1);
    let delivered = repair.unwrap().delivered.unwrap();
    let mut expected = Sketch::default();
    for index in 0..12 {
        (0..4).for_each(|step| {
            expected.add(key(BEGIN + index * AUDIT_BUCKET + Duration::from_millis(step)))
        });
    }
    assert_eq!(delivered.sketch, expected);
}

#[test]
fn a_repair_ends_when_all_lanes_are_done_and_is_not_begun_twice() {
    let mut audit = Audit::default();
    read(&mut audit, whole(), 5, whole().end);
    let now = whole().end + AUDIT_AGES[0];
    assert_eq!(audit.suspect(whole(), now, 4, 2).0, 0, "fewer are no fault");
    let now = whole().end + AUDIT_AGES[1];
    assert_eq!(audit.due(now), Some(whole()));
    let (late, repair) = audit.suspect(whole(), now, 7, 2);
    assert_eq!((late, repair.is_some()), (3, true));
    assert_eq!(audit.due(whole().end + AUDIT_AGES[2]), None);
    assert_eq!(
        (audit.saved()[0].samples, audit.saved()[0].counted),
        (4, 0),
        "a restart repairs again"
    );
    audit.found(whole(), (8, Sketch::default()), None);
    audit.found(whole(), (9, Sketch::default()), None);
    audit.repaired(whole(), now);
    assert_eq!(audit.saved()[0].samples, 4);
    audit.repaired(whole(), now);
    assert_eq!(
        (audit.saved()[0].samples, audit.saved()[0].counted),
        (8, 2),
        "what the first lane found"
    );
}

#[test]
fn after_a_restart_the_numbers_are_known_and_reading_goes_on() {
    let mut audit = Audit::default();
    read(&mut audit, whole(), 5, whole().end);
    read(&mut audit, window(30), 2, window(30).end);
    let text = serde_json::to_string(&audit.saved()).unwrap();
    assert_eq!(
        text,
        "[[1800000000000,300,1800000300000,5,0],[1800000300000,300,1800000310000,2,0]]"
    );
    let mut audit = Audit::restored(&serde_json::from_str::<Vec<_>>(&text).unwrap());
    let (late, repair) = audit.suspect(whole(), whole().end + AUDIT_AGES[0], 6, 1);
    assert_eq!(late, 1);
    assert!(repair.unwrap().delivered.is_none(), "which ones they were is not known");
    for index in 31..60 {
        read(&mut audit, window(index), 2, window(index).end);
    }
    let second = Window { start: whole().end, end: whole().end + AUDIT_BUCKET };
    assert_eq!(audit.due(second.end + AUDIT_AGES[0]), Some(second));
}

#[test]
fn without_memory_there_are_only_numbers() {
    let mut audit = Audit::default();
    audit.read(whole(), found(whole(), 5), whole().end, Some(&|| None));
    let (_, repair) = audit.suspect(whole(), whole().end, 6, 1);
    assert!(repair.unwrap().delivered.is_none());
}
