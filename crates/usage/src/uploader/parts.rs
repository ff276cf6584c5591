//! Which events go out together, and which of those that did are tried again, and when. No I/O.
//!
//! A batch is a part of the events that wait. It goes out again with the same key and the same events until the
//! server has judged it. If the server rejects it, cannot process it, or forbids it, one of its events may be the reason:
//!
//! - The other batches go first.
//! - If it was rejected, it is split in halves at once, and these again. An event that is rejected by itself is dropped.
//! - Otherwise it is tried again as it was in the next upload. If that fails too, or if the server takes another batch
//!   meanwhile, it is split in the same way, so that all events arrive but those that are the reason.
//! - Without a sign that the server works, one batch is split in each upload, since more would cost an exchange
//!   each and tell nothing.
//!
//! A half has a key of its own. A server that keeps a batch and says that it could not process it, twice, gets
//! these events once more.

use std::collections::BTreeSet;

use ktel_delivery::limits::HELD_ONE_BY_ONE_MAX;
use ktel_delivery::spool::Id;
use serde::{Deserialize, Serialize};

use crate::limits::PARTS_MAX;

/// Events that went out together, or will.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Tells the server that it has it already.
    pub(super) key: String,
    pub(super) first: Id,
    pub(super) through: Id,
    /// Whether the server did not take it, or the one that it was split from.
    pub(super) held: bool,
}

/// The parts of one upload.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// In the order in which they are tried, if they are held.
    all: Vec<Part>,
    /// The keys of those that were held in this upload.
    tried: BTreeSet<String>,
    /// Whether the server judged a part in this upload.
    works: bool,
    has_split: bool,
    failed_in_a_row: usize,
}

impl Part {
    pub(super) fn has(&self, id: Id) -> bool {
        (self.first..=self.through).contains(&id)
    }

    fn ids(&self, waiting: &[Id]) -> Vec<Id> {
        waiting.iter().copied().filter(|id| self.has(*id)).collect()
    }
}

impl Parts {
    /// Begins an upload with what the last one has left.
    pub(super) fn of(all: Vec<Part>) -> Self {
        Self { all, ..Self::default() }
    }

    pub(super) fn all(&self) -> &[Part] {
        &self.all
    }

    /// Chooses the next part of the events that wait: one without an answer, then new ones, then those that are
    /// held. A part has at most `most` events. `key` makes the key of a new one.
    pub(super) fn next(
        &mut self,
        waiting: &[Id],
        most: usize,
        key: &mut impl FnMut() -> String,
    ) -> Option<Part> {
        // The events of a part may have become too many or too old.
        self.all.retain(|part| waiting.iter().any(|id| part.has(*id)));
        let unanswered = self.all.iter().position(|part| !part.held);
        if unanswered.is_none()
            && let Some(part) = self.new_part(waiting, most, key)
        {
            self.all.push(part.clone());
            return Some(part);
        }
        let untried = |part: &Part| !self.tried.contains(&part.key);
        let at = unanswered.or_else(|| self.all.iter().position(untried));
        let at = match at {
            Some(at) => at,
            None => self.split_one(waiting, key)?,
        };
        let part = self.all.get_mut(at)?;
        // Another address of the server may take fewer at once. The rest is a new part.
        if let Some(through) = part.ids(waiting).get(most.saturating_sub(1)) {
            part.through = *through;
        }
        Some(part.clone())
    }

    /// The first events that are in no part.
    fn new_part(
        &self,
        waiting: &[Id],
        most: usize,
        key: &mut impl FnMut() -> String,
    ) -> Option<Part> {
        let is_free = |id: &Id| !self.all.iter().any(|part| part.has(*id));
        let mut free = waiting.iter().copied().filter(is_free);
        let first = free.next()?;
        let next_part = self.all.iter().map(|part| part.first).filter(|begin| *begin > first).min();
        let is_before = |id: &Id| next_part.is_none_or(|begin| *id < begin);
        let through = free.take_while(is_before).take(most.saturating_sub(1)).last();
        Some(Part { key: key(), first, through: through.unwrap_or(first), held: false })
    }

    /// Splits a part that was held in this upload, since the server works; gives the place of its first half.
    fn split_one(&mut self, waiting: &[Id], key: &mut impl FnMut() -> String) -> Option<usize> {
        if !self.works {
            return None;
        }
        let at = (0..self.all.len()).find(|at| self.all[*at].ids(waiting).len() > 1)?;
        let ids = self.all[at].ids(waiting);
        self.split(at, &ids, key)
    }

