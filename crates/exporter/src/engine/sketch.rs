//! Remembers which samples were delivered, in a few kilobytes, and finds those that are missing. Pure.
//!
//! It is an invertible Bloom lookup table. Each sample is added to one cell of each of four tables. The difference of two
//! sketches is the sketch of the difference: while that has a few hundred samples, they can be read out of it. If there are
//! more, a cell that is empty in the difference still proves that its samples are on both sides.

use std::collections::HashSet;
use std::hash::BuildHasher;

use crate::slice::Series;
use crate::time::Millis;

/// A hash of a series and a time. Its upper 16 bits are those of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

/// What was delivered in some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sketch {
    cells: Box<[Cell]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cell {
    count: i32,
    check: u32,
    keys: u64,
}

/// Cells of one table. Three of them give back some 600 samples.
const CELLS: usize = 256;
/// Three by the sample, one by the series.
const TABLES: usize = 4;

/// Hashes the series of samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys(u64);

impl Keys {
    /// Those of the samples of a series.
    pub(super) fn of(series: Series<'_>) -> Self {
        // Fixed seeds: a sketch is compared with one that was made hours ago.
        Self(foldhash::quality::FixedState::with_seed(1).hash_one(series.key()))
    }

    pub(super) fn at(self, time: Millis) -> Key {
        const SERIES: u64 = 0xffff << 48;
        let sample = mixed(self.0 ^ mixed(time.0.cast_unsigned()));
        Key(self.0 & SERIES | sample & !SERIES)
    }
}

/// Mixes the bits of a number (splitmix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Key {
    fn cells(self) -> [usize; TABLES] {
        let hash = mixed(self.0);
        let of = |table: usize, number: u64| table * CELLS + number as usize % CELLS;
        [of(0, hash), of(1, hash >> 16), of(2, hash >> 32), of(3, self.0 >> 48)]
    }

    fn check(self) -> u32 {
        (mixed(!self.0) >> 32) as u32
    }
}

impl Cell {
    fn add(&mut self, count: i32, key: Key) {
        self.count = self.count.wrapping_add(count);
        self.check ^= key.check();
        self.keys ^= key.0;
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Gives the only key that is in it, if there is only one.
    fn only(&self) -> Option<Key> {
        let key = Key(self.keys);
        (self.count.unsigned_abs() == 1 && self.check == key.check()).then_some(key)
    }
}

impl Default for Sketch {
    fn default() -> Self {
        Self { cells: vec![Cell::default(); TABLES * CELLS].into() }
    }
}

impl Sketch {
    /// How much memory one takes.
    pub(super) const BYTES: usize = TABLES * CELLS * size_of::<Cell>();

    pub(super) fn add(&mut self, key: Key) {
        self.change(1, key);
    }

    /// Adds all that is in another one.
    pub(super) fn add_all(&mut self, other: &Self) {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            cell.count = cell.count.wrapping_add(other.count);
            cell.check ^= other.check;
            cell.keys ^= other.keys;
        }
    }

    fn change(&mut self, count: i32, key: Key) {
        for cell in key.cells() {
            if let Some(cell) = self.cells.get_mut(cell) {
                cell.add(count, key);
            }
        }
    }

    fn without(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        for (cell, other) in difference.cells.iter_mut().zip(&other.cells) {
            cell.count = cell.count.wrapping_sub(other.count);
            cell.check ^= other.check;
            cell.keys ^= other.keys;
        }
        difference
    }
}

/// Samples that were not delivered.
#[derive(Debug)]
pub(super) enum Missing {
    /// Exactly these.
    Known(HashSet<Key>),
    /// These, and perhaps some that were: those with an empty cell were.
    Among(Sketch),
    /// It is not known which were delivered.
    Unknown,
}

