//! A report as one OTLP log record: every value is an attribute of its own type.

use jiff::Timestamp;
use ktel_model::envelope::Envelope;
use ktel_model::report::Report;
use serde_json::{Number, Value};

use super::protobuf::Message;

/// The name of the event that a report is.
const EVENT: &str = "ktel.report";
/// `SEVERITY_NUMBER_INFO`.
const INFO: u64 = 9;
/// Deeper values become JSON text: a schema has records of one level, and collectors limit depth.
const NESTING_MAX: usize = 8;

/// Encodes an `ExportLogsServiceRequest`.
pub(super) fn logs(report: &Report, envelope: &Envelope, time: Timestamp) -> Vec<u8> {
    let nanos = u64::try_from(time.as_nanosecond()).unwrap_or_default(); // before 1970: unknown
    let mut request = Message::default();
    request.message(1, |resource_logs| {
        resource_logs.message(1, |resource| {
            let product = envelope.product.name.as_deref().unwrap_or("ktel");
            attribute(resource, 1, "service.name", &product.into());
        });
        resource_logs.message(2, |scope_logs| {
            scope_logs.message(1, |scope| {
                scope.bytes(1, "ktel").bytes(2, env!("CARGO_PKG_VERSION"));
            });
            scope_logs.message(2, |record| {
                record.fixed64(1, nanos).varint(2, INFO);
                record.message(5, |body| any(body, &EVENT.into(), 0));
                for (name, value) in attributes(report) {
                    attribute(record, 6, &name, value);
                }
                record.fixed64(11, nanos).bytes(12, EVENT);
            });
        });
    });
    request.finish()
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
        nested if depth >= NESTING_MAX => {
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
