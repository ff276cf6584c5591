//! The content of the dashboard: one part for each schema with data, one chart for each field.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ktel_model::Schema;

use self::order::Order;
use self::series::{Series, Stacking};
use crate::catalog::Catalog;
use crate::pair::pairs;
use crate::store::counts::Count;
use crate::tally::{is_version, week};

pub(crate) use figure::entry;
pub(crate) use frame::bare;
pub use frame::{ICON, SCRIPT, STYLE, Visitor};
pub use groups::Groups;
pub use parts::{Chart, PairChart, Part};
pub use period::Period;
pub use unit::Unit;
pub use view::View;

pub mod address;
pub mod chart_page;
pub mod dictionary;
pub mod empty;
mod figure;
mod frame;
mod grid;
mod groups;
pub mod login;
pub mod order;
mod over_time;
pub mod overview;
mod overview_page;
pub mod page;
mod parts;
mod period;
pub mod public_page;
mod sankey;
pub mod series;
pub mod standalone;
mod svg;
pub mod transparency;
mod unit;
mod view;

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
            Some(part(&entry.schema, counts, &view.period, today))
        })
        .collect()
}

fn part<'a>(schema: &'a Schema, counts: &[&Count], period: &Period, today: Date) -> Part<'a> {
    let weeks = || counts.iter().map(|count| count.week);
    let over = weeks().filter(|monday| *monday < week(today)).max();
    let unit = Unit::of(schema, over.or_else(|| weeks().max()).unwrap_or(today));
    let charts = schema.all_fields().filter_map(|(path, field)| {
        let order = Order::of(field);
        let groups = Groups::of(counts, &path, unit, order);
        let forms = (order, Stacking::of(field));
        let series = Series::of(counts, &path, forms, period, today);
        let is_version = is_version(schema, &path, field);
        // A word may have been reported in other weeks than the newest one only.
        let has_data = groups != Groups::default() || !series.lines.is_empty();
        has_data.then_some(Chart { path, field, is_version, groups, series })
    });
    let charts = charts.collect();
    let pairs = pairs(schema).filter_map(|pair| {
        let groups = Groups::of(counts, &pair.name, unit, Order::Frequency).of_frequent(&pair);
        let forms = (Order::Frequency, Stacking::Stacked);
        let series = Series::of(counts, &pair.name, forms, period, today);
        (groups != Groups::default()).then_some(PairChart { pair, groups, series })
    });
    let pairs = pairs.collect();
    let totals = Series::of_totals(counts, unit.as_str(), period, today);
    Part { schema, unit, totals, charts, pairs }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Period, Unit, View, draw};
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
        let period = Period::last(3, date(2026, 11, 18));
        View { population, product: None, version: None, period, min_group_size }
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
        assert_eq!(parts[0].totals.totals, [None, Some(40), None]);
        let charts: Vec<_> = parts[0].charts.iter().map(|chart| chart.path.as_str()).collect();
        assert_eq!(charts, ["pods"]);
        let groups = &parts[0].charts[0].groups;
        assert_eq!((&*groups.words, groups.other), (&[("6-20".to_owned(), 30)][..], Some(10)));
        let lines = parts[0].charts[0].series.lines.iter();
        let lines: Vec<_> = lines.map(|line| (line.word.as_str(), &*line.numbers)).collect();
        let [first, second] = [10, 20].map(Some);
        let expected =
            [("6-20", &[first, second, None][..]), ("other", &[Some(0), Some(10), None])];
        assert_eq!(lines, expected);
    }
}
