//! What a settings file says.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::plan::Egress;
use crate::source::StoreKind;

/// The operator's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where metrics are read.
    pub store: StoreSettings,
    /// Whose data is whose.
    pub tenancy: Tenancy,
    /// How a resource stands on its metrics.
    pub resources: Resources,
    /// What sinks may reach.
    pub egress: Egress,
    /// How windows are read.
    pub reading: Reading,
    /// How much of everything.
    pub limits: Limits,
}

/// Where metrics are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Its kind.
    pub kind: StoreKind,
    /// Where its API begins. May have `{tenant}` in its path.
    pub url: Url,
    /// A file with the value of the header `Authorization`.
    pub authorization_file: Option<PathBuf>,
    /// A file with the authorities to trust instead of the system's, as PEM.
    pub ca_file: Option<PathBuf>,
    /// The longest query it takes.
    pub query_bytes_max: usize,
}

/// Whose data is whose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tenancy {
    /// What every series of a tenant has to carry, by label.
    pub labels: Vec<(String, ValueFrom)>,
    /// What replaces `{tenant}` in the path of the store's URL.
    pub path: Option<ValueFrom>,
}

/// Where a value that identifies a tenant comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueFrom {
    /// A label of the Exporter's Namespace.
    NamespaceLabel(String),
    /// The name of the Exporter's Namespace.
    NamespaceName,
    /// The same for all.
    Fixed(String),
}

/// How a resource stands on its metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resources {
    /// The label with the API group.
    pub group: String,
    /// What the core group is called there.
    pub core_group: String,
    /// The label with the kind.
    pub kind: String,
    /// The label with the namespace.
    pub namespace: String,
    /// The label with the name.
    pub name: String,
    /// What stands before the key of a resource's label.
    pub label_prefix: String,
    /// How the key of a resource's label is written.
    pub label_keys: LabelKeys,
    /// How labels of resources are selected.
    pub resolve: Resolve,
    /// Which namespaces an Exporter may select.
    pub namespaces: Reach,
}

impl Resources {
    /// Gives the label of a metric that stands for a label of a resource.
    #[must_use]
    pub fn label(&self, key: &str) -> String {
        let key = match self.label_keys {
            LabelKeys::Exact => key.to_owned(),
            LabelKeys::Underscores => {
                key.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_")
            }
        };
        format!("{}{key}", self.label_prefix)
    }
}

/// How the key of a resource's label is written on a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKeys {
    /// What is neither a letter, a digit nor `_` becomes `_`, as Prometheus does.
    Underscores,
    /// As it is.
    Exact,
}

/// How labels of resources are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolve {
    /// Metrics carry them.
    Metrics,
    /// They are looked up in the cluster; metrics carry names.
    Objects,
}

/// Which namespaces an Exporter may select.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Its own.
    Own,
    /// Those of its tenant.
    Tenant,
    /// All. The tenant's labels are enforced nevertheless.
    All,
}

/// How windows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// How long a window is.
    pub window: Duration,
    /// How long after its end it is read, where a source does not say.
    pub lag: Duration,
    /// The least that a source may say.
    pub lag_min: Duration,
}

/// How much of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of samples and requests in memory, together.
    pub memory_bytes_max: usize,
    /// Requests to the store at once.
    pub store_requests_max: usize,
    /// What one tenant may use.
    pub tenant: TenantLimits,
}

/// What one tenant may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantLimits {
    /// Series in a window of a source. One with more is not read.
    pub series_max: u64,
    /// Points that are sent to a sink in a second.
    pub points_per_second: u64,
    /// Bytes that are read for it in a second.
    pub bytes_per_second: u64,
    /// The longest query.
    pub query_bytes_max: usize,
    /// Requests to the store at once.
    pub store_requests_max: usize,
}

impl Default for TenantLimits {
    fn default() -> Self {
        let bytes = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        Self {
            series_max: crate::limits::TENANT_SERIES,
            points_per_second: crate::limits::TENANT_POINTS_PER_SECOND,
            bytes_per_second: crate::limits::TENANT_BYTES_PER_SECOND,
            query_bytes_max: bytes(crate::limits::STORE_QUERY_BYTES),
            store_requests_max: bytes(crate::limits::TENANT_STORE_REQUESTS),
        }
    }
}

impl Settings {
    /// The longest query that is sent for a tenant.
    #[must_use]
    pub fn query_bytes_max(&self) -> usize {
        self.store.query_bytes_max.min(self.limits.tenant.query_bytes_max)
    }
}
