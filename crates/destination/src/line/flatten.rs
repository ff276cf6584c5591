//! Finds the values of a report and the names that lead to each.

use serde_json::{Map, Value};

use crate::limits::LINE_NESTING_MAX;

/// Gives every value with its path, in order.
///
/// Objects are entered, unless they are empty or stand deeper than [`LINE_NESTING_MAX`].
pub(super) fn flatten(report: &Map<String, Value>) -> Vec<(Vec<&str>, &Value)> {
    let mut flat = Vec::new();
    let mut path = Vec::new();
    enter(report, &mut path, &mut flat);
    flat
}

fn enter<'r>(
    map: &'r Map<String, Value>,
    path: &mut Vec<&'r str>,
    flat: &mut Vec<(Vec<&'r str>, &'r Value)>,
) {
    for (name, value) in map {
        path.push(name);
        match value {
            Value::Object(inner) if !inner.is_empty() && path.len() < LINE_NESTING_MAX => {
                enter(inner, path, flat);
            }
            value => flat.push((path.clone(), value)),
        }
        path.pop();
    }
}
