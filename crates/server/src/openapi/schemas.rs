//! What bodies and answers look like, in JSON Schema.

use serde_json::{Map, Value, json};

use crate::limits::{PURPOSE_BYTES_MAX, SQL_BYTES_MAX};

/// The largest number of a JSON reader that keeps numbers as floats.
const EXACT_MAX: u64 = 1 << 53;

/// Points to a schema of the document.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Gives what bodies and answers look like.
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
    let count = json!({"type": "integer", "minimum": 0, "maximum": EXACT_MAX});
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
        "Refused": object(&["error"], &json!({"error": reference("Error"), "rejected": rejected})),
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
    let count = json!({"type": "integer", "minimum": 0, "maximum": EXACT_MAX});
    let row = object(
        &["word", "number"],
        &json!({"word": {"type": "string"}, "number": {"type": ["integer", "null"]}}),
    );
    json!({
        "Counts": object(
            &["schema", "field", "unit", "floor", "rows", "why"],
            &json!({
                "schema": {"type": "string"}, "field": {"type": "string"}, "unit": {"type": "string"},
                "floor": count, "rows": {"type": "array", "items": row}, "why": {"type": "string"},
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

/// Gives the ways to show a token.
pub(super) fn security_schemes() -> Value {
    let bearer = |what: &str| json!({"type": "http", "scheme": "bearer", "description": what});
    json!({
        "sender": bearer("A token of a sender"),
        "reader": bearer("A token of a reader or an administrator"),
        "admin": bearer("A token of an administrator"),
        "browser": {"type": "http", "scheme": "basic", "description": "Any name; the token is the password"},
        "splunk": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Splunk TOKEN"},
    })
}
