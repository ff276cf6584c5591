//! The content of the dashboard: one part for each schema with data, one chart for each field.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_model::Schema;
use ktel_model::standard::schema::{Field, Kind, Type};

use crate::anonymity::Population;
use crate::catalog::Catalog;
use crate::limits::PAIR_WORDS_MAX;
use crate::pair::{Pair, pairs};
use crate::store::counts::Count;
use crate::tally::{ALL, week};

pub mod dictionary;
mod grid;
pub mod page;
mod sankey;
mod svg;
pub mod transparency;

/// The filters of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Whose reports.
    pub population: Population,
    /// One product; all of them if `None`.
    pub product: Option<String>,
    /// One version; all of them if `None`. Published numbers are not divided by version.
    pub version: Option<String>,
    /// The number of weeks.
    pub weeks: u32,
    /// The minimum number of senders of a group, of which numbers are multiples; 1 for an administrator.
    pub min_group_size: i64,
}

/// One schema's charts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// What is counted.
    pub unit: Unit,
    /// The total of each week; `None` where nothing is known.
    pub weeks: Vec<(Date, Option<i64>)>,
    /// One chart for each field with data.
    pub charts: Vec<Chart<'a>>,
    /// One chart for each pair of fields with data.
    pub pairs: Vec<PairChart<'a>>,
}

/// What a chart counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Installations, by their last report in the newest week with data.
    Installations(Date),
    /// Reports of the whole period.
    Reports,
    /// Runs of commands of the whole period; groups are of batches.
    Events,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart<'a> {
    /// Its name, the parts joined by dots.
    pub path: String,
    /// Its declaration.
    pub field: &'a Field,
    /// Its groups.
    pub groups: Groups,
}

/// Two fields.
#[derive(Debug, Clone, PartialEq)]
pub struct PairChart<'a> {
    /// The two fields.
    pub pair: Pair<'a>,
    /// Its groups.
    pub groups: Groups,
}

/// The numbers of a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    /// Words and how often they were reported, the largest first.
    pub words: Vec<(String, i64)>,
    /// The number of the smaller groups together.
    pub other: Option<i64>,
}

/// One pair of words: the first, the second, how often.
pub(crate) type Row<'f> = (&'f str, &'f str, i64);

/// The name of the combined small groups, on both sides.
const OTHER: &str = "other";

impl PairChart<'_> {
    /// The rows of the chart; the combined small groups are the last one.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let shown = self.groups.words.iter().filter_map(|(word, number)| {
            let (first, second) = self.pair.sides(word)?;
            Some((first, second, *number))
        });
        shown.chain(self.groups.other.map(|number| (OTHER, OTHER, number))).collect()
    }
}

impl Unit {
    /// The unit of a schema; for installations, with the newest week that has data.
    pub(crate) fn of(schema: &Schema, newest: Date) -> Self {
        let has_id = || schema.fields.values().any(|field| matches!(field.of, Type::Id));
        match schema.kind {
            Kind::Stats if has_id() => Self::Installations(newest),
            Kind::Event => Self::Events,
            Kind::Stats | Kind::Job => Self::Reports,
        }
    }

    /// The plural noun.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Installations(_) => "installations",
            Self::Reports => "reports",
            Self::Events => "events",
        }
    }
}

impl View {
    /// The first week of the period.
    #[must_use]
    pub fn from(&self, today: Date) -> Date {
        let back = i64::from(self.weeks.saturating_sub(1));
        week(today).checked_sub(back.weeks()).unwrap_or(Date::MIN)
    }
}

/// Arranges counts as charts.
#[must_use]
pub fn draw<'a>(catalog: &'a Catalog, counts: &[Count], view: &View, today: Date) -> Vec<Part<'a>> {
    let mut by_schema: BTreeMap<&str, Vec<&Count>> = BTreeMap::new();
    for count in counts {
        by_schema.entry(&count.schema).or_default().push(count);
    }
    catalog
        .entries()
        .filter_map(|entry| {
            let counts = by_schema.get(entry.schema.id().as_str())?;
            Some(part(&entry.schema, counts, view, today))
        })
        .collect()
}

