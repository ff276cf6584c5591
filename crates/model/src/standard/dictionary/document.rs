//! What [`describe`](super::describe) says, for programs.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::blur::blur;
use super::super::omitted::Omitted;
use super::super::schema::{Cadence, Decision, Expiry, Field, Form, Purpose, Retention, Schema};
use super::super::word::Word;
use super::english;

/// One schema as a JSON object.
#[must_use]
pub fn document(schema: &Schema) -> Value {
    let Purpose { question, value_to_you, used_for, decisions } = &schema.purpose;
    let Retention { raw, aggregate } = &schema.retention;
    let decisions: Vec<Value> = decisions
        .iter()
        .map(|Decision { date, what, link }| {
            json!({"date": date.to_string(), "what": what, "link": link})
        })
        .collect();
    let cadence = schema
        .cadence
        .as_ref()
        .map(|Cadence { max, jitter }| json!({"max": max, "jitter": jitter}));
    let fields: Vec<Value> = schema.all_fields().map(|(path, field)| of(&path, field)).collect();
    json!({
        "name": schema.name, "id": schema.id(), "kind": schema.kind.word(), "title": schema.title,
        "version": schema.version.to_string(), "stability": schema.stability.word(),
        "digest": schema.digest(),
        "question": question, "value_to_you": value_to_you, "used_for": used_for,
        "decisions": decisions, "owner": schema.owner, "review": schema.review,
        "consent": schema.consent.word(), "cadence": cadence,
        "retention": {"raw": raw, "aggregate": aggregate},
        "access": english::access(&schema.access),
        "fields": fields,
    })
}

/// One field, or a field of a record (`record.field`), as a JSON object.
#[must_use]
pub fn document_field(schema: &Schema, path: &str) -> Option<Value> {
    let mut value = of(path, schema.field(path)?);
    value["schema"] = schema.name.clone().into();
    Some(value)
}

fn of(path: &str, field: &Field) -> Value {
    // A record has no blurred form of its own; its fields have one each.
    let coarse = match field.record() {
        Some(_) => None,
        None => {
            blur(&field.of, &field.example, Form::Coarse, Date::MIN, &mut Omitted::default()).ok()
        }
    };
    let (expires, never) = match &field.expires {
        Expiry::On(date) => (Some(date.to_string()), None),
        Expiry::Never(reason) => (None, Some(reason)),
    };
    json!({
        "field": path, "why": field.why, "what": english::of(&field.of),
        "example": field.example, "coarse_example": coarse,
        "sensitivity": field.sensitivity.word(), "identifiability": field.identifiability.word(),
        "counted_with": field.against, "expires": expires, "no_end_because": never,
    })
}
