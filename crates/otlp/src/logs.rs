//! Logs.

use crate::codec::{Enum, Fixed32, Fixed64, Id, One, Text, Uint32};
use crate::common::{AnyValue, InstrumentationScope, KeyValue, Resource};
use crate::element::message;
use crate::open_enum::open_enum;
use crate::repeated::{Many, Repeated};

message! {
    /// Logs of many resources. An `ExportLogsServiceRequest` has the same form.
    LogsData<'a> {
        /// What is said of each resource.
        1 resource_logs: Repeated<'a, ResourceLogs<'a>> as Many<ResourceLogs<'a>>,
    }
}

message! {
    /// The logs of a resource.
    ResourceLogs<'a> {
        /// The resource.
        1 resource: Option<Resource<'a>> as One<Resource<'a>>,
        /// What each scope of it says.
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
        /// How bad it is.
        2 severity_number: SeverityNumber as Enum<SeverityNumber>,
        /// How bad it is, as the source says it.
        3 severity_text: &'a str as Text,
        /// What it says.
        5 body: Option<AnyValue<'a>> as One<AnyValue<'a>>,
        /// What is known of it.
        6 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes are missing.
        7 dropped_attributes_count: u32 as Uint32,
        /// The lowest eight bits are the trace flags of W3C.
        8 flags: u32 as Fixed32,
        /// The trace that it belongs to: 16 bytes, or none.
        9 trace_id: &'a [u8] as Id,
        /// The span that it belongs to: 8 bytes, or none.
        10 span_id: &'a [u8] as Id,
        /// When it was seen, in nanoseconds since 1970.
        11 observed_time_unix_nano: u64 as Fixed64,
        /// The name of the event that it is, if it is one.
        12 event_name: &'a str as Text,
    }
}

open_enum! {
    /// How bad something is: from 1, a trace, to 24, fatal. Each of the names has three more steps.
    SeverityNumber {
        /// Not known.
        UNSPECIFIED = 0,
        /// Of use to those who debug at length.
        TRACE = 1,
        /// Of use to those who debug.
        DEBUG = 5,
        /// An event.
        INFO = 9,
        /// Not an error, and more than an event.
        WARN = 13,
        /// Something went wrong.
        ERROR = 17,
        /// It ended because of it.
        FATAL = 21,
    }
}
