//! How a window is divided that is too large to be read at once. Pure.
//!
//! Parts are families of metrics, in the order of their names. A family that is too large by itself is divided by
//! [cuts](Cuts) of its series.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::{CUTS_MAX, PART_NAMES_BYTES_MAX, PARTS_AT_ONCE_MAX};
use crate::source::{Cuts, Seen};

/// Where parts begin. It is learned, and used for the next windows; what is new falls into one of the parts.
///
/// As [widths](crate::widths::Widths) it is saved before anything is sent by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// The first name of each part but the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cuts: Vec<String>,
    /// Families that are divided, and the sides of their cuts: each series is in one of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    divided: BTreeMap<String, Vec<Cuts>>,
}

/// What is read at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) families: Vec<String>,
    /// Which of the series. Only a single family has cuts.
    pub(crate) cuts: Cuts,
}

impl Partition {
    pub(crate) fn is_whole(&self) -> bool {
        self.cuts.is_empty() && self.divided.is_empty()
    }

    /// Says about how many bytes it has when it is saved.
    pub(crate) fn bytes(&self) -> usize {
        let names = self.cuts.iter().map(|name| name.len() + 3).sum::<usize>();
        let divided = self.divided.iter().map(|(name, sides)| {
            name.len() + sides.iter().map(|side| 4 + side.bytes()).sum::<usize>()
        });
        names + divided.sum::<usize>()
    }

    /// Divides sorted names. No part has more names than fit a query.
    pub(crate) fn parts(&self, families: Vec<String>) -> Vec<Piece> {
        let mut parts: Vec<Piece> = Vec::new();
        let mut cuts = self.cuts.iter().peekable();
        let (mut bytes, mut is_cut) = (0, true);
        for family in families {
            while cuts.next_if(|cut| **cut <= family).is_some() {
                is_cut = true;
            }
            if let Some(sides) = self.divided.get(&family) {
                let side =
                    |cuts: &Cuts| Piece { families: vec![family.clone()], cuts: cuts.clone() };
                parts.extend(sides.iter().map(side));
                is_cut = true;
                continue;
            }
            bytes += family.len() + 1;
            if is_cut || bytes > PART_NAMES_BYTES_MAX {
                bytes = family.len() + 1;
                parts.push(Piece::default());
            }
            is_cut = false;
            if let Some(last) = parts.last_mut() {
                last.families.push(family);
            }
        }
        parts
    }

    /// Divides a part that is too large: its names, or the series of a single family by a cut. Nothing if there is none.
    pub(crate) fn split(&mut self, piece: Piece, seen: &Seen) -> Option<Vec<Piece>> {
        if piece.families.len() > 1 {
            return Some(self.split_names(&piece.families, seen.families));
        }
        let (family, cut) = (piece.families.first()?, seen.cut.as_deref()?);
        if piece.cuts.len() >= CUTS_MAX {
            return None;
        }
        let sides = [true, false].map(|side| piece.cuts.and(cut, side));
        let known = self.divided.entry(family.clone()).or_insert_with(|| vec![Cuts::default()]);
        if let Some(place) = known.iter().position(|known| *known == piece.cuts) {
            known.splice(place..=place, sides.iter().cloned());
        }
        Some(sides.map(|cuts| Piece { families: piece.families.clone(), cuts }).into())
    }

    /// Divides names, of which `seen` were too large: in halves, or in as many parts as will not be too large again.
    fn split_names(&mut self, families: &[String], seen: usize) -> Vec<Piece> {
        let half = families.len().div_ceil(2);
        let fewest = families.len().div_ceil(PARTS_AT_ONCE_MAX);
        // The last one did not come as a whole, and others may be larger.
        let each = if seen == 0 { half } else { (seen * 3 / 4).clamp(fewest, half) };
        let part = |names: &[String]| Piece { families: names.to_vec(), cuts: Cuts::default() };
        let parts: Vec<Piece> = families.chunks(each).map(part).collect();
        for name in parts.iter().skip(1).filter_map(|part| part.families.first()) {
            if let Err(place) = self.cuts.binary_search(name) {
                self.cuts.insert(place, name.clone());
            }
        }
        parts
    }