    /// Puts the halves of a part behind all others, if it has any.
    fn split(&mut self, at: usize, ids: &[Id], key: &mut impl FnMut() -> String) -> Option<usize> {
        let (first, second) = ids.split_at(ids.len() / 2);
        if first.is_empty() || self.all.len() >= PARTS_MAX {
            return None;
        }
        self.all.remove(at);
        for half in [first, second] {
            let (Some(first), Some(through)) = (half.first(), half.last()) else { continue };
            self.all.push(Part { key: key(), first: *first, through: *through, held: true });
        }
        self.has_split = true;
        Some(self.all.len() - 2)
    }

    /// The server took a part.
    pub(super) fn accept(&mut self, key: &str) {
        self.all.retain(|part| part.key != key);
        self.works = true;
        self.failed_in_a_row = 0;
    }

    /// The server rejected these events of a part. Says whether others are tried: a server that rejects everything gets few
    /// parts in each upload.
    pub(super) fn reject(
        &mut self,
        key: &str,
        ids: &[Id],
        new_key: &mut impl FnMut() -> String,
    ) -> bool {
        self.works = true;
        self.failed_in_a_row += 1;
        if ids.len() <= 1 {
            self.all.retain(|part| part.key != key);
        } else if let Some(at) = self.all.iter().position(|part| part.key == key)
            && self.split(at, ids, new_key).is_none()
        {
            self.put_off(at);
        }
        self.failed_in_a_row < HELD_ONE_BY_ONE_MAX
    }

    /// Leaves a part for the next upload.
    fn put_off(&mut self, at: usize) {
        let part = Part { held: true, ..self.all.remove(at) };
        self.tried.insert(part.key.clone());
        self.all.push(part);
    }

    /// The server could not process these events of a part, or forbade them. Says whether others are tried.
    pub(super) fn hold(
        &mut self,
        key: &str,
        ids: &[Id],
        new_key: &mut impl FnMut() -> String,
    ) -> bool {
        self.failed_in_a_row += 1;
        if let Some(at) = self.all.iter().position(|part| part.key == key) {
            let may_split = self.all[at].held && (self.works || !self.has_split);
            if !may_split || self.split(at, ids, new_key).is_none() {
                self.put_off(at);
            }
        }
        self.failed_in_a_row < HELD_ONE_BY_ONE_MAX
    }

    /// The last event of those that are held, if any are.
    pub(super) fn held_through(&self) -> Option<Id> {
        self.all.iter().filter(|part| part.held).map(|part| part.through).max()
    }
}

#[cfg(test)]
mod tests {
    use super::{HELD_ONE_BY_ONE_MAX, Id, Part, Parts};
    use proptest::collection::btree_set;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A server that cannot process some events, and the events that wait for it.
    #[derive(Default)]
    struct World {
        waiting: BTreeSet<Id>,
        bad: BTreeSet<Id>,
        /// It says that they are bad, rather than fail.
        rejects: bool,
        fails: bool,
        kept: Vec<Part>,
        keys: u32,
    }

    impl World {
        /// Uploads once, and gives what went out: from which event to which, and whether it was taken.
        fn upload(&mut self, most: usize) -> Vec<(Id, Id, bool)> {
            let mut parts = Parts::of(std::mem::take(&mut self.kept));
            let (mut sent, mut seen) = (Vec::new(), BTreeSet::new());
            let Self { waiting, bad, rejects, fails, keys, .. } = self;
            let mut key = || {
                *keys += 1;
                format!("key {keys}")
            };
            loop {
                let ids: Vec<Id> = waiting.iter().copied().collect();
                let Some(part) = parts.next(&ids, most, &mut key) else { break };
                assert!(seen.insert(part.key.clone()), "{part:?} was sent twice");
                let ids: Vec<Id> = part.ids(&ids);
                assert!(!ids.is_empty() && ids.len() <= most, "{part:?}");
                let is_taken = !*fails && !ids.iter().any(|id| bad.contains(id));
                sent.push((part.first, part.through, is_taken));
                if is_taken {
                    ids.iter().for_each(|id| assert!(waiting.remove(id)));
                    parts.accept(&part.key);
                } else if *rejects {
                    let goes_on = parts.reject(&part.key, &ids, &mut key);
                    if let [bad] = ids[..] {
                        waiting.remove(&bad);
                    }
                    if !goes_on {
                        break;
                    }
                } else if !parts.hold(&part.key, &ids, &mut key) {
                    break;
                }
                apart(&parts, waiting);
            }
            self.kept = parts.all().to_vec();
            sent
        }
    }

    /// No event is in two parts.
    fn apart(parts: &Parts, waiting: &BTreeSet<Id>) {
        for id in waiting {
            assert!(parts.all().iter().filter(|part| part.has(*id)).count() <= 1, "{parts:?}");
        }
    }

