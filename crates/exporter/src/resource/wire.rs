//! The resource as users write it, with every spelling. The CRD and `kubectl explain` come from these types.
//!
//! Nothing else of this crate reads them: [`normalise`](super::normalise) makes a [`Spec`](super::Spec) of them.

mod authentication;
mod list;
mod otlp_http;
mod selector;
mod sink;
mod source;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

pub use authentication::{Authentication, AuthenticationType, SecretKeyRef, SecretOnly, SecretRef};
pub use list::StringOrList;
pub use otlp_http::{Compression, HeaderFrom, OtlpHttp, Tls, TrustedAuthorities};
pub use selector::{
    KindSelector, LabelOperator, LabelRequirement, LabelSelector, ResourceSelector,
};
pub use sink::{Batch, IntOrText, Limits, OnExhausted, Profile, Retry, Sink, Temporality};
pub use source::{Backfill, LateData, Metrics, Source};

use super::messages;
use super::status::ExporterStatus;

/// Ships metrics from the platform's store to OTLP receivers, and loses none of them on the way.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[kube(
    group = "telemetry.datumapis.com",
    version = "v1alpha1",
    kind = "Exporter",
    plural = "exporters",
    singular = "exporter",
    shortname = "exp",
    namespaced,
    annotation("helm.sh/resource-policy", "keep"),
    status = "ExporterStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "An Exporter ships metrics from the platform's store to OTLP receivers. The status says what was delivered.",
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status", "description": "Whether everything is delivered in time."}"#,
    printcolumn = r#"{"name": "Delivered through", "type": "string", "jsonPath": ".status.deliveredThrough", "description": "All data before this time has reached all sinks."}"#,
    printcolumn = r#"{"name": "Lag", "type": "string", "jsonPath": ".status.lag", "description": "How far the slowest sink is behind the newest data that can be delivered."}"#,
    printcolumn = r#"{"name": "Sent", "type": "string", "jsonPath": ".status.sent", "description": "Points that receivers acknowledged."}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "self.sinks.all(k, !has(k.sources) || k.sources.all(n, self.sources.exists(s, s.name == n)))"
).message(messages::UNKNOWN_SOURCE))]
pub struct ExporterSpec {
    /// Where data comes from: 1 to 20 sources with different names. Data that two sources select is sent twice.
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_owned()]))]
    pub sources: Vec<Source>,
    /// Where data goes to: 1 to 20 sinks with different names. Each sink has its own progress; a slow one delays no other.
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_owned()]))]
    pub sinks: Vec<Sink>,
    /// Reads and sends nothing while it is true. Progress is kept: afterwards delivery goes on where it stopped.
    #[serde(default)]
    pub suspend: bool,
}
