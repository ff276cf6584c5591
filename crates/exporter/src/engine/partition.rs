//! Reads a window in parts if it is too large for one. Pure.
//!
//! Parts are families of metrics, in the order of their names. A family that is too large by itself is divided by
//! [cuts](Cuts) of its series.

use std::collections::BTreeMap;

use crate::limits::{CUTS_MAX, PART_NAMES_BYTES_MAX};
use crate::source::{Cut, Cuts};

/// Where parts begin. It is learned, and used for the next windows; what is new falls into one of the parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Partition {
    /// The first name of each part but the first.
    cuts: Vec<String>,
    /// Families that are divided, and the sides of their cuts: each series is in one of them.
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

    /// Divides a part that is too large: its names in the middle, or the series of a single family by a cut. Nothing if there
    /// is none.
    pub(crate) fn split(&mut self, mut piece: Piece, cut: Option<&Cut>) -> Option<[Piece; 2]> {
        let middle = piece.families.len() / 2;
        if let Some(name) = piece.families.get(middle).filter(|_| middle > 0).cloned() {
            if let Err(place) = self.cuts.binary_search(&name) {
                self.cuts.insert(place, name);
            }
            let families = piece.families.split_off(middle);
            return Some([piece, Piece { families, cuts: Cuts::default() }]);
        }
        let (family, cut) = (piece.families.first()?, cut?);
        if piece.cuts.len() >= CUTS_MAX {
            return None;
        }
        let sides = [true, false].map(|side| piece.cuts.and(cut, side));
        let known = self.divided.entry(family.clone()).or_insert_with(|| vec![Cuts::default()]);
        if let Some(place) = known.iter().position(|known| *known == piece.cuts) {
            known.splice(place..=place, sides.iter().cloned());
        }
        Some(sides.map(|cuts| Piece { families: piece.families.clone(), cuts }))
    }

    /// Joins parts that became small, to less than `good` bytes: `sizes` are the bytes of each, in order.
    pub(super) fn learn(&mut self, sizes: &[(Piece, usize)], good: usize) {
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
        for pair in sizes.windows(2) {
            let [(one, bytes), (other, more)] = pair else { continue };
            let are_whole = one.cuts.is_empty() && other.cuts.is_empty();
            if are_whole && bytes + more < good {
                self.cuts.retain(|cut| Some(cut) != other.families.first());
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Cut, Cuts, Partition, Piece};
    use crate::slice::SliceBuilder;

    fn piece(names: &[&str]) -> Piece {
        let families = names.iter().map(|&name| name.to_owned()).collect();
        Piece { families, cuts: Cuts::default() }
    }

    fn cut(values: [&str; 2]) -> Cut {
        let mut builder = SliceBuilder::new();
        for value in values {
            builder.begin();
            builder.label("pod", value);
            builder.end();
        }
        Cut::choose(builder.series()).unwrap()
    }

    #[test]
    fn a_part_that_is_too_large_is_cut_for_good_and_joined_when_it_is_small() {
        let mut partition = Partition::default();
        let [one, two] = partition.split(piece(&["a", "b", "c", "d"]), None).unwrap();
        assert_eq!((&one, &two), (&piece(&["a", "b"]), &piece(&["c", "d"])));
        partition.split(two, None).unwrap();
        assert_eq!(partition.split(piece(&["a"]), None), None);
        let next = partition.parts(piece(&["a", "b", "bb", "c", "e"]).families);
        assert_eq!(next, [piece(&["a", "b", "bb"]), piece(&["c"]), piece(&["e"])]);
        let sizes = [(piece(&["a"]), 5_000_000), (piece(&["c"]), 10), (piece(&["d"]), 10)];
        partition.learn(&sizes, 1 << 20);
        let next = partition.parts(piece(&["a", "c", "d"]).families);
        assert_eq!(next, [piece(&["a"]), piece(&["c", "d"])]);
    }

    #[test]
    fn a_family_that_is_too_large_is_divided_by_its_series() {
        let mut partition = Partition::default();
        let [_, c] = partition.split(piece(&["b", "c"]), None).unwrap();
        let [one, other] = partition.split(c, Some(&cut(["x", "y"]))).unwrap();
        assert_eq!((one.cuts.len(), other.cuts.len()), (1, 1));
        let [third, fourth] = partition.split(other, Some(&cut(["1", "2"]))).unwrap();
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
            [piece, _] = partition.split(piece, Some(&cut(["x", "y"]))).unwrap();
        }
        assert_eq!(partition.split(piece, Some(&cut(["x", "y"]))), None);
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
