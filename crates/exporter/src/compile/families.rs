//! A selected part of a histogram or summary brings the other parts: alone it has no place in OTLP.

use ktel_metricsql::{Filter, FilterOperator};

use super::merge::{Group, Term};

const METRIC_NAME: &str = "__name__";
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];
/// Only buckets have them.
const BOUNDS: [&str; 2] = ["le", "vmrange"];

/// Adds an or-group of the other parts behind each that names some parts.
pub(super) fn whole(groups: Vec<Group>) -> Vec<Group> {
    groups
        .into_iter()
        .flat_map(|group| {
            let others = others(&group);
            std::iter::once(group).chain(others)
        })
        .collect()
}

fn others(group: &Group) -> Option<Group> {
    let mut names = group.iter().filter(|term| term.label() == METRIC_NAME);
    let (Some(name), None) = (names.next(), names.next()) else { return None };
    let other = other_names(name)?;
    let rest =
        group.iter().filter(|term| term.label() != METRIC_NAME && !BOUNDS.contains(&term.label()));
    Some(std::iter::once(other).chain(rest.cloned()).collect())
}

/// Gives the names of the parts that a term does not name; none if there are none.
fn other_names(name: &Term) -> Option<Term> {
    let (values, pattern) = match name {
        Term::Set { values, .. } => (values.clone(), None),
        Term::One(filter) => match filter.operator() {
            FilterOperator::Equal => (vec![filter.value().to_owned()], None),
            FilterOperator::Matches if is_list(filter.value()) => {
                (filter.value().split('|').map(str::to_owned).collect(), None)
            }
            FilterOperator::Matches => (Vec::new(), Some(filter.value())),
            FilterOperator::NotEqual | FilterOperator::NotMatches => return None,
        },
    };
    if let Some(pattern) = pattern {
        // One with alternatives may end in a part here and in something else there.
        let (base, part) = based(pattern).filter(|(base, _)| !base.contains('|'))?;
        let others: Vec<&str> = PARTS.into_iter().filter(|other| *other != part).collect();
        let pattern = format!("{base}(?:{})", others.join("|"));
        return Filter::new(METRIC_NAME, FilterOperator::Matches, pattern).ok().map(Term::One);
    }
    let others: Vec<String> = values
        .iter()
        .filter_map(|value| based(value))
        .flat_map(|(base, _)| PARTS.map(|part| format!("{base}{part}")))
        .filter(|other| !values.contains(other))
        .collect();
    (!others.is_empty()).then(|| Term::set(METRIC_NAME, others))
}

fn based(name: &str) -> Option<(&str, &'static str)> {
    let found = PARTS.into_iter().find_map(|part| Some((name.strip_suffix(part)?, part)));
    found.filter(|(base, _)| !base.is_empty())
}

/// Whether an expression is nothing but names.
fn is_list(pattern: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_:|".contains(&byte);
    pattern.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use ktel_metricsql::{Expr, Selector};

    use super::super::merge::{groups_of, selector_of};
    use super::whole;

    #[test]
    fn a_part_brings_the_others_without_its_bound_and_nothing_else_changes() {
        for (written, expected) in [
            (
                r#"x_bucket{job="a",le="1"}"#,
                r#"{__name__="x_bucket",job="a",le="1" or __name__=~"x_count|x_sum",job="a"}"#,
            ),
            ("x_sum", r#"{__name__="x_sum" or __name__=~"x_bucket|x_count"}"#),
            (
                r#"{__name__=~"x_bucket|y|x_sum"}"#,
                r#"{__name__=~"x_bucket|y|x_sum" or __name__="x_count"}"#,
            ),
            (
                r#"{__name__=~"http_.*_bucket"}"#,
                r#"{__name__=~"http_.*_bucket" or __name__=~"http_.*(?:_sum|_count)"}"#,
            ),
            (r#"{__name__=~"x_bucket|x_sum|x_count"}"#, r#"{__name__=~"x_bucket|x_sum|x_count"}"#),
            (r#"{__name__!="x_bucket"}"#, r#"{__name__!="x_bucket"}"#),
            (r#"{__name__=~"a.*|b.*_bucket"}"#, r#"{__name__=~"a.*|b.*_bucket"}"#),
            (r#"x_total{le="1"}"#, r#"x_total{le="1"}"#),
            ("_bucket", "_bucket"),
        ] {
            let selector: Selector = written.parse().unwrap();
            let expected: Selector = expected.parse().unwrap();
            let whole = Expr::Selector(selector_of(&whole(groups_of(&selector))));
            assert_eq!(whole.wire(), Expr::Selector(expected).wire(), "{written}");
        }
    }
}
