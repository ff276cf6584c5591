//! The envelope as a JSON Schema (2020-12). Every member has a description: the dictionary shows it.

use serde_json::{Value, json};

use super::{Envelope, SCHEMA, SCHEMA_VERSION};

impl Envelope {
    /// Gives the JSON Schema of the envelope; sections have schemas of their own.
    #[must_use]
    pub fn json_schema() -> Value {
        let counts =
            json!({"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}});
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "What a receiver gets around a report",
            "type": "object",
            "additionalProperties": false,
            "required": ["schema", "schema_version", "day", "product", "form", "schemas", "failures", "omitted", "user", "data"],
            "properties": {
                "schema": {"const": SCHEMA, "description": "The name by which a receiver recognises an envelope."},
                "schema_version": {"const": SCHEMA_VERSION, "description": "The version of the envelope itself."},
                "day": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "The day, in UTC; no finer time is sent."},
                "product": product(),
                "id": {"type": "string", "description": "The identifier by which a receiver recognises a repetition: random, of this report alone. Only signed envelopes have one."},
                "installation": installation(),
                "signature": {"type": "string", "pattern": "^ed25519:[0-9a-f]{64}[.][0-9a-f]{128}$", "description": "The public key of the installation, and its signature over the bytes of the item without this member, which is the last. Only agents sign."},
                "form": {"enum": ["exact", "coarse"], "description": "Whether values are exact or blurred."},
                "schemas": schemas(),
                "failures": failures(),
                "omitted": {"type": "object", "description": "Values that were omitted, counted by job and reason; not their names.", "additionalProperties": counts},
                "user": {"type": "array", "description": "The names of the parts that the user piped in; no schema declares them.", "items": {"type": "string"}},
                "data": {"type": "object", "description": "The report: one section per job, then the user's parts."}
            }
        })
    }
}

fn product() -> Value {
    json!({
        "type": "object",
        "description": "The product that the report is about.",
        "additionalProperties": false,
        "required": ["ktel"],
        "properties": {
            "name": {"type": "string", "description": "Its name, if the user gave one."},
            "ktel": {"type": "string", "description": "The version of ktel that made the report."}
        }
    })
}

fn installation() -> Value {
    json!({
        "type": "object",
        "description": "A random identity, derived from a key and from nothing in the cluster. Only agents have one.",
        "additionalProperties": false,
        "required": ["id", "persisted"],
        "properties": {
            "id": {"type": "string", "description": "The identifier, computed from the public key of the installation."},
            "persisted": {"type": "boolean", "description": "Whether the next report will have the same identifier."}
        }
    })
}

fn schemas() -> Value {
    json!({
        "type": "object",
        "description": "The schema of every job's section.",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": false,
            "required": ["schema", "version", "digest"],
            "properties": {
                "schema": {"type": "string", "description": "The name of the schema."},
                "version": {"type": "string", "description": "Its version."},
                "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$", "description": "A digest of what the schema declares, so that nobody can change it unseen."}
            }
        }
    })
}

fn failures() -> Value {
    json!({
        "type": "array",
        "description": "The jobs that were requested and gave no section, and the fields that could not be read.",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["job", "reason"],
            "properties": {
                "job": {"type": "string", "description": "The name of the job."},
                "field": {"type": "string", "description": "The field; absent for the whole section."},
                "reason": {"type": "string", "description": "A word of a closed list, such as forbidden or timeout. Texts of errors are not sent: they can name objects."}
            }
        }
    })
}
