//! A settings file as it is written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) ktel: u64,
    pub(super) store: RawStore,
    pub(super) tenancy: RawTenancy,
    #[serde(default)]
    pub(super) resources: RawResources,
    #[serde(default)]
    pub(super) egress: RawEgress,
    #[serde(default)]
    pub(super) reading: RawReading,
    #[serde(default)]
    pub(super) limits: RawLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStore {
    pub(super) kind: RawKind,
    pub(super) version: Option<String>,
    pub(super) url: String,
    pub(super) authorization_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) query_bytes_max: Option<u64>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawKind {
    VictoriaMetrics,
    Prometheus,
    Other,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTenancy {
    #[serde(default)]
    pub(super) labels: BTreeMap<String, RawValue>,
    pub(super) path: Option<RawValue>,
    #[serde(default)]
    pub(super) single_tenant: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawValue {
    NamespaceName,
    NamespaceLabel(String),
    Fixed(String),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawResources {
    pub(super) group: Option<String>,
    pub(super) core_group: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) label_prefix: Option<String>,
    #[serde(default)]
    pub(super) label_keys: RawLabelKeys,
    #[serde(default)]
    pub(super) resolve: RawResolve,
    #[serde(default)]
    pub(super) namespaces: RawReach,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawLabelKeys {
    #[default]
    Underscores,
    Exact,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawResolve {
    #[default]
    Metrics,
    Objects,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawReach {
    #[default]
    Own,
    Tenant,
    All,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEgress {
    #[serde(default)]
    pub(super) allow_http: bool,
    #[serde(default)]
    pub(super) allowed_networks: Vec<String>,
    #[serde(default)]
    pub(super) denied_networks: Vec<String>,
    #[serde(default)]
    pub(super) ports: Vec<u64>,
    #[serde(default)]
    pub(super) proxy_from_environment: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReading {
    pub(super) window: Option<String>,
    pub(super) lag: Option<String>,
    pub(super) lag_min: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) memory: Option<String>,
    pub(super) store_requests_max: Option<u64>,
    #[serde(default)]
    pub(super) tenant: RawTenantLimits,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTenantLimits {
    pub(super) series_max: Option<u64>,
    pub(super) points_per_second: Option<u64>,
    pub(super) bytes_per_second: Option<String>,
    pub(super) query_bytes_max: Option<u64>,
    pub(super) store_requests_max: Option<u64>,
}
