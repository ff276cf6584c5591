//! A summary that is selected by its own name brings its sum and its count: without them it is no data point. Pure.
//!
//! Only the store's metadata know which names are those of summaries, so this cannot be compiled beforehand.

use std::collections::BTreeSet;

use ktel_metricsql::{Filter, FilterOperator, Matcher, Selector};

use super::{Metadata, MetricKind};
use crate::limits::QUERY_REST_BYTES;
use crate::slice::METRIC_NAME;

/// Only the series with the summary's own name have it.
const QUANTILE: &str = "quantile";
const PARTS: [&str; 2] = ["_sum", "_count"];

/// Gives selectors, and more of them for the sums and counts that they omit. Each has the filters of the selector that it
/// is for, those of the tenant too, and is no longer than a query may be, unless one name makes it so.
pub(crate) fn whole(
    selectors: &[Selector],
    metadata: &Metadata,
    tenant: &[Matcher],
    query_bytes_max: usize,
) -> Vec<Selector> {
    let is_of_quantiles = |filter: &Filter| {
        filter.label() == QUANTILE && !tenant.iter().any(|own| own.label() == QUANTILE)
    };
    let mut all = selectors.to_vec();
    // The or-groups of resources have one and the same filter of names.
    let mut known: Vec<(&Filter, Vec<String>)> = Vec::new();
    for group in selectors.iter().flat_map(Selector::groups) {
        let mut names = group.iter().filter(|filter| filter.label() == METRIC_NAME);
        let (Some(name), None) = (names.next(), names.next()) else { continue };
        let index = known.iter().position(|(filter, _)| *filter == name).unwrap_or_else(|| {
            known.push((name, missing(name, metadata)));
            known.len() - 1
        });
        let missing = &known[index].1;
        if missing.is_empty() {
            continue;
        }
        let rest = group.iter().filter(|filter| filter.label() != METRIC_NAME);
        let rest: Vec<Filter> = rest.filter(|filter| !is_of_quantiles(filter)).cloned().collect();
        let taken: usize = rest.iter().map(|filter| filter.to_string().len() + 1).sum();
        for names in lists(missing, query_bytes_max.saturating_sub(taken + QUERY_REST_BYTES)) {
            let names = Filter::one_of(METRIC_NAME, names);
            let group = std::iter::once(names).chain(rest.iter().cloned()).collect();
            all.push(Selector::new(vec![group]));
        }
    }
    all
}

/// Gives the sums and counts that a filter of names omits though it takes the quantiles.
fn missing(name: &Filter, metadata: &Metadata) -> Vec<String> {
    let is_summary = |of: &str| metadata.get(of).is_some_and(|one| one.kind == MetricKind::Summary);
    let summaries: Vec<&str> = match name.operator() {
        FilterOperator::Equal => {
            vec![name.value()].into_iter().filter(|of| is_summary(of)).collect()
        }
        FilterOperator::Matches => {
            let names = metadata.keys().map(String::as_str).filter(|of| is_summary(of));
            names.filter(|of| name.holds(of)).collect()
        }
        // Who excludes names means them.
        FilterOperator::NotEqual | FilterOperator::NotMatches => Vec::new(),
    };
    let parts = summaries.iter().flat_map(|of| PARTS.map(|part| format!("{of}{part}")));
    let missing: BTreeSet<String> = parts.filter(|part| !name.holds(part)).collect();
    missing.into_iter().collect()
}

/// Cuts names into lists that have about as many bytes as there is room, and one name at least.
fn lists(names: &[String], room: usize) -> impl Iterator<Item = &[String]> {
    let mut bytes = 0;
    names.chunk_by(move |before, next| {
        // A name may need an escape for each byte.
        bytes += 2 * before.len() + 1;
        let fits = bytes + 2 * next.len() < room;
        if !fits {
            bytes = 0;
        }
        fits
    })
}

#[cfg(test)]
mod tests {
    use ktel_metricsql::{Expr, Matcher, Selector};

    use super::whole;
    use crate::source::{Metadata, MetricKind, MetricMetadata};

    fn metadata() -> Metadata {
        let of = |kind| MetricMetadata { kind, ..MetricMetadata::default() };
        let kinds = [
            ("x", MetricKind::Summary),
            ("x_seconds", MetricKind::Summary),
            ("h", MetricKind::Histogram),
            ("g", MetricKind::Gauge),
        ];
        kinds.map(|(name, kind)| (name.to_owned(), of(kind))).into()
    }

    /// Gives what is added to a selector.
    fn added(written: &str, tenant: &[Matcher], query_bytes_max: usize) -> Vec<String> {
        let selector: Selector = written.parse().unwrap();
        let all = whole(std::slice::from_ref(&selector), &metadata(), tenant, query_bytes_max);
        assert_eq!(all[0], selector, "what was selected stays");
        all.into_iter().skip(1).map(|one| Expr::Selector(one).wire()).collect()
    }

    #[test]
    fn a_summary_brings_its_sum_and_count_and_nothing_else_changes() {
        let tenant = [Matcher::equal("tenant", "t").unwrap()];
        let table: [(&str, &[&str]); 11] = [
            (
                r#"x{tenant="t",quantile="0.5",job="a"}"#,
                &[r#"{__name__=~"x_count|x_sum",tenant="t",job="a"}"#],
            ),
            (r#"x{tenant="t"}"#, &[r#"{__name__=~"x_count|x_sum",tenant="t"}"#]),
            (r#"{__name__=~"x|x_sum",tenant="t"}"#, &[r#"{__name__=~"x_count",tenant="t"}"#]),
            (
                r#"{__name__=~"x.+s",tenant="t"}"#,
                &[r#"{__name__=~"x_seconds_count|x_seconds_sum",tenant="t"}"#],
            ),
            (
                r#"{__name__="g",tenant="t" or __name__="x",tenant="t"}"#,
                &[r#"{__name__=~"x_count|x_sum",tenant="t"}"#],
            ),
            (r#"{__name__=~"x.*",tenant="t"}"#, &[]),
            (r#"{__name__!="x_sum",tenant="t"}"#, &[]),
            (r#"{tenant="t"}"#, &[]),
            (r#"h{tenant="t"}"#, &[]),
            (r#"g{tenant="t",quantile="0.5"}"#, &[]),
            (r#"unknown{tenant="t",quantile="0.5"}"#, &[]),
        ];
        for (written, expected) in table {
            assert_eq!(added(written, &tenant, 1000), expected, "{written}");
        }
    }

    #[test]
    fn a_filter_of_the_tenant_stays_whatever_its_label_is() {
        let tenant = [Matcher::equal("quantile", "t").unwrap()];
        assert_eq!(
            added(r#"x{quantile="t"}"#, &tenant, 1000),
            [r#"{__name__=~"x_count|x_sum",quantile="t"}"#]
        );
    }

    #[test]
    fn a_query_that_would_be_too_long_is_cut() {
        let written = r#"{__name__=~"x|x_seconds",job="a"}"#;
        assert_eq!(added(written, &[], 1000).len(), 1);
        assert_eq!(
            added(written, &[], 0),
            ["x_count", "x_seconds_count", "x_seconds_sum", "x_sum"]
                .map(|name| format!(r#"{{__name__=~"{name}",job="a"}}"#))
        );
    }
}
