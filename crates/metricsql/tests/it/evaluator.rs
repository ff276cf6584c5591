//! A second, slow and simple evaluator of selectors, to hold the real one against.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use ktel_metricsql::{Filter, FilterOperator, Selector};
use regex::Regex;

/// A series by its labels.
pub(crate) type Series = BTreeMap<String, String>;

/// Whether a selector selects a series.
pub(crate) fn selects(selector: &Selector, series: &Series) -> bool {
    let groups = selector.groups();
    groups.is_empty()
        || groups.iter().any(|group| group.iter().all(|filter| passes(filter, series)))
}

pub(crate) fn passes(filter: &Filter, series: &Series) -> bool {
    let value = series.get(filter.label()).map_or("", String::as_str);
    // The patterns of these tests mean the same in both languages.
    let matches = || compiled(filter.value()).is_match(value);
    match filter.operator() {
        FilterOperator::Equal => value == filter.value(),
        FilterOperator::NotEqual => value != filter.value(),
        FilterOperator::Matches => matches(),
        FilterOperator::NotMatches if filter.value() == ".*" => value.is_empty(),
        FilterOperator::NotMatches => !matches(),
    }
}

/// Compiles a pattern once; the worlds of these tests are small, but looked at often.
fn compiled(pattern: &str) -> Regex {
    thread_local!(static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default());
    KNOWN.with_borrow_mut(|known| {
        let compile = || Regex::new(&format!("^(?s:{pattern})$")).unwrap();
        known.entry(pattern.to_owned()).or_insert_with(compile).clone()
    })
}
