//! Logs.

use crate::codec::{Enum, Fixed32, Fixed64, Id, One, Text, Uint32};
use crate::common::{AnyValue, InstrumentationScope, KeyValue, Resource};
use crate::message::message;
use crate::open_enum::open_enum;
use crate::repeated::{Many, Repeated};

message! {
    /// Logs of many resources. An `ExportLogsServiceRequest` has the same form.
    LogsData<'a> {
        /// The logs of each resource.
        1 resource_logs: Repeated<'a, ResourceLogs<'a>> as Many<ResourceLogs<'a>>,
    }
}

message! {
    /// The logs of a resource.
    ResourceLogs<'a> {
        /// The resource.
        1 resource: Option<Resource<'a>> as One<Resource<'a>>,
        /// The logs of each scope.
        2 scope_logs: Repeated<'a, ScopeLogs<'a>> as Many<ScopeLogs<'a>>,
        /// The address of the schema of the resource.
        3 schema_url: &'a str as Text,
    }
}

message! {
    /// The logs of a scope.
    ScopeLogs<'a> {
        /// The scope.
        1 scope: Option<InstrumentationScope<'a>> as One<InstrumentationScope<'a>>,
        /// Its log records.
        2 log_records: Repeated<'a, LogRecord<'a>> as Many<LogRecord<'a>>,
        /// The address of the schema of the scope and its records.
        3 schema_url: &'a str as Text,
    }
}

message! {
    /// A log record.
    LogRecord<'a> as Item {
        /// When it happened, in nanoseconds since 1970; 0 is unknown.
        1 time_unix_nano: u64 as Fixed64,
        /// The severity as a number.
        2 severity_number: SeverityNumber as Enum<SeverityNumber>,
        /// The severity in the words of the source, such as `warning`.
        3 severity_text: &'a str as Text,
        /// The message, as a text or structured.
        5 body: Option<AnyValue<'a>> as One<AnyValue<'a>>,
        /// Its attributes.
        6 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes the sender dropped.
        7 dropped_attributes_count: u32 as Uint32,
        /// The lowest eight bits are the trace flags of W3C.
        8 flags: u32 as Fixed32,
        /// The id of the trace that it belongs to: 16 bytes, or empty.
        9 trace_id: &'a [u8] as Id,
        /// The id of the span that it belongs to: 8 bytes, or empty.
        10 span_id: &'a [u8] as Id,
        /// When it was collected, in nanoseconds since 1970.
        11 observed_time_unix_nano: u64 as Fixed64,
        /// The name of the event, or empty if the record is no event.
        12 event_name: &'a str as Text,
    }
}

open_enum! {
    /// The severity of a log record, from 1 (trace) to 24 (fatal). Each name is the first of four steps.
    SeverityNumber {
        /// The sender did not say.
        UNSPECIFIED = 0,
        /// Details for debugging.
        TRACE = 1,
        /// For debugging.
        DEBUG = 5,
        /// An informational message.
        INFO = 9,
        /// A warning.
        WARN = 13,
        /// An error.
        ERROR = 17,
        /// A fatal error, such as a crash.
        FATAL = 21,
    }
}
