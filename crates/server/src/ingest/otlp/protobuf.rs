//! Reads log records from protobuf: as much of it as they need, and never more at once than counts.
//!
//! A generated decoder makes every message before anybody can look at their number, and two bytes
//! of a hostile body become hundreds in memory. This one walks over the bytes.

use serde_json::{Map, Number, Value};

use super::{Log, PRODUCT, Unreadable, day_of};
use crate::limits::{ITEMS_MAX, OTLP_NESTING_MAX, OTLP_VALUES_MAX};

/// A field that was read.
#[derive(Debug, Clone, Copy)]
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

/// Reads an `ExportLogsServiceRequest`.
///
/// # Errors
/// When it is not whole, or holds too much.
pub fn logs(request: &[u8]) -> Result<Vec<Log>, Unreadable> {
    let mut values = OTLP_VALUES_MAX;
    let mut logs = Vec::new();
    for resource_logs in messages(request, 1) {
        let resource_logs = resource_logs?;
        let mut product = None;
        for resource in messages(resource_logs, 1) {
            for attribute in messages(resource?, 1) {
                let (name, value) = pair(attribute?, &mut values, 0)?;
                if name == PRODUCT {
                    product = value.as_str().map(str::to_owned);
                }
            }
        }
        for scope_logs in messages(resource_logs, 2) {
            for record in messages(scope_logs?, 2) {
                if logs.len() == ITEMS_MAX {
                    return Err(Unreadable::TooMany);
                }
                let log = self::record(record?, &mut values)?;
                logs.push(Log { product: product.clone(), ..log });
            }
        }
    }
    Ok(logs)
}

fn record(record: &[u8], values: &mut usize) -> Result<Log, Unreadable> {
    let mut log = Log::default();
    for field in fields(record) {
        match field? {
            (1, Field::Number(nanos)) => log.day = day_of(nanos).or(log.day),
            // When it was seen stands in for when it happened.
            (11, Field::Number(nanos)) => log.day = log.day.or_else(|| day_of(nanos)),
            (5, Field::Bytes(body)) => log.body = any(body, values, 0)?,
            (6, Field::Bytes(attribute)) => {
                let (name, value) = pair(attribute, values, 0)?;
                log.attributes.insert(name, value);
            }
            (12, Field::Bytes(name)) => log.event = Some(text(name)?).filter(|it| !it.is_empty()),
            _ => {}
        }
    }
    Ok(log)
}

fn pair(bytes: &[u8], values: &mut usize, depth: usize) -> Result<(String, Value), Unreadable> {
    let (mut name, mut value) = (String::new(), Value::Null);
    for field in fields(bytes) {
        match field? {
            (1, Field::Bytes(bytes)) => name = text(bytes)?,
            (2, Field::Bytes(bytes)) => value = any(bytes, values, depth)?,
            _ => {}
        }
    }
    Ok((name, value))
}

/// Reads an `AnyValue`. Bytes are no value that a schema could declare.
fn any(bytes: &[u8], values: &mut usize, depth: usize) -> Result<Value, Unreadable> {
    *values = values.checked_sub(1).ok_or(Unreadable::TooMany)?;
    if depth > OTLP_NESTING_MAX {
        return Err(Unreadable::TooMany);
    }
    let mut value = Value::Null;
    for field in fields(bytes) {
        value = match field? {
            (1, Field::Bytes(bytes)) => Value::String(text(bytes)?),
            (2, Field::Number(truth)) => Value::Bool(truth != 0),
            (3, Field::Number(number)) => Value::from(number.cast_signed()),
            (4, Field::Number(bits)) => {
                Number::from_f64(f64::from_bits(bits)).map_or(Value::Null, Value::Number)
            }
            (5, Field::Bytes(list)) => {
                let items = messages(list, 1);
                Value::Array(
                    items.map(|item| any(item?, values, depth + 1)).collect::<Result<_, _>>()?,
                )
            }
            (6, Field::Bytes(list)) => {
                let pairs = messages(list, 1);
                let pairs = pairs.map(|item| pair(item?, values, depth + 1));
                Value::Object(pairs.collect::<Result<Map<_, _>, _>>()?)
            }
            _ => value,
        };
    }
    Ok(value)
}

fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Unreadable::Broken)
}

/// Gives the messages of one field, as they stand.
fn messages(bytes: &[u8], wanted: u64) -> impl Iterator<Item = Result<&[u8], Unreadable>> {
    fields(bytes).filter_map(move |field| match field {
        Ok((number, Field::Bytes(message))) if number == wanted => Some(Ok(message)),
        Ok(_) => None,
        Err(unreadable) => Some(Err(unreadable)),
    })
}

/// Gives the fields of a message; an error is the last.
fn fields(mut bytes: &[u8]) -> impl Iterator<Item = Result<(u64, Field<'_>), Unreadable>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let field = field(&mut bytes);
        if field.is_none() {
            bytes = &[];
        }
        Some(field.ok_or(Unreadable::Broken))
    })
}

fn field<'b>(bytes: &mut &'b [u8]) -> Option<(u64, Field<'b>)> {
    let key = number(bytes)?;
    let field = match key & 7 {
        0 => Field::Number(number(bytes)?),
        1 => Field::Number(u64::from_le_bytes(*take(bytes, 8)?.first_chunk()?)),
        2 => {
            let length = number(bytes)?;
            Field::Bytes(take(bytes, length)?)
        }
        5 => Field::Number(u32::from_le_bytes(*take(bytes, 4)?.first_chunk()?).into()),
        _ => return None,
    };
    Some((key >> 3, field))
}

fn take<'b>(bytes: &mut &'b [u8], length: u64) -> Option<&'b [u8]> {
    let length = usize::try_from(length).ok()?; // longer than any body
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
