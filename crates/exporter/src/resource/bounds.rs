//! Schemas of maps, with bounds that derives cannot say.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Labels and their values.
pub(super) fn labels(_generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": {"type": "string", "maxLength": 63},
    })
}

/// Headers and their values.
pub(super) fn headers(_generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": {"type": "string", "maxLength": 4096, "pattern": r"^[\t -~]*$"},
    })
}
