//! Traces.

use crate::codec::{Enum, Fixed32, Fixed64, Id, One, Text, Uint32};
use crate::common::{InstrumentationScope, KeyValue, Resource};
use crate::element::message;
use crate::open_enum::open_enum;
use crate::repeated::{Many, Repeated};

message! {
    /// Spans of many resources. An `ExportTraceServiceRequest` has the same form.
    TracesData<'a> {
        /// The spans of each resource.
        1 resource_spans: Repeated<'a, ResourceSpans<'a>> as Many<ResourceSpans<'a>>,
    }
}

message! {
    /// The spans of a resource.
    ResourceSpans<'a> {
        /// The resource.
        1 resource: Option<Resource<'a>> as One<Resource<'a>>,
        /// The spans of each scope.
        2 scope_spans: Repeated<'a, ScopeSpans<'a>> as Many<ScopeSpans<'a>>,
        /// The address of the schema of the resource.
        3 schema_url: &'a str as Text,
    }
}

message! {
    /// The spans of a scope.
    ScopeSpans<'a> {
        /// The scope.
        1 scope: Option<InstrumentationScope<'a>> as One<InstrumentationScope<'a>>,
        /// Its spans.
        2 spans: Repeated<'a, Span<'a>> as Many<Span<'a>>,
        /// The address of the schema of the scope and its spans.
        3 schema_url: &'a str as Text,
    }
}

message! {
    /// A span: one operation of a trace.
    Span<'a> as Item {
        /// The trace: 16 bytes.
        1 trace_id: &'a [u8] as Id,
        /// The span: 8 bytes.
        2 span_id: &'a [u8] as Id,
        /// The `tracestate` of W3C.
        3 trace_state: &'a str as Text,
        /// The span that it is part of: 8 bytes, or none.
        4 parent_span_id: &'a [u8] as Id,
        /// What it does.
        5 name: &'a str as Text,
        /// Which side of a call it is.
        6 kind: SpanKind as Enum<SpanKind>,
        /// When it began, in nanoseconds since 1970.
        7 start_time_unix_nano: u64 as Fixed64,
        /// When it ended, in nanoseconds since 1970.
        8 end_time_unix_nano: u64 as Fixed64,
        /// What is known of it.
        9 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes are missing.
        10 dropped_attributes_count: u32 as Uint32,
        /// What happened meanwhile.
        11 events: Repeated<'a, SpanEvent<'a>> as Many<SpanEvent<'a>>,
        /// How many events are missing.
        12 dropped_events_count: u32 as Uint32,
        /// Other spans that it has to do with.
        13 links: Repeated<'a, SpanLink<'a>> as Many<SpanLink<'a>>,
        /// How many links are missing.
        14 dropped_links_count: u32 as Uint32,
        /// How it ended.
        15 status: Option<SpanStatus<'a>> as One<SpanStatus<'a>>,
        /// The lowest eight bits are the trace flags of W3C.
        16 flags: u32 as Fixed32,
    }
}

message! {
    /// Something that happened during a span.
    SpanEvent<'a> {
        /// When, in nanoseconds since 1970.
        1 time_unix_nano: u64 as Fixed64,
        /// Its name.
        2 name: &'a str as Text,
        /// What is known of it.
        3 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes are missing.
        4 dropped_attributes_count: u32 as Uint32,
    }
}

message! {
    /// Another span that one has to do with, of the same trace or another.
    SpanLink<'a> {
        /// The trace: 16 bytes.
        1 trace_id: &'a [u8] as Id,
        /// The span: 8 bytes.
        2 span_id: &'a [u8] as Id,
        /// The `tracestate` of W3C.
        3 trace_state: &'a str as Text,
        /// What is known of the link.
        4 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes are missing.
        5 dropped_attributes_count: u32 as Uint32,
        /// The lowest eight bits are the trace flags of W3C.
        6 flags: u32 as Fixed32,
    }
}

message! {
    /// How a span ended.
    SpanStatus<'a> {
        /// What went wrong, for developers.
        2 message: &'a str as Text,
        /// Whether something went wrong.
        3 code: StatusCode as Enum<StatusCode>,
    }
}

open_enum! {
    /// Which side of a call a span is.
    SpanKind {
        /// Not known.
        UNSPECIFIED = 0,
        /// None: it stays within the application.
        INTERNAL = 1,
        /// It answers.
        SERVER = 2,
        /// It asks.
        CLIENT = 3,
        /// It sends a message.
        PRODUCER = 4,
        /// It receives a message.
        CONSUMER = 5,
    }
}

open_enum! {
    /// Whether something went wrong in a span.
    StatusCode {
        /// Nobody said.
        UNSET = 0,
        /// Somebody says that all went well.
        OK = 1,
        /// Something went wrong.
        ERROR = 2,
    }
}
