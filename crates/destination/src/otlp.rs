//! A report as one OTLP log record: every value is an attribute of its own type.

use jiff::Timestamp;
use ktel_model::envelope::Envelope;
use ktel_model::report::Report;
use serde_json::{Map, Number, Value};

use super::protobuf::Message;
use crate::limits::OTLP_VALUE_NESTING_MAX;

/// The name of the event that a report is.
const EVENT: &str = "ktel.report";
/// The name of the event that a command is.
const COMMAND: &str = "ktel.command";
/// `SEVERITY_NUMBER_INFO`.
const INFO: u64 = 9;

/// Encodes an `ExportLogsServiceRequest` with a report.
pub(super) fn logs(report: &Report, envelope: &Envelope, time: Timestamp) -> Vec<u8> {
    let product = envelope.product.name.as_deref().unwrap_or("ktel");
    request(product, |scope_logs| {
        scope_logs.message(2, |out| record(out, EVENT, time, attributes(report)));
    })
}

/// Encodes an `ExportLogsServiceRequest` with events of commands, and when each happened.
pub(super) fn events(product: &str, events: &[(Timestamp, &Map<String, Value>)]) -> Vec<u8> {
    request(product, |scope_logs| {
        for (time, fields) in events {
            let attributes = fields.iter().map(|(name, value)| (name.clone(), value));
            scope_logs.message(2, |out| record(out, COMMAND, *time, attributes));
        }
    })
}

fn request(product: &str, records: impl FnOnce(&mut Message)) -> Vec<u8> {
    let mut request = Message::default();
    request.message(1, |resource_logs| {
        resource_logs.message(1, |resource| {
            attribute(resource, 1, "service.name", &product.into());
        });
        resource_logs.message(2, |scope_logs| {
            scope_logs.message(1, |scope| {
                scope.bytes(1, "ktel").bytes(2, env!("CARGO_PKG_VERSION"));
            });
            records(scope_logs);
        });
    });
    request.finish()
}

fn record<'v>(
    out: &mut Message,
    event: &str,
    time: Timestamp,
    attributes: impl Iterator<Item = (String, &'v Value)>,
) {
    let nanos = u64::try_from(time.as_nanosecond()).unwrap_or_default(); // before 1970: unknown
    out.fixed64(1, nanos).varint(2, INFO);
    out.message(5, |body| any(body, &event.into(), 0));
    for (name, value) in attributes {
        attribute(out, 6, &name, value);
    }
    out.fixed64(11, nanos).bytes(12, event);
}

/// Names every value by its section and its field.
fn attributes(report: &Report) -> impl Iterator<Item = (String, &Value)> {
    report.sections().iter().flat_map(|(section, value)| match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (format!("{section}.{name}"), value)).collect()
        }
        value => vec![(section.clone(), value)],
    })
}

fn attribute(message: &mut Message, field: u64, name: &str, value: &Value) {
    message.message(field, |pair| {
        pair.bytes(1, name);
        pair.message(2, |out| any(out, value, 0));
    });
}

fn any(out: &mut Message, value: &Value, depth: usize) {
    match value {
        Value::Null => {}
        Value::String(text) => {
            out.bytes(1, text);
        }
        Value::Bool(truth) => {
            out.varint(2, u64::from(*truth));
        }
        Value::Number(number) => self::number(out, number),
        nested if depth >= OTLP_VALUE_NESTING_MAX => {
            out.bytes(1, nested.to_string());
        }
        Value::Array(items) => {
            out.message(5, |array| {
                for item in items {
                    array.message(1, |out| any(out, item, depth + 1));
                }
            });
        }
        Value::Object(fields) => {
            out.message(6, |list| {
                for (name, value) in fields {
                    list.message(1, |pair| {
                        pair.bytes(1, name);
                        pair.message(2, |out| any(out, value, depth + 1));
                    });
                }
            });
        }
    }
}

fn number(out: &mut Message, number: &Number) {
    match number.as_i64() {
        Some(whole) => out.varint(3, whole.cast_unsigned()),
        None => out.fixed64(4, number.as_f64().unwrap_or(f64::NAN).to_bits()),
    };
}

#[cfg(test)]
mod tests;
