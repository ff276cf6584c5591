//! The content of the dashboard: one part for each schema with data, one chart for each field.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_model::Schema;
use ktel_model::standard::schema::{Field, Kind, Type};

use crate::anonymity::{Crossed, Group, Overlap, Published, suppress, suppress_crossed};
use crate::catalog::Catalog;
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
    /// One product; all of them if `None`.
    pub product: Option<String>,
    /// One version; all of them if `None`.
    pub version: Option<String>,
    /// The number of weeks.
    pub weeks: u32,
    /// The minimum number of senders of a group.
    pub min_group_size: i64,
}

/// One schema's charts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// What is counted.
    pub unit: Unit,
    /// The total of each week; `None` below the minimum group size.
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
    pub published: Published,
}

/// Two fields.
#[derive(Debug, Clone, PartialEq)]
pub struct PairChart<'a> {
    /// The two fields.
    pub pair: Pair<'a>,
    /// Its groups.
    pub published: Published,
}

/// One pair of words: the first, the second, how often.
pub(crate) type Row<'f> = (&'f str, &'f str, i64);

/// The name of the combined small groups, on both sides.
const OTHER: &str = "other";

impl PairChart<'_> {
    /// The rows of the chart; the combined small groups are the last one.
    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        let shown = self.published.groups.iter().filter_map(|group| {
            let (first, second) = self.pair.sides(&group.word)?;
            Some((first, second, group.number))
        });
        shown.chain(self.published.other.map(|number| (OTHER, OTHER, number))).collect()
    }
}

/// Whether one sender of a schema can be in several groups of a field.
pub(crate) fn overlap(of: &Type, schema: &Schema) -> Overlap {
    match (of, schema.kind) {
        // One batch has many events with different values.
        (Type::Map(..) | Type::List(_), _) | (_, Kind::Event) => Overlap::Possible,
        _ => Overlap::None,
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
        all.map(|all| (all.number, all.senders))
    };
    let newest = counts.iter().map(|count| count.week).max().unwrap_or(today);
    let unit = Unit::of(schema, newest);
    let first = view.from(today);
    let weeks = (0..i64::from(view.weeks)).filter_map(|back| first.checked_add(back.weeks()).ok());
    let weeks = weeks.map(|day| {
        let shown = of_all(day).filter(|(_, senders)| *senders >= view.min_group_size);
        (day, shown.map(|(number, _)| number))
    });
    let charts = schema.all_fields().filter_map(|(path, field)| {
        let groups = groups(counts, &path, unit);
        let mut published = suppress(groups, overlap(&field.of, schema), view.min_group_size);
        if matches!(field.of, Type::Count(_) | Type::Duration(_)) {
            // Buckets are sorted from small to large.
            published.groups.sort_by_key(|group| begin(&group.word));
        }
        (published != Published::default()).then_some(Chart { path, field, published })
    });
    let charts: Vec<Chart<'_>> = charts.collect();
    let alone = |path: &str| charts.iter().find(|chart| chart.path == path).map(|it| &it.published);
    let pairs = pairs(schema).filter_map(|pair| {
        let alone = [alone(&pair.first)?, alone(&pair.second)?];
        let groups = groups(counts, &pair.name, unit);
        let published = suppress_pair(&pair, groups, alone, schema, view.min_group_size);
        (published != Published::default()).then_some(PairChart { pair, published })
    });
    let (weeks, pairs) = (weeks.collect(), pairs.collect());
    Part { schema, unit, weeks, charts, pairs }
}

/// Suppresses small groups of a pair, given the charts of both its fields.
pub(crate) fn suppress_pair(
    pair: &Pair<'_>,
    groups: Vec<Group>,
    alone: [&Published; 2],
    schema: &Schema,
    min_group_size: i64,
) -> Published {
    let crossed = groups.into_iter().filter_map(|group| {
        let (first, second) = pair.sides(&group.word)?;
        Some(Crossed { words: [first.to_owned(), second.to_owned()], group })
    });
    suppress_crossed(crossed.collect(), alone, overlap(&pair.field.of, schema), min_group_size)
}

/// The number that a bucket begins with, as in `21-100` and `10001+`.
fn begin(bucket: &str) -> u64 {
    let digits: String = bucket.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u64::MAX)
}