    #[test]
    fn a_batch_that_is_held_lets_the_next_ones_go_first_and_is_split_when_these_arrive() {
        let mut world = World { waiting: (0..8).collect(), bad: [1].into(), ..World::default() };
        let sent = world.upload(4);
        let expected =
            [(0, 3, false), (4, 7, true), (0, 1, false), (2, 3, true), (0, 0, true), (1, 1, false)];
        assert_eq!(sent, expected);
        world.waiting.extend(8..10);
        assert_eq!(world.upload(4), [(8, 9, true), (1, 1, false)], "it stops nobody");
        world.bad.clear();
        assert_eq!(world.upload(4), [(1, 1, true)]);
        assert!(world.kept.is_empty());
    }

    #[test]
    fn a_batch_that_is_alone_is_split_when_it_was_tried_twice() {
        let mut world = World { waiting: (0..4).collect(), bad: [0].into(), ..World::default() };
        assert_eq!(world.upload(4), [(0, 3, false)]);
        let sent = world.upload(4);
        let expected = [(0, 3, false), (0, 1, false), (2, 3, true), (0, 0, false), (1, 1, true)];
        assert_eq!(sent, expected);
    }

    #[test]
    fn a_server_that_fails_gets_few_parts_and_all_events_when_it_is_mended() {
        let mut world = World { waiting: (0..1000).collect(), fails: true, ..World::default() };
        for upload in 0..20 {
            let sent = world.upload(100).len();
            assert!(sent <= HELD_ONE_BY_ONE_MAX, "{sent} in upload {upload}");
        }
        world.fails = false;
        world.upload(100);
        assert!(world.waiting.is_empty() && world.kept.is_empty(), "{:?}", world.kept);
    }

    #[test]
    fn a_batch_that_is_rejected_costs_its_bad_event_only_and_in_the_same_upload() {
        let waiting = (0..8).collect();
        let mut world = World { waiting, bad: [1].into(), rejects: true, ..World::default() };
        let sent = world.upload(4);
        let expected =
            [(0, 3, false), (4, 7, true), (0, 1, false), (2, 3, true), (0, 0, true), (1, 1, false)];
        assert_eq!(sent, expected);
        assert!(world.waiting.is_empty() && world.kept.is_empty());
    }

    #[test]
    fn a_server_that_rejects_everything_gets_few_parts_in_each_upload() {
        let bad: BTreeSet<Id> = (0..1000).collect();
        let waiting = bad.clone();
        let mut world = World { waiting, bad, rejects: true, ..World::default() };
        for upload in 0..20 {
            let sent = world.upload(100).len();
            assert!(sent <= HELD_ONE_BY_ONE_MAX, "{sent} in upload {upload}");
        }
        assert!(world.waiting.len() > 800, "few were dropped: {}", world.waiting.len());
        world.bad.clear();
        while !world.waiting.is_empty() {
            assert!(!world.upload(100).is_empty());
        }
    }

    #[test]
    fn what_had_no_answer_goes_first_and_alone_and_a_smaller_server_gets_a_part_of_it() {
        let mut key = || "key".to_owned();
        let begun = Part { key: "begun".into(), first: 3, through: 6, held: false };
        let mut parts = Parts::of(vec![begun.clone()]);
        let waiting: Vec<Id> = (3..10).collect();
        assert_eq!(parts.next(&waiting, 4, &mut key), Some(begun.clone()));
        assert_eq!(parts.next(&waiting, 2, &mut key), Some(Part { through: 4, ..begun }));
        parts.accept("begun");
        let rest = Part { key: "key".into(), first: 5, through: 9, held: false };
        assert_eq!(parts.next(&waiting[2..], 10, &mut key), Some(rest));
    }

    proptest! {
        /// Of any events, all arrive but the bad ones, in a number of uploads that depends on how many are bad.
        #[test]
        fn every_good_event_arrives_and_no_bad_one_stops_it(
            bad in btree_set(0..300_u64, 0..20), most in 1..200_usize, later in 0..50_u64
        ) {
            let waiting = (0..300).collect();
            let mut world = World { waiting, bad: bad.clone(), ..World::default() };
            for _ in 0..3 {
                world.upload(most);
            }
            world.waiting.extend(300..300 + later);
            let mut uploads = 0;
            while world.waiting != bad {
                world.upload(most);
                uploads += 1;
                prop_assert!(uploads <= 2 * bad.len() + 2, "{} wait of {bad:?}", world.waiting.len());
            }
        }
    }
}
