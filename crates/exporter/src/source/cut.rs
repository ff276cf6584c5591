//! Divides the series of one metric, where their samples in a window are more than memory allows. Pure.
//!
//! A cut is a regular expression about one letter of a label's value: series that match it are one side, all others the
//! other side. So each series is on exactly one side, series that are new too, and the store does the selection. It is chosen
//! by the series that came before the memory was used up. Bounds of buckets and quantiles never decide: the parts of a
//! histogram stay together.

use std::collections::BTreeMap;

use ktel_metricsql::{Filter, FilterOperator};
use serde::{Deserialize, Serialize};

use super::families::TARGET_INFO;
use crate::limits::{CUT_PLACES, CUT_SERIES_LOOKED_AT};
use crate::slice::Series;

/// A question about a letter of a label's value that divides series in two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cut {
    label: String,
    place: Place,
    /// Sorted.
    letters: Vec<char>,
}

/// Which letter of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Place {
    FromStart(usize),
    FromEnd(usize),
}

/// Cuts that all have to hold, each with its side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cuts(Vec<(Cut, bool)>);

/// The labels that a `target_info` has in common with the series that it describes.
const OF_TARGET: [&str; 2] = ["job", "instance"];
/// They tell apart the samples of one data point.
const WITHIN_POINT: [&str; 3] = ["le", "quantile", "vmrange"];

impl Cut {
    /// Chooses the cut that divides series most evenly; none if they cannot be told apart.
    ///
    /// One by a label of the target is better if it is nearly as even: it divides what describes the targets as well.
    #[must_use]
    pub fn choose<'s>(series: impl ExactSizeIterator<Item = Series<'s>>) -> Option<Self> {
        let every = series.len().div_ceil(CUT_SERIES_LOOKED_AT).max(1);
        let looked_at: Vec<Series<'s>> = series.step_by(every).collect();
        let infos = looked_at.iter().filter(|series| series.name() == TARGET_INFO).count();
        let only_target = infos * 2 > looked_at.len();
        let mut labels: BTreeMap<&str, BTreeMap<Place, BTreeMap<char, usize>>> = BTreeMap::new();
        for series in &looked_at {
            for (label, value) in series.labels() {
                let is_of_target = OF_TARGET.contains(&label);
                if WITHIN_POINT.contains(&label) || (only_target && !is_of_target) {
                    continue;
                }
                let places = labels.entry(label).or_default();
                let starts = value.chars().take(CUT_PLACES).enumerate();
                let ends = value.chars().rev().take(CUT_PLACES).enumerate();
                let starts = starts.map(|(place, letter)| (Place::FromStart(place), letter));
                let ends = ends.map(|(place, letter)| (Place::FromEnd(place), letter));
                for (place, letter) in starts.chain(ends) {
                    let counts = places.entry(place).or_default();
                    *counts.entry(letter).or_default() += 1;
                }
            }
        }
        let all = looked_at.len();
        let best = |is_wanted: &dyn Fn(&str) -> bool| {
            let wanted = labels.iter().filter(|(label, _)| is_wanted(label));
            let halved = wanted.flat_map(|(label, places)| {
                places.iter().map(|(place, counts)| (halve(counts, all), (*label, *place)))
            });
            halved.max_by(|((one, _), a), ((other, _), b)| one.cmp(other).then(b.cmp(a)))
        };
        let ((even, chosen), key) = best(&|_| true)?;
        let of_target = best(&|label| OF_TARGET.contains(&label));
        let ((even, letters), (label, place)) = match of_target {
            Some(((as_even, letters), of_target)) if as_even * 2 >= even => {
                ((as_even, letters), of_target)
            }
            _ => ((even, chosen), key),
        };
        (even > 0).then(|| Self { label: label.to_owned(), place, letters })
    }

    /// Says on which side of the cut a value of its label is.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        let letter = match self.place {
            Place::FromStart(place) => value.chars().nth(place),
            Place::FromEnd(place) => value.chars().rev().nth(place),
        };
        letter.is_some_and(|letter| self.letters.binary_search(&letter).is_ok())
    }

    fn pattern(&self) -> String {
        let class: String = self.letters.iter().map(|letter| escaped(*letter)).collect();
        match self.place {
            Place::FromStart(place) => format!("(?s).{{{place}}}[{class}].*"),
            Place::FromEnd(place) => format!("(?s).*[{class}].{{{place}}}"),
        }
    }

    fn filter(&self, side: bool) -> Option<Filter> {
        let operator = if side { FilterOperator::Matches } else { FilterOperator::NotMatches };
        // The pattern has no more than a class and a count.
        Filter::new(&self.label, operator, self.pattern()).ok()
    }
}

/// Gives how many series the smaller side has, and the letters of one side: the most frequent ones, up to half.
fn halve(counts: &BTreeMap<char, usize>, all: usize) -> (usize, Vec<char>) {
    let mut sorted: Vec<(usize, char)> =
        counts.iter().map(|(letter, count)| (*count, *letter)).collect();
    sorted.sort_by(|one, other| other.cmp(one));
    let (mut taken, mut letters) = (0, Vec::new());
    for (count, letter) in sorted {
        let is_nearer = (taken + count).abs_diff(all - taken - count) < taken.abs_diff(all - taken);
        if is_nearer {
            taken += count;
            letters.push(letter);
        }
    }
    letters.sort_unstable();
    (taken.min(all - taken), letters)
}

