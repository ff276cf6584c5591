//! What leaves beside sections and events: the documents around them, the headers of requests, and what
//! other protocols add. It completes the dictionary.
//!
//! The members come from the JSON Schemas of the documents. A test of the program compares the headers and
//! the additions with requests of every protocol.

use serde_json::Value;

use crate::envelope::Envelope;
use crate::{batch, names};

/// A member, a header or an attribute, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name; `a.b` is a member of a member, and `*` any name.
    pub name: String,
    /// What it is.
    pub what: String,
}

/// A header of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Whether every HTTP request has it, or which.
    pub when: &'static str,
    /// What it says.
    pub what: &'static str,
}

/// Every header that a request can have.
pub const HEADERS: &[Header] = &[
    header("host", "always", "The host and port of the receiver."),
    header("user-agent", "always", "`ktel/` and the version of ktel. Nothing about the machine."),
    header("accept", "always", "`*/*`."),
    header("content-type", "always", "The format of the body."),
    header("content-length", "with a body of known length", "The length of the body."),
    header("content-encoding", "if it saves bytes", "`gzip`."),
    header(
        names::IDEMPOTENCY_KEY,
        "always",
        "The identifier of the report or the upload, so that a receiver recognises a repetition.",
    ),
    header(
        "authorization",
        "if you or the product file set a token",
        "The token, or the public key of the product file.",
    ),
    header("te", "OTLP over gRPC", "`trailers`, as gRPC requires."),
    header(
        names::SPLUNK_CHANNEL,
        "Splunk with `?ack=1`",
        "A random UUID of this process, to ask whether the event is stored.",
    ),
    header(
        names::TEST,
        "`ktel events check`",
        "`1`: the receiver checks the body and stores nothing.",
    ),
];

const fn header(name: &'static str, when: &'static str, what: &'static str) -> Header {
    Header { name, when, what }
}

/// What a protocol other than JSON over HTTPS adds to sections and events.
pub const ADDED: &[(&str, &str, &str)] = &[
    ("OTLP", "service.name", "The product, or `ktel`."),
    ("OTLP", "scope.name", "`ktel`."),
    ("OTLP", "scope.version", "The version of ktel."),
    ("OTLP", "eventName", "`ktel.report` or `ktel.command`."),
    ("OTLP", "body", "The same."),
    ("OTLP", "severityNumber", "9, which means INFO."),
    ("OTLP", "timeUnixNano", "When the report was made or the command ended."),
    ("OTLP", "observedTimeUnixNano", "The same."),
    ("Splunk", "time", "When the report was made or the command ended."),
    ("Splunk", "source", "The product, or `ktel`, or what the URL sets."),
    ("Splunk", "sourcetype", "`_json`, or what the URL sets."),
    ("Splunk", "index", "What the URL sets."),
    ("Splunk", "fields", "What the URL sets."),
    ("lines", names::SIGNAL, "The first pair: the product, or what the URL sets."),
];

/// Gives every member of the envelope around a report.
#[must_use]
pub fn envelope() -> Vec<Entry> {
    members(&Envelope::json_schema())
}

/// Gives every member of the document around events.
#[must_use]
pub fn batch() -> Vec<Entry> {
    members(&batch::json_schema())
}

fn members(schema: &Value) -> Vec<Entry> {
    let mut entries = Vec::new();
    collect(schema, "", &mut entries);
    entries
}

/// Adds the members of an object, and those of its members.
fn collect(schema: &Value, prefix: &str, entries: &mut Vec<Entry>) {
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{prefix}{name}");
        let what = member["description"].as_str().unwrap_or_default().to_owned();
        entries.push(Entry { name: name.clone(), what });
        collect(member, &format!("{name}."), entries);
        collect(&member["items"], &format!("{name}[]."), entries);
        collect(&member["additionalProperties"], &format!("{name}.*."), entries);
    }
}

/// Writes the end of the dictionary.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "\n## Around a report\n\nThe envelope: a report is sent in this document. The JSON Schema is \
         [envelope.json](schemas/envelope.json).\n\n| member | what |\n|---|---|\n",
    );
    text.push_str(&rows(&envelope()));
    text.push_str(
        "\n## Around events\n\nThe batch: events of commands are sent in this document. It has no \
         identifier of a user, a machine or an installation.\n\n| member | what |\n|---|---|\n",
    );
    text.push_str(&rows(&batch()));
    text.push_str(
        "\n## Headers\n\nThe headers of a request, beside those that you add with `headers_file`. A receiver also sees the address from which you connect; ktel's server does not store it.\n\n\
         | header | sent | what |\n|---|---|---|\n",
    );
    for Header { name, when, what } in HEADERS {
        text.push_str(&format!("| `{name}` | {when} | {what} |\n"));
    }
    text.push_str(
        "\n## Other protocols\n\nOTLP, Splunk and lines carry sections \
         and events without the documents above.\n\n| protocol | member | what |\n|---|---|---|\n",
    );
    for (protocol, name, what) in ADDED {
        text.push_str(&format!("| {protocol} | `{name}` | {what} |\n"));
    }
    text
}

fn rows(entries: &[Entry]) -> String {
    entries.iter().map(|Entry { name, what }| format!("| `{name}` | {what} |\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::{batch, envelope, markdown};

    #[test]
    fn every_member_is_explained_and_stands_in_the_dictionary() {
        let written = markdown();
        for entry in envelope().into_iter().chain(batch()) {
            assert!(!entry.what.is_empty(), "{} is not explained", entry.name);
            assert!(written.contains(&format!("| `{}` | {} |", entry.name, entry.what)));
        }
        let names: Vec<String> = envelope().into_iter().map(|entry| entry.name).collect();
        for name in ["product.ktel", "failures[].reason", "schemas.*.digest", "installation.id"] {
            assert!(names.iter().any(|known| known == name), "{name} is not in {names:?}");
        }
    }
}
