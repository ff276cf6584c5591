//! A report as one OTLP log record: every value is an attribute of its own type.

use jiff::Timestamp;
use ktel_model::envelope::Envelope;
use ktel_model::names;
use ktel_model::report::Report;
use ktel_otlp::json::write_plain;
use ktel_otlp::{
    Attributes, InstrumentationScope, LogRecord, LogsWriter, Resource, SeverityNumber, ValueWriter,
};
use serde_json::{Map, Value};

use crate::limits::OTLP_VALUE_NESTING_MAX;

#[cfg(test)]
mod tests;

/// Encodes an `ExportLogsServiceRequest` with a report.
pub(super) fn logs(report: &Report, envelope: &Envelope, time: Timestamp) -> Vec<u8> {
    let mut request = request(envelope.product.name.as_deref().unwrap_or("ktel"));
    push(&mut request, names::REPORT_EVENT, time, &attributes(report));
    request.finish()
}

/// Encodes an `ExportLogsServiceRequest` with events of commands, and when each happened.
pub(super) fn events(product: &str, events: &[(Timestamp, &Map<String, Value>)]) -> Vec<u8> {
    let mut request = request(product);
    for (time, fields) in events {
        let mut attributes = Attributes::new();
        for (name, value) in *fields {
            attribute(&mut attributes, name, value);
        }
        push(&mut request, names::COMMAND_EVENT, *time, &attributes);
    }
    request.finish()
}

/// Begins a request about a product.
fn request(product: &str) -> LogsWriter {
    let mut attributes = Attributes::new();
    attributes.push(names::SERVICE_NAME, product);
    let resource = Resource { attributes: attributes.view(), ..Resource::default() };
    let version = env!("CARGO_PKG_VERSION");
    let scope = InstrumentationScope { name: "ktel", version, ..InstrumentationScope::default() };
    let mut request = LogsWriter::new();
    request.resource(&resource, "").scope(&scope, "");
    request
}

fn push(request: &mut LogsWriter, event: &str, time: Timestamp, attributes: &Attributes) {
    let nanos = u64::try_from(time.as_nanosecond()).unwrap_or_default(); // before 1970: unknown
    request.push(&LogRecord {
        time_unix_nano: nanos,
        observed_time_unix_nano: nanos,
        severity_number: SeverityNumber::INFO,
        body: Some(event.into()),
        attributes: attributes.view(),
        event_name: event,
        ..LogRecord::default()
    });
}

/// Names every value by its section and its field.
fn attributes(report: &Report) -> Attributes {
    let mut attributes = Attributes::new();
    for (section, value) in report.sections() {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    attribute(&mut attributes, &format!("{section}.{name}"), value);
                }
            }
            value => attribute(&mut attributes, section, value),
        }
    }
    attributes
}

fn attribute(attributes: &mut Attributes, name: &str, value: &Value) {
    attributes.push(name, |out: ValueWriter<'_>| write_plain(value, OTLP_VALUE_NESTING_MAX, out));
}