/// Writes a letter within a class of RE2.
fn escaped(letter: char) -> String {
    if letter.is_ascii_alphanumeric() {
        letter.to_string()
    } else {
        format!("\\x{{{:x}}}", u32::from(letter))
    }
}

impl Cuts {
    /// Adds a side of a cut.
    #[must_use]
    pub fn and(&self, cut: &Cut, side: bool) -> Self {
        let mut cuts = self.0.clone();
        cuts.push((cut.clone(), side));
        Self(cuts)
    }

    /// Says about how many bytes they have when they are saved.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = |(cut, _): &(Cut, bool)| 64 + cut.label.len() + cut.letters.len() * 8;
        self.0.iter().map(bytes).sum()
    }

    /// Says how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there are none: then all series are meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says whether a series is meant. `value` gives the value of a label, empty if it has none.
    pub fn hold<'v>(&self, value: impl Fn(&str) -> &'v str) -> bool {
        self.0.iter().all(|(cut, side)| cut.holds(value(&cut.label)) == *side)
    }

    /// Gives those that are about labels of the target: what describes a target has no others.
    #[must_use]
    pub fn of_target(&self) -> Self {
        let of_target = |(cut, _): &&(Cut, bool)| OF_TARGET.contains(&cut.label.as_str());
        Self(self.0.iter().filter(of_target).cloned().collect())
    }

    /// Gives them as filters.
    pub(super) fn filters(&self) -> Vec<Filter> {
        self.0.iter().filter_map(|(cut, side)| cut.filter(*side)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, proptest};

    use super::{Cut, Cuts};
    use crate::slice::{Slice, SliceBuilder};

    fn slice(series: &[Vec<(&str, &str)>]) -> Slice {
        let mut builder = SliceBuilder::new();
        for labels in series {
            builder.begin();
            labels.iter().for_each(|(name, value)| builder.label(name, value));
            builder.end();
        }
        builder.finish()
    }

    #[test]
    fn the_most_even_cut_is_chosen_and_one_of_the_target_is_preferred() {
        let pods: Vec<String> = (0..64).map(|pod| format!("pod-{pod:02}")).collect();
        let series = |instance: fn(usize) -> &'static str| -> Vec<Vec<(&str, &str)>> {
            let labels = |(index, pod): (usize, &'static str)| {
                vec![("__name__", "m"), ("instance", instance(index)), ("pod", pod)]
            };
            let leaked = pods.iter().map(|pod| -> &'static str { pod.clone().leak() });
            leaked.enumerate().map(labels).collect()
        };
        let halves = |cut: &Cut, slice: &Slice| {
            slice
                .series()
                .filter(|one| cut.holds(one.label(&cut.label).unwrap_or_default()))
                .count()
        };
        let one = slice(&series(|_| "same"));
        let cut = Cut::choose(one.series()).unwrap();
        assert_eq!(cut.label, "pod");
        assert!((28..=36).contains(&halves(&cut, &one)), "{}", halves(&cut, &one));
        let three = slice(&series(|index| ["a", "b", "c"][index % 3]));
        let cut = Cut::choose(three.series()).unwrap();
        assert_eq!(cut.label, "instance");
        assert!((20..=44).contains(&halves(&cut, &three)));
    }

    #[test]
    fn series_of_one_data_point_are_never_divided() {
        let bounds = ["0.1", "1", "10", "+Inf"];
        let buckets: Vec<Vec<(&str, &str)>> =
            bounds.iter().map(|le| vec![("__name__", "h_bucket"), ("le", *le)]).collect();
        assert_eq!(Cut::choose(slice(&buckets).series()), None);
    }

    #[test]
    fn what_describes_targets_is_divided_by_its_target() {
        let infos = [("x", "1"), ("x", "2"), ("y", "3")].map(|(job, version)| {
            vec![("__name__", "target_info"), ("job", job), ("version", version)]
        });
        let cut = Cut::choose(slice(&infos).series()).unwrap();
        assert_eq!(cut.label, "job");
        let cuts = Cuts::default().and(&cut, true);
        assert_eq!(cuts.of_target(), cuts);
    }

    proptest! {
        /// The store decides by the pattern, the mapping by the letter.
        #[test]
        fn pattern_and_letter_say_the_same(
            values in proptest::collection::vec("[a-c0-9\\-\\]\\[^\\\\\n äß😀.]{0,6}", 2..20),
            side in any::<bool>(),
            other in ".{0,6}".prop_map(|text: String| text),
        ) {
            let series: Vec<Vec<(&str, &str)>> =
                values.iter().map(|value| vec![("__name__", "m"), ("l", value.as_str())]).collect();
            let slice = slice(&series);
            if let Some(cut) = Cut::choose(slice.series()) {
                let filter = cut.filter(side).unwrap();
                for value in values.iter().map(String::as_str).chain(["", &other]) {
                    assert_eq!(filter.holds(value), cut.holds(value) == side, "{filter} {value:?}");
                }
            }
        }
    }
}