fn part<'a>(schema: &'a Schema, counts: &[&Count], view: &View, today: Date) -> Part<'a> {
    let of_all = |day: Date| {
        let all = counts.iter().find(|count| count.week == day && count.value.field == ALL);
        all.map(|all| all.number)
    };
    let newest = counts.iter().map(|count| count.week).max().unwrap_or(today);
    let unit = Unit::of(schema, newest);
    let first = view.from(today);
    let weeks = (0..i64::from(view.weeks)).filter_map(|back| first.checked_add(back.weeks()).ok());
    let weeks = weeks.map(|day| (day, of_all(day))).collect();
    let charts = schema.all_fields().filter_map(|(path, field)| {
        let mut groups = Groups::of(counts, &path, unit);
        if matches!(field.of, Type::Count(_) | Type::Duration(_)) {
            // Buckets are sorted from small to large.
            groups.words.sort_by_key(|(word, _)| begin(word));
        }
        (groups != Groups::default()).then_some(Chart { path, field, groups })
    });
    let charts = charts.collect();
    let pairs = pairs(schema).filter_map(|pair| {
        let groups = Groups::of(counts, &pair.name, unit).of_frequent(&pair);
        (groups != Groups::default()).then_some(PairChart { pair, groups })
    });
    let pairs = pairs.collect();
    Part { schema, unit, weeks, charts, pairs }
}

impl Groups {
    /// Adds up counts of one field.
    fn of(counts: &[&Count], path: &str, unit: Unit) -> Self {
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
        words.sort_by(|(one, more), (other, less)| (less, one).cmp(&(more, other)));
        Self { words, other }
    }

    /// Keeps the most frequent words of both sides of a pair; a drawing has no room for more.
    fn of_frequent(mut self, pair: &Pair<'_>) -> Self {
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

/// The number that a bucket begins with, as in `21-100` and `10001+`.
fn begin(bucket: &str) -> u64 {
    let digits: String = bucket.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Unit, View, draw};
    use crate::anonymity::Population;
    use crate::catalog::Catalog;
    use crate::limits::PAIR_WORDS_MAX;
    use crate::store::counts::Count;
    use crate::tally::FieldWord;

    fn count(week: i8, schema: &str, field: &str, word: &str, number: i64) -> Count {
        let value = FieldWord { field: field.into(), word: word.into() };
        let week = date(2026, 11, week);
        Count { week, schema: schema.into(), value, is_other: false, number, senders: number }
    }

    fn view(min_group_size: i64) -> View {
        let population = Population::Authenticated;
        View { population, product: None, version: None, weeks: 3, min_group_size }
    }

    #[test]
    fn a_pair_of_many_words_keeps_the_frequent_ones_and_adds_up_the_rest() {
        let (catalog, update) = (Catalog::built_in(), "ktel/kamaji-update");
        let flow = |minor: i64| {
            let word = format!("v1.{minor} → v1.{}", minor + 1);
            count(9, update, "old_tcp_version→new_tcp_version", &word, 10 * minor)
        };
        let counts: Vec<_> = (1..=15).map(flow).collect();
        let parts = draw(&catalog, &counts, &view(10), date(2026, 11, 18));
        let groups = &parts[0].pairs[0].groups;
        assert_eq!((groups.words.len(), groups.other), (PAIR_WORDS_MAX, Some(60)));
        assert_eq!(parts[0].pairs[0].rows()[0], ("v1.15", "v1.16", 150));
    }

    #[test]
    fn buckets_stand_in_their_order() {
        let mut buckets = ["1001-10000", "10001+", "0", "21-100", "2-5"];
        buckets.sort_by_key(|bucket| super::begin(bucket));
        assert_eq!(buckets, ["0", "2-5", "21-100", "1001-10000", "10001+"]);
    }

    #[test]
    fn reports_are_added_up_and_weeks_without_a_number_are_left_open() {
        let catalog = Catalog::built_in();
        let state = "ktel/cluster-state";
        let counts = [
            count(2, state, "pods", "6-20", 10),
            count(9, state, "", "", 40),
            count(9, state, "pods", "6-20", 20),
            Count { is_other: true, ..count(9, state, "pods", "other", 10) },
            count(9, "acme/unknown", "", "", 100),
        ];
        let parts = draw(&catalog, &counts, &view(10), date(2026, 11, 18));
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].unit, Unit::Reports);
        let weeks =
            [(date(2026, 11, 2), None), (date(2026, 11, 9), Some(40)), (date(2026, 11, 16), None)];
        assert_eq!(parts[0].weeks, weeks);
        let charts: Vec<_> = parts[0].charts.iter().map(|chart| chart.path.as_str()).collect();
        assert_eq!(charts, ["pods"]);
        let groups = &parts[0].charts[0].groups;
        assert_eq!((&*groups.words, groups.other), (&[("6-20".to_owned(), 30)][..], Some(10)));
    }
}
