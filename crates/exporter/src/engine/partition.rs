//! Reads a window in parts if it is too large for one: by families of metrics, in the order of their names. Pure.

use crate::limits::{PART_BYTES_GOOD, PART_NAMES_BYTES_MAX};

/// Where the names of families are cut. It is learned, and used for the next windows; a family that is new falls into one
/// of the parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Partition {
    /// The first name of each part but the first.
    cuts: Vec<String>,
}

impl Partition {
    pub(crate) fn is_whole(&self) -> bool {
        self.cuts.is_empty()
    }

    /// Cuts sorted names. No part has more names than fit a query.
    pub(crate) fn parts(&self, families: Vec<String>) -> Vec<Vec<String>> {
        let mut parts: Vec<Vec<String>> = Vec::new();
        let mut cuts = self.cuts.iter().peekable();
        let mut bytes = 0;
        for family in families {
            let mut is_cut = parts.is_empty();
            while cuts.next_if(|cut| **cut <= family).is_some() {
                is_cut = true;
            }
            bytes += family.len() + 1;
            if is_cut || bytes > PART_NAMES_BYTES_MAX {
                bytes = family.len() + 1;
                parts.push(Vec::new());
            }
            parts.last_mut().expect("the first name begins a part").push(family);
        }
        parts
    }

    /// Cuts a part that is too large in the middle; gives its halves, or nothing if it is a single family.
    pub(crate) fn split(&mut self, mut part: Vec<String>) -> Option<[Vec<String>; 2]> {
        let middle = part.len() / 2;
        let cut = part.get(middle).filter(|_| middle > 0)?.clone();
        if let Err(place) = self.cuts.binary_search(&cut) {
            self.cuts.insert(place, cut);
        }
        let second = part.split_off(middle);
        Some([part, second])
    }

    /// Joins parts that became small: `sizes` are the bytes of each, in order.
    pub(super) fn learn(&mut self, sizes: &[(String, usize)]) {
        for pair in sizes.windows(2) {
            let [(_, one), (first, other)] = pair else { continue };
            if one + other < PART_BYTES_GOOD {
                self.cuts.retain(|cut| cut != first);
                return; // one a window: the sum of more was not looked at
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Partition;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_part_that_is_too_large_is_cut_for_good_and_joined_when_it_is_small() {
        let mut partition = Partition::default();
        let [one, two] = partition.split(names(&["a", "b", "c", "d"])).unwrap();
        assert_eq!((&one, &two), (&names(&["a", "b"]), &names(&["c", "d"])));
        partition.split(two).unwrap();
        assert_eq!(partition.split(names(&["a"])), None);
        let next = partition.parts(names(&["a", "b", "bb", "c", "e"]));
        assert_eq!(next, [names(&["a", "b", "bb"]), names(&["c"]), names(&["e"])]);
        let sizes = [("a".to_owned(), 5_000_000), ("c".to_owned(), 10), ("d".to_owned(), 10)];
        partition.learn(&sizes);
        let next = partition.parts(names(&["a", "c", "d"]));
        assert_eq!(next, [names(&["a"]), names(&["c", "d"])]);
    }

    proptest! {
        #[test]
        fn every_name_is_in_one_part(
            cuts in prop::collection::btree_set("[a-e]{1,3}", 0..6),
            families in prop::collection::btree_set("[a-f]{1,4}", 0..40),
        ) {
            let partition = Partition { cuts: cuts.into_iter().collect() };
            let families: Vec<String> = families.into_iter().collect();
            let parts = partition.parts(families.clone());
            prop_assert!(parts.iter().all(|part| !part.is_empty()));
            prop_assert_eq!(parts.concat(), families);
        }
    }
}
