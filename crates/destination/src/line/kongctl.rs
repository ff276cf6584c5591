//! The dialect of Kong's command line: sorted keys, values in quotes where they need some.

use ktel_model::names::SIGNAL;
use serde_json::{Map, Value};

use super::dialect::{Dialect, LineError, PREFIX, breaks_line};
use super::flatten::flatten;

const DIALECT: Dialect = Dialect::Kongctl;

pub(super) fn line(signal: &str, report: &Map<String, Value>) -> Result<String, LineError> {
    let mut pairs = Vec::new();
    for (path, value) in flatten(report) {
        let name = path.join(".");
        if let Some(found) = forging_name(&name) {
            return Err(LineError::Name { dialect: DIALECT, name, found });
        }
        if name.is_empty() || name == SIGNAL {
            return Err(LineError::Reserved { dialect: DIALECT, name });
        }
        if matches!(value, Value::Object(map) if !map.is_empty()) {
            return Err(LineError::Nested { dialect: DIALECT, field: name });
        }
        let text = text(value);
        if let Some(found) = forging_value(&text) {
            return Err(LineError::Value { dialect: DIALECT, field: name, found });
        }
        pairs.push((name, text));
    }
    // The values of equal names are sorted too, so that one report is one line.
    pairs.sort_unstable();
    if let Some(found) = forging_value(signal) {
        return Err(LineError::Signal { dialect: DIALECT, found });
    }
    let mut line = format!("{PREFIX}{SIGNAL}={}", quoted(signal));
    for (name, text) in pairs {
        line.push(';');
        line.push_str(&name);
        line.push('=');
        line.push_str(&quoted(&text));
    }
    line.push('\n');
    Ok(line)
}

/// A name cannot stand in quotes.
fn forging_name(name: &str) -> Option<char> {
    name.chars().find(|&c| matches!(c, ';' | '=' | ' ' | '"') || breaks_line(c))
}

/// Backslashes are not escaped: in quotes, one before a quote would turn it into a text, and let
/// the value swallow the pairs behind it.
fn forging_value(text: &str) -> Option<char> {
    let swallows = needs_quotes(text) && (text.ends_with('\\') || text.contains("\\\""));
    swallows.then_some('\\')
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("|"),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.contains([' ', ';', '"', '\n', '\r'])
}

fn quoted(text: &str) -> String {
    if !needs_quotes(text) {
        return text.to_owned();
    }
    let escaped = text.replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
    format!("\"{escaped}\"")
}
