//! Bounds, patterns and enumerations. Each applies to values of its own type.

use jiff::Timestamp;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use regex::Regex;
use serde_json::Value;

/// Says which bounds a value breaks.
pub(super) fn broken(value: &Value, schema: &JSONSchemaProps) -> Vec<String> {
    let mut broken = of_type(value, schema);
    if let Some(values) = &schema.enum_
        && !values.iter().any(|one| one.0 == *value)
    {
        let names = values.iter().filter_map(|one| one.0.as_str()).map(|name| format!("`{name}`"));
        broken.push(format!("must be one of {}", names.collect::<Vec<_>>().join(", ")));
    }
    if let Some(not) = schema.not.as_ref().and_then(|not| not.enum_.as_ref())
        && not.iter().any(|one| one.0 == *value)
    {
        broken.push(NO_SUCH_TYPE.to_owned());
    }
    broken
}

/// What a schema without a type says by bounds that nothing keeps.
const NO_SUCH_TYPE: &str = "must be a text or a list of texts";

fn of_type(value: &Value, schema: &JSONSchemaProps) -> Vec<String> {
    match value {
        Value::String(text) => string(text, schema),
        Value::Number(number) => numbers(number.as_f64().unwrap_or(f64::NAN), schema),
        Value::Array(items) => count(items.len(), schema.min_items, schema.max_items, "items"),
        Value::Object(fields) => {
            if schema.min_properties > schema.max_properties && schema.max_properties.is_some() {
                return vec![NO_SUCH_TYPE.to_owned()];
            }
            count(fields.len(), schema.min_properties, schema.max_properties, "fields")
        }
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

fn string(text: &str, schema: &JSONSchemaProps) -> Vec<String> {
    let mut broken =
        count(text.chars().count(), schema.min_length, schema.max_length, "characters");
    if let Some(pattern) = &schema.pattern
        // A pattern that does not compile here is the API server's to judge.
        && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
    {
        broken.push(format!("must match `{pattern}`"));
    }
    if schema.format.as_deref() == Some("date-time") && text.parse::<Timestamp>().is_err() {
        broken.push("must be a time such as `2026-08-01T00:00:00Z`".to_owned());
    }
    broken
}

fn numbers(number: f64, schema: &JSONSchemaProps) -> Vec<String> {
    match (schema.minimum, schema.maximum) {
        (Some(minimum), Some(maximum)) if minimum > maximum => vec![NO_SUCH_TYPE.to_owned()],
        (Some(minimum), _) if number < minimum => vec![format!("must be at least {minimum}")],
        (_, Some(maximum)) if number > maximum => vec![format!("must be at most {maximum}")],
        _ => Vec::new(),
    }
}

fn count(found: usize, min: Option<i64>, max: Option<i64>, what: &str) -> Vec<String> {
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    match (min, max) {
        (Some(min), _) if found < min => {
            vec![format!("must have at least {min} {what}, not {found}")]
        }
        (_, Some(max)) if found > max => {
            vec![format!("must have at most {max} {what}, not {found}")]
        }
        _ => Vec::new(),
    }
}
