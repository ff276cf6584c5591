//! The selectors of a part: those of the source, narrowed to some families. Pure.

use ktel_metricsql::{Expr, Filter, Matcher, Selector, enforce};

use super::families::members;
use super::{Part, ReadError};
use crate::limits::QUERY_REST_BYTES;

const METRIC_NAME: &str = "__name__";

/// Gives the selectors that read a part. None is longer than a query may be, unless a single or-group is.
pub(super) fn selectors(part: &Part, query_bytes_max: usize) -> Result<Vec<Selector>, ReadError> {
    let Some(families) = &part.families else { return Ok(part.selectors.clone()) };
    let longest = part.selectors.iter().flat_map(Selector::groups).map(|group| length(group)).max();
    let room = query_bytes_max.saturating_sub(longest.unwrap_or(0) + QUERY_REST_BYTES);
    let mut narrowed = Vec::new();
    for names in lists(families, room) {
        let matcher =
            Matcher::one_of(METRIC_NAME, names).map_err(|error| ReadError::Unsendable {
                message: format!("no selector of the families can be made: {error}"),
            })?;
        let matchers = [matcher];
        for selector in &part.selectors {
            let all = [Vec::new()];
            let groups = if selector.groups().is_empty() { &all[..] } else { selector.groups() };
            for group in groups {
                let alone = Expr::Selector(Selector::new(vec![group.clone()]));
                // A group that wants other metrics has none of these families.
                if let Ok(Expr::Selector(some)) = enforce(&alone, &matchers) {
                    narrowed.push(some);
                }
            }
        }
    }
    Ok(narrowed)
}

/// Puts the metrics of families into lists; written down, each has about as many bytes as there is room.
fn lists(families: &[String], room: usize) -> Vec<Vec<String>> {
    let mut lists: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for family in families {
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
