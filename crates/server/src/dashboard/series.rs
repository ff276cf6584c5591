//! The numbers of a field week by week.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use ktel_model::standard::schema::{Field, Type};

use super::order::Order;
use super::period::Period;
use super::unit::OTHER;
use crate::limits::CHART_LINES_MAX;
use crate::store::counts::Count;
use crate::tally::{ALL, week};

/// Whether the words of a week can be stacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stacking {
    /// A report has one word: the words add up.
    Stacked,
    /// A report can have several words: each is a share of all reports.
    Overlapping,
}

/// The numbers of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The Mondays.
    pub weeks: Vec<Date>,
    /// How much there is in each week; `None` where nothing is known.
    pub totals: Vec<Option<i64>>,
    /// The words in their order; the combined groups are the last one.
    pub lines: Vec<Line>,
    /// How the words belong together.
    pub stacking: Stacking,
    /// How they are ordered.
    pub order: Order,
    /// The index of the week that is not over yet.
    pub running: Option<usize>,
}

/// The numbers of one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The word.
    pub word: String,
    /// Whether these are several words together.
    pub is_other: bool,
    /// The number of each week; `None` where nothing is known of the week.
    pub numbers: Vec<Option<i64>>,
}

impl Stacking {
    /// How the words of a field belong together.
    #[must_use]
    pub fn of(field: &Field) -> Self {
        match field.of {
            Type::List(_) | Type::Map(..) => Self::Overlapping,
            _ => Self::Stacked,
        }
    }
}

impl Series {
    /// The total of each week.
    #[must_use]
    pub fn of_totals(counts: &[&Count], unit: &str, period: &Period, today: Date) -> Self {
        let frame = Frame::of(counts, period, today);
        let line = Line { word: unit.to_owned(), is_other: false, numbers: frame.totals.clone() };
        frame.series(vec![line], Stacking::Stacked, Order::Frequency)
    }

    /// The words of a field or of a pair, week by week.
    #[must_use]
    pub fn of(
        counts: &[&Count],
        name: &str,
        (order, stacking): (Order, Stacking),
        period: &Period,
        today: Date,
    ) -> Self {
        let mut frame = Frame::of(counts, period, today);
        let mut words: BTreeMap<(bool, &str), BTreeMap<Date, i64>> = BTreeMap::new();
        for count in counts.iter().filter(|count| count.value.field == name) {
            let word = if count.is_other { OTHER } else { count.value.word.as_str() };
            *words.entry((count.is_other, word)).or_default().entry(count.week).or_default() +=
                count.number;
        }
        // A week is known if anything of it is, although its total may be too small to be published.
        for (week, total) in frame.weeks.iter().zip(&mut frame.totals) {
            let shown = || words.values().filter_map(|numbers| numbers.get(week)).max().copied();
            *total = total.or_else(shown);
        }
        let lines = words.into_iter().map(|((is_other, word), numbers)| {
            let weeks = frame.weeks.iter().zip(&frame.totals);
            let number = |(week, total): (&Date, &Option<i64>)| {
                total.map(|_| numbers.get(week).copied().unwrap_or(0))
            };
            Line { word: word.to_owned(), is_other, numbers: weeks.map(number).collect() }
        });
        let mut lines: Vec<Line> = lines.collect();
        lines.sort_by(|one, other| {
            let by_word = order.compare((&one.word, one.peak()), (&other.word, other.peak()));
            one.is_other.cmp(&other.is_other).then(by_word)
        });
        frame.series(lines, stacking, order)
    }

    /// The words for which a drawing has room, in their order: the newest version, and the most frequent
    /// ones of several series that are drawn with the same words.
    #[must_use]
    pub fn frequent(all: &[&Self]) -> Vec<String> {
        let Some(first) = all.first() else { return Vec::new() };
        let mut peaks: BTreeMap<&str, i64> = BTreeMap::new();
        for line in all.iter().flat_map(|series| &series.lines).filter(|line| !line.is_other) {
            let peak = peaks.entry(&line.word).or_default();
            *peak = line.peak().max(*peak);
        }
        let mut words: Vec<(&str, i64)> = peaks.into_iter().collect();
        words.sort_by(|one, other| first.order.compare(*one, *other));
        let newest = words.last().filter(|_| first.order == Order::Versions).map(|(word, _)| *word);
        let mut kept = words.clone();
        kept.sort_by_key(|(word, peak)| (newest != Some(*word), Reverse(*peak)));
        kept.truncate(CHART_LINES_MAX);
        words.retain(|word| kept.contains(word));
        words.into_iter().map(|(word, _)| word.to_owned()).collect()
    }

