//! Queries that count samples or series. Pure.

use std::collections::BTreeSet;

use ktel_metricsql::{Expr, Filter, FilterOperator, Selector};

use super::promql;
use crate::limits::QUERY_REST_BYTES;
use crate::slice::METRIC_NAME;
use crate::time::Window;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Samples,
    Series,
}

impl Unit {
    /// Gives the function that makes one number of what each series has.
    const fn function(self) -> &'static str {
        match self {
            Self::Samples => "sum",
            Self::Series => "count",
        }
    }
}

/// Joins selectors into as few as a query's length allows: what two of them select is counted once.
pub(super) fn joined(selectors: &[Selector], query_bytes_max: usize) -> Vec<Selector> {
    let mut joined: Vec<Selector> = Vec::new();
    for selector in selectors {
        if let Some(last) = joined.last_mut() {
            let is_everything = last.groups().is_empty() || selector.groups().is_empty();
            let both = [last.groups(), selector.groups()].concat();
            let both = Selector::new(if is_everything { Vec::new() } else { all_named(both) });
            let bytes = Expr::Selector(both.clone()).wire().len();
            if bytes + QUERY_REST_BYTES <= query_bytes_max {
                *last = both;
                continue;
            }
        }
        joined.push(selector.clone());
    }
    joined
}

/// Says of each group something about the metric's name, if one of them does: the store would give the name of some
/// groups to those that say nothing. Series without a name are not counted then.
fn all_named(mut groups: Vec<Vec<Filter>>) -> Vec<Vec<Filter>> {
    let is_named = |group: &Vec<Filter>| group.iter().any(|filter| filter.label() == METRIC_NAME);
    if groups.iter().any(is_named)
        && let Ok(any) = Filter::new(METRIC_NAME, FilterOperator::NotEqual, "")
    {
        groups
            .iter_mut()
            .filter(|group| !is_named(group))
            .for_each(|group| group.push(any.clone()));
    }
    groups
}

/// Writes the query that counts what a selector selects.
pub(super) fn of_selector(unit: Unit, selector: &str, window: Window) -> String {
    format!("{}(count_over_time({selector}[{}ms]))", unit.function(), window.millis())
}

/// Writes queries that count what or-groups select, each metric by itself.
///
/// `count_over_time` drops the metric's name, and Prometheus does not answer when two series then have the same labels.
/// Within a metric `or` counts once what two groups select.
pub(super) fn by_name(
    unit: Unit,
    groups: &[Vec<Filter>],
    names: &BTreeSet<String>,
    window: Window,
    query_bytes_max: usize,
) -> Vec<String> {
    let mut queries: Vec<String> = Vec::new();
    for name in names {
        let own: Vec<String> = groups
            .iter()
            .filter(|group| {
                group.iter().all(|filter| filter.label() != METRIC_NAME || filter.holds(name))
            })
            .map(|group| {
                let rest = group.iter().filter(|filter| filter.label() != METRIC_NAME).cloned();
                let named = std::iter::once(Filter::equal(METRIC_NAME, name)).chain(rest);
                let named: Vec<Filter> = named.collect();
                format!("count_over_time({}[{}ms])", promql::selector(&named), window.millis())
            })
            .collect();
        if own.is_empty() {
            continue;
        }
        let term = format!("({}({}) or vector(0))", unit.function(), own.join(" or "));
        match queries.last_mut() {
            Some(last) if last.len() + 3 + term.len() <= query_bytes_max => {
                last.push_str(" + ");
                last.push_str(&term);
            }
            _ => queries.push(term),
        }
    }
    queries
}

#[cfg(test)]
mod tests {
    use super::Unit::{Samples, Series};
    use super::{by_name, joined, of_selector};
    use crate::source::promql::groups;
    use crate::time::{Millis, Window};
    use ktel_metricsql::Selector;

    fn selector(text: &str) -> Selector {
        text.parse().unwrap()
    }

    #[test]
    fn selectors_are_joined_as_long_as_they_fit() {
        let all = ["a", "b{x=\"1\"}", "c"].map(selector);
        assert_eq!(joined(&all, 1000).len(), 1);
        assert_eq!(joined(&all, 1000)[0].groups().len(), 3);
        assert_eq!(joined(&all, 0), all);
        let with_everything = [selector("a"), Selector::new(Vec::new())];
        assert_eq!(joined(&with_everything, 1000), [Selector::new(Vec::new())]);
    }

    #[test]
    fn each_metric_is_counted_by_the_groups_that_want_it() {
        let groups = groups(&[selector(r#"{__name__="a",x="1" or __name__=~"a|b"}"#)]);
        let names = ["a", "b", "c"].map(str::to_owned).into();
        let window = Window { start: Millis(0), end: Millis(1000) };
        let queries = by_name(Samples, &groups, &names, window, 10_000);
        assert_eq!(
            queries,
            [concat!(
                r#"(sum(count_over_time({__name__="a",x="1"}[1000ms]) or count_over_time({__name__="a"}[1000ms])) or vector(0))"#,
                r#" + (sum(count_over_time({__name__="b"}[1000ms])) or vector(0))"#
            )]
        );
        assert_eq!(by_name(Samples, &groups, &names, window, 10).len(), 2);
    }

    #[test]
    fn series_are_counted_by_the_same_queries_with_another_function() {
        let groups = groups(&[selector(r#"{__name__="a"}"#)]);
        let window = Window { start: Millis(0), end: Millis(1000) };
        assert_eq!(
            by_name(Series, &groups, &["a".to_owned()].into(), window, 10_000),
            [r#"(count(count_over_time({__name__="a"}[1000ms])) or vector(0))"#]
        );
        assert_eq!(of_selector(Series, "a", window), "count(count_over_time(a[1000ms]))");
        assert_eq!(of_selector(Samples, "a", window), "sum(count_over_time(a[1000ms]))");
    }
}