fn groups(counts: &[&Count], path: &str, unit: Unit) -> Vec<Group> {
    let mut groups: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.value.field == path) {
        if matches!(unit, Unit::Installations(newest) if newest != count.week) {
            continue;
        }
        let sum = groups.entry(&count.value.word).or_default();
        *sum = (sum.0 + count.number, sum.1 + count.senders);
    }
    let group = |(word, (number, senders)): (&str, (i64, i64))| Group {
        word: word.to_owned(),
        number,
        senders,
    };
    groups.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Unit, View, draw};
    use crate::catalog::Catalog;
    use crate::store::counts::Count;
    use crate::tally::FieldWord;

    fn count(week: i8, schema: &str, field: &str, word: &str, number: i64) -> Count {
        let value = FieldWord { field: field.into(), word: word.into() };
        let week = date(2026, 11, week);
        Count { week, schema: schema.into(), value, number, senders: number }
    }

    fn view(min_group_size: i64) -> View {
        View { product: None, version: None, weeks: 3, min_group_size }
    }

    #[test]
    fn uploads_that_say_several_words_hide_no_more_than_there_are() {
        let (catalog, command) = (Catalog::built_in(), "ktel/command");
        let os = |word, number| count(9, command, "os", word, number);
        // Five uploads may have said both of the small ones: together they hide five, not ten.
        let counts = [os("darwin", 5), os("linux", 40), os("windows", 5)];
        let parts = draw(&catalog, &counts, &view(10), date(2026, 11, 18));
        assert_eq!(parts[0].unit, Unit::Events);
        let published = &parts[0].charts[0].published;
        assert_eq!((published.groups.len(), published.other), (0, Some(50)));
    }

    #[test]
    fn few_upgrades_from_one_version_to_another_are_suppressed() {
        let (catalog, update) = (Catalog::built_in(), "ktel/kamaji-update");
        let flow = |word, number| count(9, update, "old_tcp_version→new_tcp_version", word, number);
        let (old, new) = ("old_tcp_version", "new_tcp_version");
        let counts = [
            flow("v1.24 → v1.25", 40),
            flow("v1.25 → v1.26", 12),
            flow("v1.24 → v1.26", 3),
            flow("v1.26 → v1.27", 50),
            count(9, update, old, "v1.24", 43),
            count(9, update, old, "v1.25", 12),
            count(9, update, old, "v1.26", 50),
            count(9, update, new, "v1.25", 40),
            count(9, update, new, "v1.26", 15),
            count(9, update, new, "v1.27", 50),
        ];
        let parts = draw(&catalog, &counts, &view(10), date(2026, 11, 18));
        let published = &parts[0].pairs[0].published;
        let shown: Vec<&str> = published.groups.iter().map(|group| &*group.word).collect();
        // What is left of 1.24, and of all that came to 1.26, would be the three.
        assert_eq!((shown, published.other), (vec!["v1.26 → v1.27"], Some(55)));
    }

    #[test]
    fn buckets_stand_in_their_order() {
        let mut buckets = ["1001-10000", "10001+", "0", "21-100", "2-5"];
        buckets.sort_by_key(|bucket| super::begin(bucket));
        assert_eq!(buckets, ["0", "2-5", "21-100", "1001-10000", "10001+"]);
    }

    #[test]
    fn reports_are_added_up_and_weeks_with_too_few_are_left_open() {
        let catalog = Catalog::built_in();
        let state = "ktel/cluster-state";
        let counts = [
            count(2, state, "", "", 4),
            count(2, state, "pods", "6-20", 4),
            count(9, state, "", "", 14),
            count(9, state, "pods", "6-20", 14),
            count(9, "acme/unknown", "", "", 100),
        ];
        let parts = draw(&catalog, &counts, &view(10), date(2026, 11, 18));
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].unit, Unit::Reports);
        let weeks =
            [(date(2026, 11, 2), None), (date(2026, 11, 9), Some(14)), (date(2026, 11, 16), None)];
        assert_eq!(parts[0].weeks, weeks);
        let charts: Vec<_> = parts[0].charts.iter().map(|chart| chart.path.as_str()).collect();
        assert_eq!(charts, ["pods"]);
        assert_eq!(parts[0].charts[0].published.groups[0].number, 18);
    }
}