    /// The same with these words only; the others are added up if they can be.
    #[must_use]
    pub fn with_words(&self, words: &[String]) -> Self {
        let known = |at: &Option<i64>| at.map(|_| 0);
        let absent = || self.totals.iter().map(known).collect();
        let own = words.iter().map(|word| {
            let own = self.lines.iter().find(|line| !line.is_other && line.word == *word);
            let numbers = own.map_or_else(absent, |line| line.numbers.clone());
            Line { word: word.clone(), is_other: false, numbers }
        });
        let mut rest =
            self.lines.iter().filter(|line| line.is_other || !words.contains(&line.word));
        let other = match self.stacking {
            Stacking::Stacked => rest.cloned().reduce(add),
            // One report can have several of them.
            Stacking::Overlapping => rest.find(|line| line.is_other).cloned(),
        };
        let other = other.map(|line| Line { word: OTHER.to_owned(), is_other: true, ..line });
        Self { lines: own.chain(other).collect(), ..self.clone() }
    }

    /// The same with the words for which a drawing has room.
    #[must_use]
    pub fn drawable(&self) -> Self {
        self.with_words(&Self::frequent(&[self]))
    }

    /// The weeks of which something is known.
    pub fn known_weeks(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.weeks.len()).filter(|at| self.totals.get(*at).is_some_and(Option::is_some))
    }

    /// The newest week that is over and of which something is known; else the running one.
    #[must_use]
    pub fn newest(&self) -> Option<usize> {
        let over = self.known_weeks().filter(|at| Some(*at) != self.running).last();
        over.or_else(|| self.known_weeks().last())
    }

    /// What the shares of a week are shares of: what is shown of words that add up, else its total.
    #[must_use]
    pub fn whole(&self, at: usize) -> i64 {
        match self.stacking {
            Stacking::Stacked => self.lines.iter().filter_map(|line| line.at(at)).sum(),
            // A word is no more than all, but its total may be older by one step of publication.
            Stacking::Overlapping => {
                let most = self.lines.iter().filter_map(|line| line.at(at)).max();
                self.totals.get(at).copied().flatten().max(most).unwrap_or(0)
            }
        }
    }

    /// The share of a number of a week, in tenths of a percent.
    #[must_use]
    pub fn share(&self, at: usize, number: i64) -> i64 {
        per_mille(number, self.whole(at))
    }

    /// The highest column or line.
    #[must_use]
    pub fn most(&self) -> i64 {
        let high = |at: usize| match self.stacking {
            Stacking::Stacked => self.whole(at),
            Stacking::Overlapping => {
                self.lines.iter().filter_map(|line| line.at(at)).max().unwrap_or(0)
            }
        };
        (0..self.weeks.len()).map(high).max().unwrap_or(0)
    }
}

impl Line {
    /// The highest number of a week.
    fn peak(&self) -> i64 {
        self.numbers.iter().flatten().copied().max().unwrap_or(0)
    }

    /// The number of a week.
    #[must_use]
    pub fn at(&self, week: usize) -> Option<i64> {
        self.numbers.get(week).copied().flatten()
    }
}

/// A share in tenths of a percent, rounded.
#[must_use]
pub fn per_mille(number: i64, whole: i64) -> i64 {
    if whole <= 0 { 0 } else { (number.saturating_mul(1000) + whole / 2) / whole }
}

/// What all series of a schema share.
struct Frame {
    weeks: Vec<Date>,
    totals: Vec<Option<i64>>,
    running: Option<usize>,
}

impl Frame {
    fn of(counts: &[&Count], period: &Period, today: Date) -> Self {
        let weeks: Vec<Date> = period.weeks().collect();
        let mut totals: BTreeMap<Date, i64> = BTreeMap::new();
        for count in counts.iter().filter(|count| count.value.field == ALL) {
            *totals.entry(count.week).or_default() += count.number;
        }
        let totals = weeks.iter().map(|week| totals.get(week).copied()).collect();
        let running = weeks.iter().position(|monday| *monday == week(today));
        Self { weeks, totals, running }
    }

    fn series(self, lines: Vec<Line>, stacking: Stacking, order: Order) -> Series {
        let Self { weeks, totals, running } = self;
        Series { weeks, totals, lines, stacking, order, running }
    }
}

fn add(one: Line, more: Line) -> Line {
    let pairs = one.numbers.into_iter().zip(more.numbers);
    let sum = |(one, more): (Option<i64>, Option<i64>)| match (one, more) {
        (None, more) => more,
        (one, None) => one,
        (Some(one), Some(more)) => Some(one + more),
    };
    Line { word: one.word, is_other: true, numbers: pairs.map(sum).collect() }
}

#[cfg(test)]
mod tests;
