//! A source as it is written.

use std::borrow::Cow;

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::resource::messages;

use super::selector::ResourceSelector;

/// Where data comes from.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The name of the source within the Exporter: lower-case letters, digits and `-`.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// Which metrics are sent. `metrics: {}` sends all metrics of the tenant.
    pub metrics: Metrics,
    /// Older data that is sent beside the new, at low priority. Without it the source begins when the Exporter is created or
    /// the source is added to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<Backfill>,
    /// How long to wait after the end of a window before it is read, such as `30s`, at most `24h`. The default is the
    /// operator's. A longer time catches more samples that the store gets late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 24), regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"))]
    #[x_kube(validation = Rule::new("duration(self) <= duration('24h')").message(messages::LAG))]
    pub min_lag: Option<String>,
    /// What happens to samples that the store gets after their window was read. `off`: nothing. `audit`: they are counted in
    /// the status. `repair`: they are counted and sent, except to sinks that reject old points.
    #[serde(default)]
    pub late_data: LateData,
}

/// Which metrics are sent. If both a query and selectors are given, both must hold.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// A MetricsQL query, such as `{service_name="networking.datumapis.com"}`. A selector sends the raw samples. Any other
    /// expression is evaluated at aligned times and sent as gauges. Empty or absent: all metrics of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16384))]
    pub metricsql: Option<String>,
    /// Selects the resources whose metrics are sent. A resource must match one of the selectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub resource_selectors: Vec<ResourceSelector>,
    /// For a query that is not a selector: the time between two evaluations, from `1s` to `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 24), regex(pattern = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"))]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1s') && duration(self) <= duration('1h')").message(messages::STEP))]
    pub step: Option<String>,
}

/// Older data that is sent beside the new.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Backfill {
    /// The time of the oldest data that is sent, such as `2026-08-01T00:00:00Z`.
    #[schemars(length(max = 40), extend("format" = "date-time"))]
    pub from: String,
    /// Points of old data per second, at most. Without it the limits of the sink apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_rate: Option<i64>,
}

/// What happens to samples that come late.
#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum LateData {
    /// Nothing.
    #[default]
    Off,
    /// They are counted.
    Audit,
    /// They are counted and sent.
    Repair,
}

impl JsonSchema for LateData {
    fn schema_name() -> Cow<'static, str> {
        "LateData".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// kubectl reads `off` without quotes as `false`, so both stand for it. One type cannot say that.
    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-preserve-unknown-fields": true,
            "enum": ["off", "audit", "repair", false],
        })
    }
}

impl<'de> Deserialize<'de> for LateData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(false) => Ok(Self::Off),
            Value::String(text) if text == "off" => Ok(Self::Off),
            Value::String(text) if text == "audit" => Ok(Self::Audit),
            Value::String(text) if text == "repair" => Ok(Self::Repair),
            other => Err(D::Error::custom(format!("`{other}` is none of off, audit and repair"))),
        }
    }
}
