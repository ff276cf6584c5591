//! The selectors of a part: those of the source, narrowed to some families. Pure.

use ktel_metricsql::{Expr, Filter, Matcher, Selector, enforce};

use super::error::ReadError;
use super::families::{NAMELESS, TARGET_INFO, members};
use super::{Cuts, Part};
use crate::limits::QUERY_REST_BYTES;

const METRIC_NAME: &str = "__name__";

/// Gives the selectors that read a part. None is longer than a query may be, unless a single or-group is.
///
/// Cuts hold for all families; what describes targets is cut by the labels of the target only, since it has no others in
/// common with the series.
pub(super) fn selectors(
    part: &Part,
    cuts: &Cuts,
    query_bytes_max: usize,
) -> Result<Vec<Selector>, ReadError> {
    let Some(families) = &part.families else { return Ok(part.selectors.clone()) };
    if cuts.is_empty() {
        return of_families(part, families, &[], query_bytes_max);
    }
    let (infos, others): (Vec<String>, Vec<String>) =
        families.iter().cloned().partition(|family| family == TARGET_INFO);
    let mut narrowed = of_families(part, &others, &cuts.filters(), query_bytes_max)?;
    let cuts = cuts.of_target().filters();
    narrowed.extend(of_families(part, &infos, &cuts, query_bytes_max)?);
    Ok(narrowed)
}

fn of_families(
    part: &Part,
    families: &[String],
    cuts: &[Filter],
    query_bytes_max: usize,
) -> Result<Vec<Selector>, ReadError> {
    let longest = part.selectors.iter().flat_map(Selector::groups).map(|group| length(group)).max();
    let longest = longest.unwrap_or(0) + length(cuts);
    let room = query_bytes_max.saturating_sub(longest + QUERY_REST_BYTES);
    let mut narrowed = Vec::new();
    if families.iter().any(|family| family == NAMELESS) {
        narrowed.extend(part.selectors.iter().flat_map(nameless));
    }
    for names in lists(families, room) {
        let matcher =
            Matcher::one_of(METRIC_NAME, names).map_err(|error| ReadError::Unsendable {
                message: format!("no selector of the families can be made: {error}"),
            })?;
        let matchers = [matcher];
        for selector in &part.selectors {
            for group in groups(selector) {
                let alone = Expr::Selector(Selector::new(vec![group]));
                // A group that wants other metrics has none of these families.
                if let Ok(Expr::Selector(some)) = enforce(&alone, &matchers) {
                    narrowed.push(some);
                }
            }
        }
    }
    if !cuts.is_empty() {
        let also = |group: &Vec<Filter>| [group.as_slice(), cuts].concat();
        let cut =
            narrowed.iter().map(|some| Selector::new(some.groups().iter().map(also).collect()));
        narrowed = cut.collect();
    }
    Ok(narrowed)
}

fn groups(selector: &Selector) -> Vec<Vec<Filter>> {
    if selector.groups().is_empty() { vec![Vec::new()] } else { selector.groups().to_vec() }
}

/// Narrows a selector to series without a name.
fn nameless(selector: &Selector) -> impl Iterator<Item = Selector> {
    let may_be = |group: &Vec<Filter>| {
        group.iter().all(|filter| filter.label() != METRIC_NAME || filter.holds(""))
    };
    groups(selector).into_iter().filter(may_be).map(|mut group| {
        group.retain(|filter| filter.label() != METRIC_NAME);
        group.push(Filter::equal(METRIC_NAME, ""));
        Selector::new(vec![group])
    })
}

/// Puts the metrics of families into lists; written down, each has about as many bytes as there is room.
fn lists(families: &[String], room: usize) -> Vec<Vec<String>> {
    let mut lists: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for family in families.iter().filter(|family| *family != NAMELESS) {
        let names: Vec<String> = members(family).collect();
        // A name may need an escape for each byte.
        let more: usize = names.iter().map(|name| 2 * name.len() + 1).sum();
        match lists.last_mut() {
            Some(last) if bytes + more <= room => last.extend(names),
            _ => {
                bytes = 0;
                lists.push(names);
            }
        }
        bytes += more;
    }
    lists
}

/// How long a group is when it is written.
fn length(group: &[Filter]) -> usize {
    group.iter().map(|filter| filter.to_string().len() + 1).sum()
}

#[cfg(test)]
mod tests {
    use super::selectors;
    use crate::source::{Cuts, Part};
    use ktel_metricsql::{Expr, Selector};

    fn narrowed(selector: &str, families: &[&str], query_bytes_max: usize) -> Vec<String> {
        let families = Some(families.iter().map(|&family| family.to_owned()).collect());
        let selector: Selector = selector.parse().unwrap();
        let part = Part { selectors: vec![selector], families };
        let texts = selectors(&part, &Cuts::default(), query_bytes_max).unwrap().into_iter();
        texts.map(|selector| Expr::Selector(selector).wire()).collect()
    }

    #[test]
    fn groups_are_narrowed_and_those_that_want_other_metrics_too_large() {
        assert_eq!(
            narrowed(
                r#"{__name__="a_sum",x="1" or __name__="b" or __name__=~"a.*"}"#,
                &["a"],
                1000
            ),
            [
                r#"a_sum{x="1",__name__=~"a|a_bucket|a_count|a_sum"}"#,
                r#"{__name__=~"a.*",__name__=~"a|a_bucket|a_count|a_sum"}"#,
            ]
        );
        assert!(narrowed("b", &["a"], 1000).is_empty());
    }

    #[test]
    fn series_without_a_name_are_a_family() {
        assert_eq!(narrowed(r#"{x="1"}"#, &[""], 1000), [r#"{__name__="",x="1"}"#]);
        assert_eq!(narrowed(r#"{__name__!="up",x="1"}"#, &[""], 1000), [r#"{__name__="",x="1"}"#]);
        assert!(narrowed("up", &[""], 1000).is_empty());
    }

    #[test]
    fn no_query_is_too_long() {
        let names: Vec<String> = (0..500).map(|number| format!("metric_{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let narrowed = narrowed(r#"{tenant="me"}"#, &names, 1000);
        assert!(narrowed.iter().all(|query| query.len() <= 1000));
        assert!(narrowed.len() < 200);
        let all = narrowed.join(" ");
        assert!(names.iter().all(|name| all.contains(&format!("{name}_bucket|"))));
    }
}
