//! The words of a field with their numbers, as bars and tables show them.

use std::collections::BTreeMap;

use super::order::Order;
use super::unit::Unit;
use crate::limits::PAIR_WORDS_MAX;
use crate::pair::Pair;
use crate::store::counts::Count;

/// The numbers of a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    /// Words and how often they were reported, the largest first.
    pub words: Vec<(String, i64)>,
    /// The number of the smaller groups together.
    pub other: Option<i64>,
}

impl Groups {
    /// Adds up counts of one field, in the order of its words.
    pub(super) fn of(counts: &[&Count], path: &str, unit: Unit, order: Order) -> Self {
        let mut words: BTreeMap<&str, i64> = BTreeMap::new();
        let mut other = None;
        for count in counts.iter().filter(|count| count.value.field == path) {
            if matches!(unit, Unit::Installations(newest) if newest != count.week) {
                continue;
            }
            if count.is_other {
                *other.get_or_insert_default() += count.number;
            } else {
                *words.entry(&count.value.word).or_default() += count.number;
            }
        }
        let words = words.into_iter().map(|(word, number)| (word.to_owned(), number));
        let mut words: Vec<(String, i64)> = words.collect();
        words.sort_by(|(one, more), (other, less)| order.compare((one, *more), (other, *less)));
        Self { words, other }
    }

    /// Keeps the most frequent words of both sides of a pair; a drawing has no room for more.
    pub(super) fn of_frequent(mut self, pair: &Pair<'_>) -> Self {
        let mut sums: [BTreeMap<&str, i64>; 2] = Default::default();
        for (word, number) in &self.words {
            let Some((first, second)) = pair.sides(word) else { continue };
            *sums[0].entry(first).or_default() += number;
            *sums[1].entry(second).or_default() += number;
        }
        let frequent = sums.map(|side| {
            let mut side: Vec<(i64, String)> =
                side.into_iter().map(|(word, number)| (-number, word.to_owned())).collect();
            side.sort_unstable();
            side.truncate(PAIR_WORDS_MAX);
            side
        });
        let is_frequent = |word: &str, side: usize| frequent[side].iter().any(|(_, it)| it == word);
        let rest = self.words.extract_if(.., |(word, _)| {
            let sides = pair.sides(word);
            !sides.is_some_and(|(first, second)| is_frequent(first, 0) && is_frequent(second, 1))
        });
        let rest: Option<i64> = rest.map(|(_, number)| number).reduce(|one, next| one + next);
        self.other = match (self.other, rest) {
            (None, None) => None,
            (other, rest) => Some(other.unwrap_or_default() + rest.unwrap_or_default()),
        };
        self
    }
}
