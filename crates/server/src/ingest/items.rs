//! Reads items: reports, batches of events, bare documents and what Kamaji's clients post.

use jiff::civil::Date;
use ktel_model::names::{COMMAND_PATH, EVENTS_SCHEMA, TIMESTAMP};
use ktel_model::standard::schema::Field;
use serde_json::{Map, Value};

use super::builder::ItemBuilder;
use super::context::{Context, Read, Reason, TransportDefaults, is_product};
use crate::record::{Source, is_believable};

/// Reads an envelope (`ktel/report`).
///
/// # Errors
/// When nothing of it can be stored.
pub fn report(context: Context<'_>, item: &Map<String, Value>) -> Result<Read, Reason> {
    let schemas = object(item, "schemas")?;
    let data = object(item, "data")?;
    let product = item.get("product").and_then(|product| product.get("name"));
    let product = context.product(product.and_then(Value::as_str))?;
    let day = item.get("day").and_then(Value::as_str).and_then(|day| day.parse().ok());
    let day = day.ok_or(Reason::Malformed)?;
    let mut builder = ItemBuilder::new(context, data.len())?;
    for (part, (job, section)) in data.iter().enumerate() {
        // Parts that the user piped in are declared nowhere, and omitted.
        let Some(declared) = schemas.get(job) else {
            builder.omitted.note(ktel_model::standard::Reason::Undeclared);
            continue;
        };
        let text = |name| declared.get(name).and_then(Value::as_str);
        let entry = text("schema").and_then(|id| context.catalog.find(id, text("version")));
        builder.add(part, entry, section.as_object());
    }
    builder.finish(context, (Source::Report, day, id_of(item)), product)
}

/// Reads a batch of events (`ktel/events`).
///
/// # Errors
/// When nothing of it can be stored.
pub fn events(context: Context<'_>, item: &Map<String, Value>) -> Result<Read, Reason> {
    let events = item.get("events").and_then(Value::as_array).ok_or(Reason::Malformed)?;
    let product = context.product(item.get("product").and_then(Value::as_str))?;
    let entry = context.catalog.events(product.as_deref());
    let mut builder = ItemBuilder::new(context, events.len())?;
    for (part, event) in events.iter().enumerate() {
        builder.add(part, entry, event.as_object());
    }
    // A repeated batch must have the same day, so the day is taken from its events.
    let day = events.iter().filter_map(Value::as_object).find_map(day_of).unwrap_or(context.today);
    builder.finish(context, (Source::Events, day, id_of(item)), product)
}

/// Reads an item of any kind: an envelope, a batch, a bare report or one event.
///
/// # Errors
/// When nothing of it can be stored.
pub fn collected(
    context: Context<'_>,
    defaults: TransportDefaults<'_>,
    event: &Map<String, Value>,
) -> Result<Read, Reason> {
    let mut read = match event.get("schema").and_then(Value::as_str) {
        Some(REPORT) => report(context, event),
        Some(EVENTS) => events(context, event),
        Some(_) | None => bare(context, defaults, event),
    }?;
    read.record.source = defaults.source;
    Ok(read)
}

/// Reads documents of Kamaji's clients: one flat or nested object for each of four routes.
///
/// # Errors
/// When it cannot be stored, or lacks a required field.
pub fn kamaji(
    context: Context<'_>,
    route: &str,
    item: &Map<String, Value>,
) -> Result<Read, Reason> {
    let entry = context.catalog.find(&format!("ktel/kamaji-{route}"), None);
    let entry = entry.ok_or(Reason::UnknownSchema)?;
    // A required field of a wrong type is omitted, as in other items. An empty text is no value, as it is for
    // Kamaji's own receiver.
    let has = |name: &String| item.get(name).is_some_and(|value| value.as_str() != Some(""));
    let lacks = |(name, field): (&String, &Field)| {
        field.required && !field.expires.is_past(context.today) && !has(name)
    };
    if entry.schema.fields.iter().any(lacks) {
        return Err(Reason::Missing);
    }
    let mut builder = ItemBuilder::new(context, 1)?;
    builder.add(0, Some(entry), Some(item));
    let kamaji = Some("kamaji".to_owned());
    builder.finish(context, (Source::Kamaji, context.today, None), kamaji)
}

/// The name of an envelope.
pub const REPORT: &str = ktel_model::envelope::SCHEMA;
/// The name of a batch.
pub const EVENTS: &str = EVENTS_SCHEMA;

fn bare(
    context: Context<'_>,
    defaults: TransportDefaults<'_>,
    event: &Map<String, Value>,
) -> Result<Read, Reason> {
    let product = context.product(defaults.product.filter(|product| is_product(product)))?;
    let mut builder = ItemBuilder::new(context, event.len())?;
    // A repeated item must have the same day. An invalid day is ignored.
    let mut day = defaults.day.filter(|day| is_believable(*day, context.today));
    if event.contains_key(COMMAND_PATH) {
        day = day_of(event).or(day);
        builder.add(0, context.catalog.events(product.as_deref()), Some(event));
    } else {
        for (part, (job, section)) in event.iter().enumerate() {
            match context.catalog.job(job) {
                Some(entry) => builder.add(part, Some(entry), section.as_object()),
                None => builder.omitted.note(ktel_model::standard::Reason::Undeclared),
            }
        }
    }
    if builder.sections.is_empty() && builder.rejected.is_empty() {
        return Err(Reason::UnknownSchema);
    }
    builder.finish(context, (defaults.source, day.unwrap_or(context.today), None), product)
}

fn object<'v>(item: &'v Map<String, Value>, name: &str) -> Result<&'v Map<String, Value>, Reason> {
    item.get(name).and_then(Value::as_object).ok_or(Reason::Malformed)
}

fn id_of(item: &Map<String, Value>) -> Option<&str> {
    item.get("id").and_then(Value::as_str)
}

/// Reads the day of an event, whose time is exact or a day.
pub(super) fn day_of(event: &Map<String, Value>) -> Option<Date> {
    let time = event.get(TIMESTAMP)?.as_str()?;
    time.get(..10)?.parse().ok()
}
