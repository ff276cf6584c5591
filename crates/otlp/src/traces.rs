//! Traces.

use crate::codec::{Enum, Fixed32, Fixed64, Id, One, Text, Uint32};
use crate::common::{InstrumentationScope, KeyValue, Resource};
use crate::message::message;
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
        /// The id of the trace: 16 bytes.
        1 trace_id: &'a [u8] as Id,
        /// The id of the span: 8 bytes.
        2 span_id: &'a [u8] as Id,
        /// The trace state, as the header `tracestate` of W3C has it.
        3 trace_state: &'a str as Text,
        /// The id of the parent span: 8 bytes, or empty for a root span.
        4 parent_span_id: &'a [u8] as Id,
        /// The name of the operation.
        5 name: &'a str as Text,
        /// Its role in a call.
        6 kind: SpanKind as Enum<SpanKind>,
        /// When it began, in nanoseconds since 1970.
        7 start_time_unix_nano: u64 as Fixed64,
        /// When it ended, in nanoseconds since 1970.
        8 end_time_unix_nano: u64 as Fixed64,
        /// Its attributes.
        9 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes the sender dropped.
        10 dropped_attributes_count: u32 as Uint32,
        /// Events during the span.
        11 events: Repeated<'a, SpanEvent<'a>> as Many<SpanEvent<'a>>,
        /// How many events the sender dropped.
        12 dropped_events_count: u32 as Uint32,
        /// Links to other spans.
        13 links: Repeated<'a, SpanLink<'a>> as Many<SpanLink<'a>>,
        /// How many links the sender dropped.
        14 dropped_links_count: u32 as Uint32,
        /// Its status.
        15 status: Option<SpanStatus<'a>> as One<SpanStatus<'a>>,
        /// The lowest eight bits are the trace flags of W3C.
        16 flags: u32 as Fixed32,
    }
}

message! {
    /// An event during a span.
    SpanEvent<'a> {
        /// When it happened, in nanoseconds since 1970.
        1 time_unix_nano: u64 as Fixed64,
        /// The name of the event.
        2 name: &'a str as Text,
        /// Its attributes.
        3 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes the sender dropped.
        4 dropped_attributes_count: u32 as Uint32,
    }
}

message! {
    /// A link to another span, of the same trace or of another.
    SpanLink<'a> {
        /// The id of the trace: 16 bytes.
        1 trace_id: &'a [u8] as Id,
        /// The id of the span: 8 bytes.
        2 span_id: &'a [u8] as Id,
        /// The trace state, as the header `tracestate` of W3C has it.
        3 trace_state: &'a str as Text,
        /// The attributes of the link.
        4 attributes: Repeated<'a, KeyValue<'a>> as Many<KeyValue<'a>>,
        /// How many attributes the sender dropped.
        5 dropped_attributes_count: u32 as Uint32,
        /// The lowest eight bits are the trace flags of W3C.
        6 flags: u32 as Fixed32,
    }
}

message! {
    /// The status of a span.
    SpanStatus<'a> {
        /// What went wrong, for developers.
        2 message: &'a str as Text,
        /// Whether the operation failed.
        3 code: StatusCode as Enum<StatusCode>,
    }
}

open_enum! {
    /// The role of a span in a call.
    SpanKind {
        /// The sender did not say.
        UNSPECIFIED = 0,
        /// An operation within the application.
        INTERNAL = 1,
        /// The server of a synchronous call.
        SERVER = 2,
        /// The client of a synchronous call.
        CLIENT = 3,
        /// The sender of a message.
        PRODUCER = 4,
        /// The receiver of a message.
        CONSUMER = 5,
    }
}

open_enum! {
    /// Whether the operation of a span failed.
    StatusCode {
        /// The sender did not say.
        UNSET = 0,
        /// A person or a program decided that it succeeded.
        OK = 1,
        /// The operation failed.
        ERROR = 2,
    }
}
