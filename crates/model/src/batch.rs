//! The document with events of commands, as receivers of JSON get it.

use serde_json::{Map, Value, json};

use crate::names::EVENTS_SCHEMA;

/// `MODEL.REVISION.ADDITION` of the document itself.
const SCHEMA_VERSION: &str = "1.0.0";

/// Puts events into a document. `id` is the key of the batch; events have none.
#[must_use]
pub fn document(product: &str, id: &str, events: &[Map<String, Value>]) -> Value {
    json!({
        "schema": EVENTS_SCHEMA, "schema_version": SCHEMA_VERSION, "product": product,
        "id": id, "events": events,
    })
}

/// Gives the JSON Schema (2020-12) of the document; events have schemas of their own.
#[must_use]
pub fn json_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a receiver gets around events",
        "type": "object",
        "additionalProperties": false,
        "required": ["schema", "schema_version", "product", "id", "events"],
        "properties": {
            "schema": {"const": EVENTS_SCHEMA, "description": "The name by which a receiver recognises the document."},
            "schema_version": {"const": SCHEMA_VERSION, "description": "The version of the document itself."},
            "product": {"type": "string", "description": "The name of the product, as its product file says it."},
            "id": {"type": "string", "description": "The identifier by which a receiver recognises a repetition: random, of this upload alone."},
            "events": {"type": "array", "items": {"type": "object"}, "description": "The events, sorted by their command, so that their order says nothing."}
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{document, json_schema};

    #[test]
    fn the_document_has_exactly_the_members_of_its_schema() {
        let (document, schema) = (document("acme", "1", &[]), json_schema());
        let members = |value: &serde_json::Value| -> BTreeSet<String> {
            value.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(members(&document), members(&schema["properties"]));
    }
}