    /// Joins parts that became small, to less than `good` bytes: `sizes` are the bytes of each, in order.
    pub(crate) fn learn(&mut self, sizes: &[(Piece, usize)], good: usize) {
        let mut of_family: BTreeMap<&str, usize> = BTreeMap::new();
        for (piece, bytes) in sizes.iter().filter(|(piece, _)| !piece.cuts.is_empty()) {
            *of_family.entry(piece.families.first().map_or("", String::as_str)).or_default() +=
                bytes;
        }
        // One a window: the sum of more was not looked at.
        let small = of_family.iter().find(|(_, bytes)| **bytes < good);
        if let Some((family, _)) = small {
            self.divided.remove(*family);
            return;
        }
        let (mut joined, mut is_whole) = (0, false);
        for (piece, bytes) in sizes {
            if is_whole && piece.cuts.is_empty() && joined + bytes < good {
                self.cuts.retain(|cut| Some(cut) != piece.families.first());
                joined += bytes;
            } else {
                (joined, is_whole) = (*bytes, piece.cuts.is_empty());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Cuts, Partition, Piece, Seen};
    use crate::slice::SliceBuilder;

    impl Partition {
        pub(crate) fn at(cuts: &[&str]) -> Self {
            let cuts = cuts.iter().map(|&cut| cut.to_owned()).collect();
            Self { cuts, divided: BTreeMap::new() }
        }
    }

    fn piece(names: &[&str]) -> Piece {
        let families = names.iter().map(|&name| name.to_owned()).collect();
        Piece { families, cuts: Cuts::default() }
    }

    fn cut(values: [&str; 2]) -> Seen {
        let mut builder = SliceBuilder::new();
        for value in values {
            builder.begin();
            builder.label("pod", value);
            builder.end();
        }
        let seen = Seen::of(&builder);
        assert!(seen.cut.is_some());
        seen
    }

    fn split<const N: usize>(partition: &mut Partition, piece: Piece, seen: &Seen) -> [Piece; N] {
        partition.split(piece, seen).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_part_that_is_too_large_is_cut_for_good_and_joined_when_it_is_small() {
        let mut partition = Partition::default();
        let unknown = Seen::default();
        let [one, two] = split(&mut partition, piece(&["a", "b", "c", "d"]), &unknown);
        assert_eq!((&one, &two), (&piece(&["a", "b"]), &piece(&["c", "d"])));
        partition.split(two, &unknown).unwrap();
        assert_eq!(partition.split(piece(&["a"]), &unknown), None);
        let next = partition.parts(piece(&["a", "b", "bb", "c", "e"]).families);
        assert_eq!(next, [piece(&["a", "b", "bb"]), piece(&["c"]), piece(&["e"])]);
        let sizes = [(piece(&["a"]), 5_000_000), (piece(&["c"]), 10), (piece(&["d"]), 10)];
        partition.learn(&sizes, 1 << 20);
        let next = partition.parts(piece(&["a", "c", "d"]).families);
        assert_eq!(next, [piece(&["a"]), piece(&["c", "d"])]);
    }

    #[test]
    fn a_part_is_cut_at_once_into_as_many_as_what_was_seen_of_it_says() {
        let names: Vec<String> = (0..200).map(|number| format!("metric_{number:03}")).collect();
        let all = Piece { families: names.clone(), cuts: Cuts::default() };
        for (seen, expected) in [(0, 2), (1, 50), (4, 50), (9, 34), (150, 2), (200, 2)] {
            let mut partition = Partition::default();
            let parts = partition.split(all.clone(), &Seen { families: seen, cut: None }).unwrap();
            assert_eq!(parts.len(), expected, "{seen} were seen");
            assert_eq!(partition.parts(names.clone()), parts, "it is remembered");
        }
    }

    #[test]
    fn small_parts_are_joined_in_one_go() {
        let mut partition = Partition::default();
        let names: Vec<String> = (0..64).map(|number| format!("m{number:02}")).collect();
        let all = Piece { families: names.clone(), cuts: Cuts::default() };
        let parts = partition.split(all, &Seen { families: 1, cut: None }).unwrap();
        let sizes: Vec<(Piece, usize)> = parts.into_iter().map(|piece| (piece, 99)).collect();
        partition.learn(&sizes, 1000);
        let parts = partition.parts(names);
        assert_eq!(parts.iter().map(|part| part.families.len()).max(), Some(10));
        assert_eq!(parts.len(), 7);
    }

    #[test]
    fn a_family_that_is_too_large_is_divided_by_its_series() {
        let mut partition = Partition::default();
        let [_, c] = split(&mut partition, piece(&["b", "c"]), &Seen::default());
        let [one, other] = split(&mut partition, c, &cut(["x", "y"]));
        assert_eq!((one.cuts.len(), other.cuts.len()), (1, 1));
        let [third, fourth] = split(&mut partition, other, &cut(["1", "2"]));
        let parts = partition.parts(piece(&["a", "b", "c", "d", "e"]).families);
        let all = [piece(&["a", "b"]), one, third, fourth, piece(&["d", "e"])];
        assert_eq!(parts, all);
        let sizes: Vec<(Piece, usize)> = all.into_iter().map(|piece| (piece, 1000)).collect();
        partition.learn(&sizes, 1 << 20);
        let parts = partition.parts(piece(&["a", "b", "c", "d", "e"]).families);
        assert_eq!(parts, [piece(&["a", "b"]), piece(&["c", "d", "e"])]);
    }

    #[test]
    fn cuts_have_an_end() {
        let mut partition = Partition::default();
        let mut piece = piece(&["a"]);
        for _ in 0..super::CUTS_MAX {
            [piece, _] = split(&mut partition, piece, &cut(["x", "y"]));
        }
        assert_eq!(partition.split(piece, &cut(["x", "y"])), None);
    }

    proptest! {
        #[test]
        fn every_name_is_in_one_part(
            cuts in prop::collection::btree_set("[a-e]{1,3}", 0..6),
            divided in prop::collection::btree_set("[a-e]{1,2}", 0..4),
            families in prop::collection::btree_set("[a-f]{1,4}", 0..40),
        ) {
            let sides = || vec![Cuts::default()];
            let divided = divided.into_iter().map(|family| (family, sides())).collect();
            let partition = Partition { cuts: cuts.into_iter().collect(), divided };
            let families: Vec<String> = families.into_iter().collect();
            let parts = partition.parts(families.clone());
            prop_assert!(parts.iter().all(|part| !part.families.is_empty()));
            let all: Vec<String> = parts.into_iter().flat_map(|part| part.families).collect();
            prop_assert_eq!(all, families);
        }
    }
}
