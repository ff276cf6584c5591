//! Which metrics belong together: a histogram or summary has several, and is read whole. Pure.

use std::collections::BTreeSet;

/// What follows the family's name.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// The family of series without a name.
pub const NAMELESS: &str = "";
/// The family of series that describe targets.
pub const TARGET_INFO: &str = "target_info";

/// Gives the family of a metric: its name without one of the suffixes of histograms and summaries.
///
/// It depends on nothing but the name, so that each metric has one family at all times: a metric that appears later
/// neither moves another into a second family nor out of the only one. That `requests_count` may have nothing to do with
/// `requests` does no harm; they are read together.
#[must_use]
pub fn family(metric: &str) -> &str {
    let found = SUFFIXES.iter().find_map(|suffix| metric.strip_suffix(suffix));
    found.filter(|family| !family.is_empty()).unwrap_or(metric)
}

/// Gives the metrics that a family may have. The family without a name has no metric.
pub(super) fn members(name: &str) -> impl Iterator<Item = String> {
    let own = (family(name) == name).then(|| name.to_owned());
    own.into_iter().chain(SUFFIXES.iter().map(move |suffix| format!("{name}{suffix}")))
}

/// Gives the families of metrics, sorted. The first is that of series without a name, which no store lists.
pub(super) fn all<'a>(metrics: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let named = metrics.into_iter().map(family);
    let families: BTreeSet<&str> = std::iter::once(NAMELESS).chain(named).collect();
    families.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{all, family, members};
    use proptest::prelude::{prop_assume, proptest};

    #[test]
    fn the_metrics_of_a_histogram_are_one_family() {
        let metrics = ["b", "a_bucket", "a_sum", "a_count", "a_sum_sum", "a_total", "_sum"];
        assert_eq!(all(metrics), ["", "_sum", "a", "a_sum", "a_total", "b"]);
    }

    proptest! {
        #[test]
        fn each_metric_is_a_member_of_its_family_and_of_no_other(
            metric in "[a-c_]{0,3}(_sum|_count|_bucket){0,3}", other in "[a-c_]{0,3}(_sum|_count|_bucket){0,3}",
        ) {
            assert!(members(family(&metric)).any(|member| member == metric), "{metric}");
            prop_assume!(!other.is_empty());
            let is_member = members(&other).any(|member| member == metric);
            assert!(!is_member || family(&metric) == other, "{metric} of {other}");
        }
    }
}
