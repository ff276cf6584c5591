//! Checks a value against the schema of the definition, as the API server does, for use without one.
//!
//! It knows the part of OpenAPI that the definition uses. Rules in CEL are not evaluated: what they say,
//! [`normalise`](super::normalise) checks. A test sends the same resources here and to a real API server.

mod facets;

use std::collections::HashSet;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Value};

use super::finding::Finding;
use super::path::FieldPath;

/// The reason of a finding about a field that the schema does not have.
pub(super) const UNKNOWN_FIELD: &str = "UnknownField";

/// Checks a value; says everything that is wrong with it.
pub(super) fn check(
    value: &Value,
    schema: &JSONSchemaProps,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) {
    if let Some(message) = wrong_type(value, schema) {
        findings.push(Finding::error(path.clone(), "WrongType", message));
        return;
    }
    for message in facets::broken(value, schema) {
        findings.push(Finding::error(path.clone(), "Invalid", message));
    }
    match value {
        Value::Object(fields) => object(fields, schema, path, findings),
        Value::Array(items) => list(items, schema, path, findings),
        _ => {}
    }
}

fn wrong_type(value: &Value, schema: &JSONSchemaProps) -> Option<String> {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_int_or_string = schema.x_kubernetes_int_or_string == Some(true);
    let is_right = match (schema.type_.as_deref(), found) {
        (_, "null") => schema.nullable == Some(true),
        (None, "integer" | "string") if is_int_or_string => true,
        (None, _) => !is_int_or_string,
        (Some("number"), "integer") => true,
        (Some(expected), found) => expected == found,
    };
    let expected = schema.type_.as_deref().unwrap_or(if is_int_or_string {
        "integer or string"
    } else {
        "value"
    });
    (!is_right).then(|| format!("must be of type {expected}, not {found}"))
}

fn object(
    fields: &Map<String, Value>,
    schema: &JSONSchemaProps,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) {
    let keeps_unknown = schema.x_kubernetes_preserve_unknown_fields == Some(true);
    for (name, value) in fields {
        let here = path.field(name.clone());
        let property = schema.properties.as_ref().and_then(|properties| properties.get(name));
        match (property, &schema.additional_properties) {
            // The API server takes a null for nothing where there is a default.
            (Some(property), _) if value.is_null() && property.default.is_some() => {}
            (Some(property), _) => check(value, property, &here, findings),
            (None, Some(JSONSchemaPropsOrBool::Schema(of_values))) => {
                check(value, of_values, &here, findings)
            }
            (None, _) if keeps_unknown => {}
            (None, _) => {
                let known = schema.properties.iter().flatten().map(|(name, _)| name.as_str());
                let message = match nearest(name, known) {
                    Some(nearest) => format!("unknown field; did you mean `{nearest}`?"),
                    None => "unknown field".to_owned(),
                };
                findings.push(Finding::error(here, UNKNOWN_FIELD, message));
            }
        }
    }
    for name in schema.required.iter().flatten().filter(|name| !fields.contains_key(*name)) {
        findings.push(Finding::error(path.field(name.clone()), "Required", "is required"));
    }
}

/// Gives the field that differs in case or `_` only.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let wanted = plain(name);
    known.into_iter().find(|known| plain(known) == wanted)
}

fn list(items: &[Value], schema: &JSONSchemaProps, path: &FieldPath, findings: &mut Vec<Finding>) {
    if let Some(JSONSchemaPropsOrArray::Schema(of_items)) = &schema.items {
        for (index, item) in items.iter().enumerate() {
            check(item, of_items, &path.item(index), findings);
        }
    }
    let keys = schema.x_kubernetes_list_map_keys.as_deref();
    if keys.is_none() && schema.x_kubernetes_list_type.as_deref() != Some("set") {
        return;
    }
    let mut seen = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let identity = match keys {
            None => item.to_string(),
            Some(keys) => {
                keys.iter().map(|key| item[key].to_string()).collect::<Vec<_>>().join(", ")
            }
        };
        if !seen.insert(identity.clone()) {
            let message = format!("{identity} is given twice");
            findings.push(Finding::error(path.item(index), "Duplicate", message));
        }
    }
}
