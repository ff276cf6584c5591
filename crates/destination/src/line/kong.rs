//! The dialect of Kong's ingress controllers: no quotes, no escapes, so it rejects much.

use ktel_model::names::SIGNAL;
use serde_json::{Map, Number, Value};

use super::dialect::{Dialect, LineError, PREFIX, breaks_line};
use crate::limits::LINE_NESTING_MAX;

const DIALECT: Dialect = Dialect::Kong;
/// Go's `%v` of a float changes to the form with an exponent from here on.
const EXPONENT_FORM_FROM: i32 = 6;
const EXPONENT_FORM_BELOW: i32 = -4;

pub(super) fn line(signal: &str, report: &Map<String, Value>) -> Result<String, LineError> {
    if let Some(found) = forging(signal) {
        return Err(LineError::Signal { dialect: DIALECT, found });
    }
    let mut sections = Vec::new();
    for (name, value) in report {
        sections.push(match value {
            Value::Object(section) => pairs(section, 1)?,
            value => pair(name, value)?,
        });
    }
    sections.sort_unstable();
    Ok(format!("{PREFIX}{SIGNAL}={signal};{}\n", sections.concat()))
}

/// The pairs of a section; an object in it is one text among them, and loses its name.
fn pairs(section: &Map<String, Value>, depth: usize) -> Result<String, LineError> {
    let mut pairs = Vec::new();
    for (name, value) in section {
        pairs.push(match value {
            Value::Object(_) if depth >= LINE_NESTING_MAX => {
                return Err(LineError::Nested { dialect: DIALECT, field: name.clone() });
            }
            Value::Object(inner) => self::pairs(inner, depth + 1)?,
            value => pair(name, value)?,
        });
    }
    pairs.sort_unstable();
    Ok(pairs.concat())
}

fn pair(name: &str, value: &Value) -> Result<String, LineError> {
    if let Some(found) = forging(name) {
        return Err(LineError::Name { dialect: DIALECT, name: name.to_owned(), found });
    }
    if name.is_empty() || name == SIGNAL {
        return Err(LineError::Reserved { dialect: DIALECT, name: name.to_owned() });
    }
    let mut text = String::new();
    as_go(value, &mut text);
    match forging(&text) {
        Some(found) => Err(LineError::Value { dialect: DIALECT, field: name.to_owned(), found }),
        None => Ok(format!("{name}={text};")),
    }
}

/// Finds what ends a pair or a line, or begins a value.
fn forging(text: &str) -> Option<char> {
    text.chars().find(|&c| matches!(c, ';' | '=') || breaks_line(c))
}

/// Writes a value as Go's `%v` does.
fn as_go(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_as_go(number)),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                as_go(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            out.push_str("map[");
            for (index, (name, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(name);
                out.push(':');
                as_go(value, out);
            }
            out.push(']');
        }
    }
}

fn number_as_go(number: &Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) => float_as_go(float),
        None => number.to_string(),
    }
}

fn float_as_go(float: f64) -> String {
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').expect("`{:e}` writes an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    if (EXPONENT_FORM_BELOW..EXPONENT_FORM_FROM).contains(&exponent) {
        return float.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::as_go;
    use serde_json::{Value, json};

    #[test]
    fn values_are_written_as_go_writes_them() {
        let table: [(Value, &str); 16] = [
            (json!(0.5), "0.5"),
            (json!(1_000_000.0), "1e+06"),
            (json!(123_456.75), "123456.75"),
            (json!(1_234_567.8), "1.2345678e+06"),
            (json!(100_000.0), "100000"),
            (json!(1e21), "1e+21"),
            (json!(0.0001), "0.0001"),
            (json!(0.00001234), "1.234e-05"),
            (json!(3.0), "3"),
            (json!(-2.5e-7), "-2.5e-07"),
            (json!(1.797_693_134_862_315_7e308), "1.7976931348623157e+308"),
            (json!(1_000_000), "1000000"),
            (json!(null), "<nil>"),
            (json!(true), "true"),
            (json!(["a b", 1, true, null]), "[a b 1 true <nil>]"),
            (json!([{"b": 1, "a": "x"}]), "[map[a:x b:1]]"),
        ];
        for (value, expected) in table {
            let mut text = String::new();
            as_go(&value, &mut text);
            assert_eq!(text, expected, "{value}");
        }
    }
}
