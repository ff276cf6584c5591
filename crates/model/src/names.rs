//! The names that a sender writes and a receiver looks for: of events, attributes and documents.

/// The event that a report is, as OTLP and its relays name it. Its attributes are `section.field`.
pub const REPORT_EVENT: &str = "ktel.report";
/// The event that one run of a command is, as OTLP names it.
pub const COMMAND_EVENT: &str = "ktel.command";
/// The attribute of a resource that names its product: a semantic convention of OpenTelemetry.
pub const SERVICE_NAME: &str = "service.name";

/// The field of an event that says which model it has.
pub const SCHEMA_VERSION: &str = "schema_version";
/// The field of an event that says when it happened.
pub const TIMESTAMP: &str = "timestamp";
/// The field that every event of a command has, and nothing else: which command was run.
pub const COMMAND_PATH: &str = "command_path";

/// The first pair of a line: what kind of line it is. No field of a report may have this name.
pub const SIGNAL: &str = "signal";

/// The schema of a document with many events.
pub const EVENTS_SCHEMA: &str = "ktel/events";

/// The header with the identifier by which a receiver recognises a repetition.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The header of a request that ktel's server checks and does not store.
pub const TEST: &str = "ktel-test";
/// The header by which Splunk tells senders apart that ask what is stored.
pub const SPLUNK_CHANNEL: &str = "x-splunk-request-channel";