impl Missing {
    /// Says what is missing of what was found.
    pub(super) fn of(found: &Sketch, delivered: Option<&Sketch>) -> Self {
        let Some(delivered) = delivered else { return Self::Unknown };
        let difference = found.without(delivered);
        let mut rest = difference.clone();
        let mut missing = HashSet::new();
        let mut todo: Vec<usize> = (0..rest.cells.len()).collect();
        // Each key that is taken out empties a cell, so there are no more than cells.
        let mut taken = 0;
        while let Some(index) = todo.pop() {
            let Some(cell) = rest.cells.get(index).copied() else { continue };
            let Some(key) = cell.only().filter(|key| key.cells().contains(&index)) else {
                continue;
            };
            taken += 1;
            if taken > rest.cells.len() {
                return Self::Among(difference); // two keys that cancel each other out
            }
            rest.change(-cell.count, key);
            if cell.count > 0 {
                missing.insert(key);
            }
            todo.extend(key.cells());
        }
        if rest.cells.iter().all(Cell::is_empty) {
            Self::Known(missing)
        } else {
            Self::Among(difference)
        }
    }

    pub(super) fn has(&self, key: Key) -> bool {
        match self {
            Self::Known(keys) => keys.contains(&key),
            Self::Among(difference) => key
                .cells()
                .into_iter()
                .all(|cell| difference.cells.get(cell).is_some_and(|cell| !cell.is_empty())),
            Self::Unknown => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Key, Keys, Millis, Missing, Sketch};

    /// The samples of some series, each of so many times.
    fn keys(series: std::ops::Range<u64>, times: i64) -> Vec<Key> {
        let of =
            |series: u64| (0..times).map(move |time| Keys(super::mixed(series)).at(Millis(time)));
        series.flat_map(of).collect()
    }

    fn sketch(keys: &[Key]) -> Sketch {
        let mut sketch = Sketch::default();
        keys.iter().for_each(|key| sketch.add(*key));
        sketch
    }

    #[test]
    fn a_few_hundred_missing_samples_among_many_are_known_exactly() {
        let delivered = keys(0..5000, 20);
        let late = keys(7000..7025, 20);
        let found = sketch(&[delivered.clone(), late.clone()].concat());
        let missing = Missing::of(&found, Some(&sketch(&delivered)));
        assert!(matches!(&missing, Missing::Known(known) if known.len() == 500), "{missing:?}");
        assert!(late.iter().all(|key| missing.has(*key)));
        assert!(!delivered.iter().any(|key| missing.has(*key)));
    }

    #[test]
    fn of_very_many_none_is_missed_and_most_others_are_not_repeated() {
        // 30 of 1000 series came late, with 100 samples each.
        let (delivered, late) = (keys(0..1000, 100), keys(5000..5030, 100));
        let found = sketch(&[delivered.clone(), late.clone()].concat());
        let missing = Missing::of(&found, Some(&sketch(&delivered)));
        assert!(matches!(missing, Missing::Among(_)));
        assert!(late.iter().all(|key| missing.has(*key)));
        let repeated = delivered.iter().filter(|key| missing.has(**key)).count();
        assert!(repeated < delivered.len() / 5, "{repeated} of {}", delivered.len());
    }

    #[test]
    fn without_a_sketch_everything_may_be_missing() {
        let missing = Missing::of(&Sketch::default(), None);
        assert!(keys(0..3, 3).into_iter().all(|key| missing.has(key)));
    }

    proptest! {
        /// The store may have removed some that were delivered.
        #[test]
        fn what_is_missing_is_found_whatever_else_is_gone(
            kept in 0..200_u64, gone in 0..40_u64, late in 0..2000_u64,
        ) {
            let (kept, gone, late) =
                (keys(0..kept, 7), keys(10_000..10_000 + gone, 3), keys(20_000..20_000 + late, 1));
            let delivered = sketch(&[kept.clone(), gone].concat());
            let mut found = sketch(&kept);
            found.add_all(&sketch(&late));
            let missing = Missing::of(&found, Some(&delivered));
            prop_assert!(late.iter().all(|key| missing.has(*key)));
            if let Missing::Known(known) = &missing {
                prop_assert_eq!(known.len(), late.len());
            }
        }
    }
}
