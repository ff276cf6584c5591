//! A sink as it is written.

use std::borrow::Cow;

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::resource::messages;

use super::otlp_http::OtlpHttp;

/// Where data goes to.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.otlp_http) != has(self.otlpHttp)").message(messages::ONE_TRANSPORT))]
pub struct Sink {
    /// The name of the sink within the Exporter: lower-case letters, digits and `-`.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// An OTLP receiver that is reached by HTTP with protobuf.
    #[serde(default, rename = "otlp_http", skip_serializing_if = "Option::is_none")]
    pub otlp_http: Option<OtlpHttp>,
    /// Another spelling of `otlp_http`.
    #[serde(default, rename = "otlpHttp", skip_serializing_if = "Option::is_none")]
    pub otlp_http_camel: Option<OtlpHttp>,
    /// The names of the sources that are sent to this sink. Absent or empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 63)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub sources: Vec<String>,
    /// How points are put together into requests.
    #[serde(default)]
    pub batch: Batch,
    /// What happens when a request fails.
    #[serde(default)]
    pub retry: Retry,
    /// Presets for a receiver: temporality, size of a request, compression, rate and rules for time. Each field of the sink
    /// overrides them; the status shows the result.
    #[serde(default)]
    pub profile: Profile,
    /// `cumulative` sends counters as the store has them. `delta` sends the increase since the last sample. `auto`: as the
    /// profile says.
    #[serde(default)]
    pub temporality: Temporality,
    /// How much is sent to the receiver. What is absent, the profile decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// How points are put together into requests.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// `false` sends what a window of time gives without waiting for more, in requests of at most `maxBytes`.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How long points wait for others to fill a request, from `0s` to `5m`. Points are read by windows, whose width the
    /// operator sets (30 s by default): windows are put together while that takes no longer than this. A time that is shorter
    /// than two windows changes nothing.
    #[serde(default = "batch_timeout")]
    #[schemars(length(min = 2, max = 24), regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"))]
    #[x_kube(validation = Rule::new("duration(self) <= duration('5m')").message(messages::BATCH_TIMEOUT))]
    pub timeout: String,
    /// Points in a request, at most.
    #[serde(default = "batch_size")]
    #[schemars(range(min = 1, max = 20_000))]
    pub max_size: i64,
    /// Bytes of a request before compression, at most: from `1Ki` to `64Mi`. Absent: as the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new(
        "type(self) == int ? self >= 1024 && self <= 67108864 : quantity(self).compareTo(quantity('1Ki')) >= 0 && quantity(self).compareTo(quantity('64Mi')) <= 0"
    ).message(messages::BATCH_BYTES))]
    pub max_bytes: Option<IntOrText>,
}

/// What happens when a request fails.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!(has(self.backoff) && has(self.backoffDuration))").message(messages::ONE_BACKOFF))]
#[x_kube(validation = Rule::new(
    "!has(self.maxBackoff) || duration(self.maxBackoff) >= duration(has(self.backoff) ? self.backoff : has(self.backoffDuration) ? self.backoffDuration : '2s')"
).message(messages::BACKOFF_ORDER))]
pub struct Retry {
    /// `false` sends each request once and drops it if that fails.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How often a request is sent in all, before `onExhausted` applies.
    #[serde(default = "retry_attempts")]
    #[schemars(range(min = 1, max = 100))]
    pub max_attempts: i64,
    /// The pause after the first attempt, from `100ms` to `1h`; it doubles with each attempt. Default: `2s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 24), regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"))]
    #[x_kube(validation = Rule::new("duration(self) >= duration('100ms') && duration(self) <= duration('1h')").message(messages::BACKOFF))]
    pub backoff: Option<String>,
    /// Another spelling of `backoff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 24), regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"))]
    #[x_kube(validation = Rule::new("duration(self) >= duration('100ms') && duration(self) <= duration('1h')").message(messages::BACKOFF_DURATION))]
    pub backoff_duration: Option<String>,
    /// The longest pause, at most `1h`. Default: `60s`, or `backoff` if that is longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 24), regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"))]
    #[x_kube(validation = Rule::new("duration(self) <= duration('1h')").message(messages::LONGEST_PAUSE))]
    pub max_backoff: Option<String>,
    /// What happens when the attempts are used up. `hold`: the status says so, and the sink is tried again after each
    /// `maxBackoff`; no data is lost while the store has it. `drop`: the points are counted as dropped, and a gap is recorded.
    #[serde(default)]
    pub on_exhausted: OnExhausted,
}

/// How much is sent to a receiver.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Points per second, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub points_per_second: Option<i64>,
    /// Points above the average that may be sent at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub burst: Option<i64>,
    /// Requests under way at the same time, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 32))]
    pub in_flight: Option<i64>,
    /// The age of the oldest data that is sent, at least `1m`, such as `24h`. Older data is dropped, counted, and recorded as a gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 24), regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"))]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1m')").message(messages::AGE))]
    pub max_age: Option<String>,
}

/// What happens when the attempts are used up.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum OnExhausted {
    #[default]
    Hold,
    Drop,
}

/// Presets for a receiver.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum Profile {
    #[default]
    Generic,
    #[serde(rename = "grafana-cloud")]
    GrafanaCloud,
    Datadog,
    NewRelic,
    Dynatrace,
    Elastic,
    CloudWatch,
    Prometheus,
}

/// Since when values are counted.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum Temporality {
    #[default]
    Auto,
    Cumulative,
    Delta,
}

/// A number of bytes: an integer, or a quantity such as `4Mi`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(untagged)]
pub enum IntOrText {
    /// A number.
    Number(i64),
    /// A quantity.
    Text(String),
}

impl JsonSchema for IntOrText {
    fn schema_name() -> Cow<'static, str> {
        "IntOrText".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "maxLength": 16,
            "pattern": "^[1-9][0-9]{0,9}(k|Ki|M|Mi)?$",
        })
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self { enabled: yes(), timeout: batch_timeout(), max_size: batch_size(), max_bytes: None }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            enabled: yes(),
            max_attempts: retry_attempts(),
            backoff: None,
            backoff_duration: None,
            max_backoff: None,
            on_exhausted: OnExhausted::Hold,
        }
    }
}

fn yes() -> bool {
    true
}

fn batch_timeout() -> String {
    "5s".to_owned()
}

fn batch_size() -> i64 {
    500
}

fn retry_attempts() -> i64 {
    3
}
