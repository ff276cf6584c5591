//! The one form of an Exporter that the rest of this crate reads.
//!
//! Spellings are gone, values are checked, defaults that no profile decides are filled in.

use std::time::Duration;

use url::Url;

use super::path::FieldPath;
use super::quotes::Query;
use crate::plan::{Backfill, Compression, LateData, OnExhausted, Temporality};

/// What an Exporter says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spec {
    /// Where data comes from. Sources that cannot be used are not here.
    pub sources: Vec<Source>,
    /// Where data goes to. Sinks that cannot be used are not here.
    pub sinks: Vec<Sink>,
    /// Nothing is read and nothing is sent.
    pub is_suspended: bool,
}

/// A source.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Where it stands, for findings.
    pub path: FieldPath,
    /// Its name within the Exporter.
    pub name: String,
    /// Which metrics.
    pub metrics: Metrics,
    /// Older data that is sent beside the new.
    pub backfill: Option<Backfill>,
    /// How long after its end a window is read, at least; the operator's default if there is none.
    pub lag_min: Option<Duration>,
    /// What is done about samples that come late.
    pub late_data: LateData,
}

/// Which metrics of the tenant. Where both are given, both have to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// A MetricsQL query. None means all metrics.
    pub query: Option<Query>,
    /// Alternatives: a series has to come from a resource that any of them selects. Empty means from anything.
    pub selectors: Vec<ResourceSelector>,
    /// The time between two instants, where the query is an expression.
    pub step: Duration,
}

/// Selects resources.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceSelector {
    /// Where it stands, for findings.
    pub path: FieldPath,
    /// In which namespaces. None means the Exporter's own.
    pub namespaces: Option<LabelSelector>,
    /// Which labels they have.
    pub labels: LabelSelector,
    /// Alternatives: which kinds. Empty means all.
    pub kinds: Vec<KindSelector>,
}

/// Selects by labels: all requirements have to hold. An empty one selects all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    /// What has to hold.
    pub requirements: Vec<Requirement>,
}

/// What has to hold of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// What has to hold.
    pub operator: Operator,
}

/// What has to hold of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// It is there with one of these values.
    In(Vec<String>),
    /// It is absent, or has none of these values.
    NotIn(Vec<String>),
    /// It is there.
    Exists,
    /// It is absent.
    DoesNotExist,
}

impl LabelSelector {
    /// Says whether labels are selected.
    pub fn matches<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = value(&requirement.key);
            let is_one_of = |values: &[String]| {
                value.is_some_and(|value| values.iter().any(|one| one == value))
            };
            match &requirement.operator {
                Operator::In(values) => is_one_of(values),
                Operator::NotIn(values) => !is_one_of(values),
                Operator::Exists => value.is_some(),
                Operator::DoesNotExist => value.is_none(),
            }
        })
    }
}

/// Selects kinds: any of the groups, and in it any of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSelector {
    /// API groups; the core group is empty. `*` stands for all.
    pub groups: Vec<Group>,
    /// The names in them.
    pub names: Vec<KindName>,
}

/// An API group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Group {
    /// Any.
    Any,
    /// This one; the core group is empty.
    Named(String),
}

/// The name of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KindName {
    /// Any kind of the group.
    Any,
    /// By its plural name, such as `gateways`.
    Resource(String),
    /// By its kind, such as `Gateway`.
    Kind(String),
}

/// A sink.
#[derive(Debug, Clone, PartialEq)]
pub struct Sink {
    /// Where it stands, for findings.
    pub path: FieldPath,
    /// Its name within the Exporter.
    pub name: String,
    /// How it is reached.
    pub otlp_http: OtlpHttp,
    /// The names of its sources. None means all. A name here is that of a source of the resource; that source is missing
    /// in the [`Spec`] if it cannot be used.
    pub sources: Option<Vec<String>>,
    /// How points are put together.
    pub batch: Batch,
    /// What is done when a request fails.
    pub retry: Retry,
    /// Presets.
    pub profile: Profile,
    /// Since when values are counted; the profile decides if there is none.
    pub temporality: Option<Temporality>,
    /// How fast it may be sent to.
    pub limits: Limits,
}

/// An OTLP receiver that is reached by HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpHttp {
    /// Where it stands, for findings.
    pub path: FieldPath,
    /// The address, with `/v1/metrics`.
    pub endpoint: Url,
    /// How it authenticates.
    pub authentication: Authentication,
    /// Headers that are no secret.
    pub headers: Vec<(String, String)>,
    /// Headers whose values are in Secrets.
    pub headers_from: Vec<(String, SecretKey)>,
    /// The authorities that are trusted, as PEM in a Secret; the system's if there is none.
    pub authorities: Option<SecretKey>,
    /// The name that the certificate has to be for, instead of the host.
    pub server_name: Option<String>,
    /// How requests are compressed; the profile decides if there is none.
    pub compression: Option<Compression>,
}

/// A value in a Secret of the Exporter's namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretKey {
    /// The name of the Secret.
    pub name: String,
    /// The key in it.
    pub key: String,
}

/// How a sink authenticates. Secrets are in the Exporter's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// It does not.
    None,
    /// `Authorization: Bearer`.
    BearerToken(SecretKey),
    /// `Authorization: Basic`.
    BasicAuth {
        /// The user.
        user: SecretKey,
        /// The password.
        password: SecretKey,
    },
    /// A header with a key.
    ApiKeyHeader {
        /// The header's name.
        name: String,
        /// What stands before the key.
        prefix: String,
        /// The key.
        key: SecretKey,
    },
    /// A token that is fetched with a client id and secret.
    OAuth2ClientCredentials {
        /// Where tokens are fetched.
        token_url: Url,
        /// What is asked for.
        scopes: Vec<String>,
        /// The client's id.
        id: SecretKey,
        /// The client's secret.
        secret: SecretKey,
    },
    /// A client certificate.
    Mtls {
        /// The certificate and its chain, as PEM.
        certificate: SecretKey,
        /// The key, as PEM.
        key: SecretKey,
    },
}

/// How points are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Whether points wait for others.
    pub is_enabled: bool,
    /// How long they wait.
    pub timeout: Duration,
    /// Points in a request.
    pub points_max: usize,
    /// Bytes of a request before compression; the profile decides if there is none.
    pub bytes_max: Option<usize>,
}

/// What is done when a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often a request is sent in all; 1 if retries are disabled.
    pub attempts_max: u32,
    /// The first pause.
    pub backoff: Duration,
    /// The longest pause.
    pub backoff_max: Duration,
    /// What is done when the attempts are used up.
    pub on_exhausted: OnExhausted,
}

/// How fast a sink may be sent to. What is none, the profile decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Points a second.
    pub points_per_second: Option<u64>,
    /// Points that may be sent at once above it.
    pub burst: Option<u64>,
    /// Requests under way at once.
    pub in_flight_max: Option<usize>,
    /// The oldest data that is sent.
    pub age_max: Option<Duration>,
}

/// Presets for a kind of receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// Any OTLP receiver.
    #[default]
    Generic,
    /// Grafana Cloud.
    GrafanaCloud,
    /// Datadog.
    Datadog,
    /// New Relic.
    NewRelic,
    /// Dynatrace.
    Dynatrace,
    /// Elastic.
    Elastic,
    /// Amazon CloudWatch.
    CloudWatch,
    /// Prometheus' own OTLP receiver.
    Prometheus,
}
