//! How the window of a source is cut into parts when it does not fit. Pure.
//!
//! Parts are ranges of families in the order of their names. The places of the cuts are kept for the next windows, whose
//! families may be others: each family is in one part, whenever it appears.
//!
//! ```text
//! read the whole window --TooLarge--> list the families --> split: two parts --TooLarge--> split the part again ...
//!      ^                                                                       |
//!      +------------- settle: parts that are small together are one -----------+
//! ```

use ktel_metricsql::Selector;
use thiserror::Error;

use super::Part;

/// The places where the windows of a source are cut. It begins without any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cuts {
    /// Families that begin a part, sorted. What is before the first is a part too.
    begins: Vec<String>,
}

/// A family that is too large alone; only a shorter window or more room helps.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the samples of `{family}` alone do not fit; choose shorter windows or allow more memory")]
pub struct Alone {
    /// Its name; empty for series without a name.
    pub family: String,
}

impl Cuts {
    /// Whether windows are read as a whole. Then no list of families is needed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.begins.is_empty()
    }

    /// Gives the parts of a window that has these families, sorted. Some may have none.
    #[must_use]
    pub fn parts(&self, selectors: &[Selector], families: &[String]) -> Vec<Part> {
        let part = |families| Part { selectors: selectors.to_vec(), families };
        if self.is_whole() {
            return vec![part(None)];
        }
        let mut parts = Vec::with_capacity(self.begins.len() + 1);
        let mut rest = families;
        for begin in &self.begins {
            let (before, after) = rest.split_at(rest.partition_point(|family| family < begin));
            parts.push(part(Some(before.to_vec())));
            rest = after;
        }
        parts.push(part(Some(rest.to_vec())));
        parts
    }

    /// Cuts a part that is too large into two, which take its place. `families` are those of the window.
    ///
    /// # Errors
    /// When it has a single family.
    pub fn split(&mut self, part: &Part, families: &[String]) -> Result<[Part; 2], Alone> {
        let own = part.families.as_deref().unwrap_or(families);
        let (first, second) = own.split_at(own.len() / 2);
        let ([.., _], [begin, ..]) = (first, second) else {
            return Err(Alone { family: own.first().cloned().unwrap_or_default() });
        };
        if let Err(place) = self.begins.binary_search(begin) {
            self.begins.insert(place, begin.clone());
        }
        let half = |families: &[String]| Part {
            selectors: part.selectors.clone(),
            families: Some(families.to_vec()),
        };
        Ok([half(first), half(second)])
    }

    /// Joins neighbours that were small together in a window that was read. `bytes` says how large each part was, in their
    /// order.
    pub fn settle(&mut self, bytes: &[usize], bytes_max: usize) {
        let Some((first, others)) = bytes.split_first() else { return };
        if others.len() != self.begins.len() {
            return; // it is about other cuts
        }
        let mut joined = *first;
        let mut sizes = others.iter();
        self.begins.retain(|_| {
            let size = sizes.next().copied().unwrap_or_default();
            // Half leaves room to grow, so that the next window is not cut again at once.
            let is_small = joined.saturating_add(size) <= bytes_max / 2;
            joined = if is_small { joined + size } else { size };
            !is_small
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, VecDeque};

    use super::{Alone, Cuts};
    use crate::source::Part;
    use ktel_metricsql::Selector;
    use proptest::prelude::{Strategy, proptest};

    const ROOM: usize = 100;

    /// Reads a window of families with sizes as an engine does; gives how often it read in vain.
    fn read(cuts: &mut Cuts, window: &BTreeMap<String, usize>) -> Result<usize, Alone> {
        let families: Vec<String> = window.keys().cloned().collect();
        let selectors = [Selector::new(Vec::new())];
        let mut waiting: VecDeque<Part> = cuts.parts(&selectors, &families).into();
        let (mut seen, mut bytes, mut failed) = (Vec::new(), Vec::new(), 0);
        while let Some(part) = waiting.pop_front() {
            let own = part.families.clone().unwrap_or_else(|| families.clone());
            let size: usize = own.iter().map(|family| window[family]).sum();
            if size > ROOM {
                failed += 1;
                let [first, second] = cuts.split(&part, &families)?;
                waiting.push_front(second);
                waiting.push_front(first);
                continue;
            }
            seen.extend(own);
            bytes.push(size);
        }
        assert_eq!(seen, families, "each family is read once, in order");
        cuts.settle(&bytes, ROOM);
        Ok(failed)
    }

    fn windows() -> impl Strategy<Value = Vec<BTreeMap<String, usize>>> {
        let window = proptest::collection::btree_map("[a-e]{1,2}", 0..=ROOM, 1..30);
        proptest::collection::vec(window, 1..10)
    }

    proptest! {
        #[test]
        fn every_window_is_read_whole_whatever_the_windows_before_were(windows in windows()) {
            let mut cuts = Cuts::default();
            for window in &windows {
                read(&mut cuts, window).unwrap();
            }
            // Equal windows are not cut anew, or at most once more after a join.
            let last = windows.last().unwrap();
            read(&mut cuts, last).unwrap();
            assert_eq!(read(&mut cuts, last), Ok(0));
            let small = BTreeMap::from([("a".to_owned(), 1), ("ee".to_owned(), 1)]);
            read(&mut cuts, &small).unwrap();
            assert!(cuts.is_whole(), "{cuts:?}");
        }
    }

    #[test]
    fn a_family_that_is_too_large_alone_is_named() {
        let window =
            [("a", 1), ("b", ROOM + 1), ("c", 1)].map(|(name, size)| (name.to_owned(), size));
        let family = "b".to_owned();
        assert_eq!(read(&mut Cuts::default(), &window.into()), Err(Alone { family }));
    }
}
