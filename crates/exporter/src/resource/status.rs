//! What the status of an Exporter says: the truth about delivery.

pub mod facts;
pub mod next;
pub mod pacing;
mod value;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was delivered, and what stands in the way.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct ExporterStatus {
    /// The generation of the spec that the status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When ktel last confirmed this status. If it is older than a few minutes, nobody looks after the Exporter, and the rest of
    /// the status is old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Time>,
    /// `Accepted`: the spec can be used. `SourcesReady`: the store answers. `CredentialsValid`: no receiver rejects the
    /// credentials. `Delivering`: receivers acknowledge. `CaughtUp`: nothing is late. `Ready`: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_owned()]))]
    pub conditions: Vec<Condition>,
    /// All data before this time has reached all sinks, except what `gaps`, `rejected` and `dropped` count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_through: Option<Time>,
    /// How far the slowest sink is behind, such as `12s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<String>,
    /// Points that receivers acknowledged, such as `1.2M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// What is wrong with the spec, or worth a look: at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub findings: Vec<FindingStatus>,
    /// The sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_owned()]))]
    pub sources: Vec<SourceStatus>,
    /// The sinks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_owned()]))]
    pub sinks: Vec<SinkStatus>,
}

/// One aspect of an Exporter.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The aspect.
    #[serde(rename = "type")]
    pub kind: ConditionType,
    /// `True`, `False` or `Unknown`.
    pub status: ConditionStatus,
    /// Why, as a word for machines.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// Why, for people.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub message: String,
    /// When `status` last changed.
    pub last_transition_time: Time,
    /// The generation of the spec that the condition is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// An aspect of an Exporter.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum ConditionType {
    Accepted,
    SourcesReady,
    CredentialsValid,
    Delivering,
    CaughtUp,
    Ready,
}

/// Whether a condition holds.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum ConditionStatus {
    True,
    False,
    Unknown,
}

/// Something that is wrong with the spec, or worth a look.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct FindingStatus {
    /// The field.
    #[schemars(length(max = 256))]
    pub path: String,
    /// `Error`: what the field is about is not used. `Warning`: it is used.
    pub severity: FindingSeverity,
    /// What it is, as a word for machines.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// What it is, for people.
    #[schemars(length(max = 512))]
    pub message: String,
}

/// Whether the thing that a finding is about is used.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum FindingSeverity {
    Error,
    Warning,
}

/// What is known of a source.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// The name of the source.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Series in the window that was read last.
    #[serde(default)]
    pub series: i64,
    /// Samples that the store got after their window was read.
    #[serde(default)]
    pub late: i64,
    /// Why the last read failed. Absent if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<ErrorStatus>,
}

/// What was delivered to a sink.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct SinkStatus {
    /// The name of the sink.
    #[schemars(length(max = 63))]
    pub name: String,
    /// `Starting`, `Delivering`, `Retrying` (the last request failed), `Exhausted` (the attempts are used up), `Held` (credentials
    /// or address are rejected) or `Suspended`.
    pub state: SinkState,
    /// All data before this time was acknowledged, rejected or dropped. Absent before the first acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked_through: Option<Time>,
    /// Seconds that the sink is behind the newest data that can be delivered. Absent while suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_seconds: Option<i64>,
    /// What happened to the data points, since the sink was added.
    #[serde(default)]
    pub points: PointsStatus,
    /// When the next request is made, if the sink waits for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<Time>,
    /// The last error, until a request succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<ErrorStatus>,
    /// Why points were dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["reason".to_owned()]))]
    pub drops: Vec<DropStatus>,
    /// Times of which data was not delivered: the newest 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub gaps: Vec<GapStatus>,
    /// What applies to the sink, after the profile and the fields of the sink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<ResolvedStatus>,
}

/// What a sink is doing.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum SinkState {
    #[default]
    Starting,
    Delivering,
    Retrying,
    Exhausted,
    Held,
    Suspended,
}

/// What happened to data points. `read` is the sum of `acknowledged`, `rejected`, `dropped` and `inFlight`.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PointsStatus {
    /// Read from the store for this sink.
    pub read: i64,
    /// In requests that were sent, repeats included.
    pub sent: i64,
    /// Acknowledged by the receiver.
    pub acknowledged: i64,
    /// Rejected by the receiver. They are not sent again.
    pub rejected: i64,
    /// Not sent, because of a rule of the spec, or because they have no place in OTLP or at the receiver.
    pub dropped: i64,
    /// Read, and neither acknowledged, rejected nor dropped yet.
    pub in_flight: i64,
    /// Samples of its sources that the store got after their window was read.
    pub late: i64,
}

/// Why points were dropped.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DropStatus {
    /// The reason, as a word for machines.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// How many points.
    pub points: i64,
}

/// An error.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ErrorStatus {
    /// What it is, as a word for machines.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// The HTTP status code, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// What it is, for people. Text of the receiver is cleaned and cut to 256 bytes.
    #[schemars(length(max = 256))]
    pub message: String,
    /// When it happened.
    pub time: Time,
}

/// A time of which data was not delivered.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct GapStatus {
    /// The source.
    #[schemars(length(max = 63))]
    pub source: String,
    /// Its first moment.
    pub from: Time,
    /// The first moment after it.
    pub to: Time,
    /// Why, as a word for machines.
    #[schemars(length(max = 64))]
    pub reason: String,
    /// How many points.
    pub points: i64,
}

/// What applies to a sink.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedStatus {
    /// The address that requests are sent to.
    #[schemars(length(max = 2100))]
    pub endpoint: String,
    /// `cumulative` or `delta`.
    #[schemars(length(max = 16))]
    pub temporality: String,
    /// `gzip`, `zstd` or `none`.
    #[schemars(length(max = 16))]
    pub compression: String,
    /// Points in a request, at most.
    pub max_size: i64,
    /// Bytes of a request before compression, at most.
    pub max_bytes: i64,
    /// Requests under way at the same time, at most.
    pub in_flight: i64,
    /// Points per second. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_per_second: Option<i64>,
    /// The age of the oldest data that is sent. Absent: any age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 24))]
    pub max_age: Option<String>,
    /// Data that is older than the newest by more than this is rejected by the receiver. Absent: any age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 24))]
    pub out_of_order: Option<String>,
}
