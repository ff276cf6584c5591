//! The JSON Schemas of request and response bodies.

use serde_json::{Map, Value, json};

use crate::anonymity::Population;
use crate::limits::{EXACT_INTEGER_MAX, PURPOSE_BYTES_MAX, SQL_BYTES_MAX};

/// A reference to a schema of the document.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The schemas by name.
pub(super) fn schemas() -> Map<String, Value> {
    [sent(), read()]
        .into_iter()
        .flat_map(|part| match part {
            Value::Object(schemas) => schemas,
            _ => unreachable!("both are objects"),
        })
        .collect()
}

fn sent() -> Value {
    let count = json!({"type": "integer", "minimum": 0, "maximum": EXACT_INTEGER_MAX});
    let error = object(
        &["code", "message", "item"],
        &json!({
            "code": {"type": "string"},
            "message": {"type": "string"},
            "item": {"type": ["integer", "null"], "description": "Which item of the request, from 0"},
            "part": {"type": "integer", "description": "Which section or event of the item"},
            "line": count, "column": count,
        }),
    );
    let rejected = json!({"type": "array", "items": reference("Error")});
    json!({
        "Error": error,
        "Rejection": object(&["error"], &json!({"error": reference("Error"), "rejected": rejected})),
        "Stored": object(
            &["stored", "repeated", "rejected"],
            &json!({
                "stored": count, "repeated": count, "rejected": rejected,
                "receipts": {"type": "array", "items": reference("Receipt")},
            }),
        ),
        "Forgotten": object(
            &["rows", "items", "records", "receipt"],
            &json!({
                "rows": {"type": "object", "additionalProperties": count}, "items": count,
                "records": count, "receipt": reference("Receipt"),
            }),
        ),
        "Code": object(
            &["text", "code"],
            &json!({"text": {"type": "string"}, "code": count, "invalid-event-number": count, "ackId": count}),
        ),
        "Acknowledged": object(
            &["acks"],
            &json!({"acks": {"type": "object", "additionalProperties": {"type": "boolean"}}}),
        ),
        "Receipt": {"type": "object", "required": ["schema", "of", "receiver"]},
        "Keys": object(
            &["keys"],
            &json!({"keys": {"type": "array", "items": object(
                &["id", "algorithm", "public_key", "made"],
                &json!({
                    "id": {"type": "string"}, "algorithm": {"const": "ed25519"},
                    "public_key": {"type": "string"}, "made": {"type": "string", "format": "date"},
                }),
            )}}),
        ),
        "Logged": object(&[], &json!({"partialSuccess": {"type": "object"}})),
        "Status": object(
            &["code", "message"],
            &json!({"code": count, "message": {"type": "string"}}),
        )
    })
}

fn read() -> Value {
    let count = json!({"type": "integer", "minimum": 0, "maximum": EXACT_INTEGER_MAX});
    let row = object(
        &["word", "number"],
        &json!({"word": {"type": "string"}, "number": {"type": ["integer", "null"]}}),
    );
    let week_row = object(
        &["week", "word", "number"],
        &json!({"week": {"type": "string", "format": "date"}, "word": {"type": "string"},
            "number": {"type": ["integer", "null"]}}),
    );
    json!({
        "Series": object(
            &["schema", "field", "unit", "population", "min_group_size", "rows", "why"],
            &json!({
                "schema": {"type": "string"}, "field": {"type": "string"}, "unit": {"type": "string"},
                "population": {"enum": Population::ALL.map(Population::as_str)},
                "min_group_size": count, "rows": {"type": "array", "items": week_row}, "why": {"type": "string"},
            }),
        ),
        "Counts": object(
            &["schema", "field", "unit", "population", "min_group_size", "rows", "why"],
            &json!({
                "schema": {"type": "string"}, "field": {"type": "string"}, "unit": {"type": "string"},
                "population": {"enum": Population::ALL.map(Population::as_str)},
                "min_group_size": count, "rows": {"type": "array", "items": row}, "why": {"type": "string"},
            }),
        ),
        "Question": object(
            &["sql"],
            &json!({
                "sql": {"type": "string", "minLength": 1, "maxLength": SQL_BYTES_MAX},
                "purpose": {"type": "string", "maxLength": PURPOSE_BYTES_MAX},
            }),
        ),
        "Answer": object(
            &["columns", "rows"],
            &json!({
                "columns": {"type": "array", "items": {"type": "string"}},
                "rows": {"type": "array", "items": {"type": "array"}},
            }),
        ),
    })
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

pub(super) fn security_schemes() -> Value {
    let bearer = |what: &str| json!({"type": "http", "scheme": "bearer", "description": what});
    json!({
        "sender": bearer("An ingest token"),
        "reader": bearer("A reader or admin token"),
        "admin": bearer("An admin token"),
        "browser": {"type": "http", "scheme": "basic", "description": "Any user name; the token is the password"},
        "splunk": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Splunk TOKEN"},
    })
}
