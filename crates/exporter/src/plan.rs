//! A compiled Exporter: plain data that the engine runs. Everything in it is checked.
//!
//! A plan holds no secrets. [`Authentication`] says which parts of a secret a sink needs; the values come beside the
//! plan, as [`Credentials`](crate::credentials::Credentials), and may change while it runs.

use std::time::Duration;

use ipnet::IpNet;
use ktel_metricsql::{Expr, Matcher, Selector};

use crate::time::Millis;

/// What identifies an Exporter for its whole life.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExporterId {
    /// The namespace; empty for one that comes from a file.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The UID: one that is deleted and made again is another one, and begins anew.
    pub uid: String,
}

/// A compiled Exporter.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Whose plan it is.
    pub id: ExporterId,
    /// The generation of the resource it was made from.
    pub generation: i64,
    /// Whose data it reads.
    pub tenant: Tenant,
    /// Where data comes from, by name.
    pub sources: Vec<SourcePlan>,
    /// Where data goes to, by name.
    pub sinks: Vec<SinkPlan>,
    /// Reads and sends nothing; the cursors stay.
    pub is_suspended: bool,
}

/// Whose data is read, and how the store is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The unit of fairness and of limits.
    pub name: String,
    /// What every series has to carry. Empty only where the operator says that all belongs to one tenant.
    pub matchers: Vec<Matcher>,
    /// Replaces `{tenant}` in the path of the store's URL.
    pub path: Option<String>,
}

/// A source: which samples, from when on.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePlan {
    /// Its name within the Exporter.
    pub name: String,
    /// What is read.
    pub selection: Selection,
    /// Where a lane without a cursor begins.
    pub begin: Millis,
    /// How long after its end a window is read, at least.
    pub lag_min: Duration,
    /// What is done about samples that come later.
    pub late_data: LateData,
    /// Older data that is sent beside the new.
    pub backfill: Option<Backfill>,
}

/// What a source reads.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// Raw samples of the series that any of these selects. The tenant's matchers are in each; each fits the store's query
    /// limit. Empty where a resource selector matches nothing at the moment.
    Raw(Vec<Selector>),
    /// The values of an expression at aligned instants. The tenant's matchers are in it.
    Expression {
        /// The expression.
        expr: Expr,
        /// The time between two instants.
        step: Duration,
    },
}

/// What is done about samples that come after their window was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LateData {
    /// Nothing.
    #[default]
    Off,
    /// They are counted.
    Audit,
    /// They are counted and sent.
    Repair,
}

/// Data from before the beginning of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backfill {
    /// From when on; its end is the beginning of the source.
    pub from: Millis,
    /// Points a second.
    pub rate_max: Option<u64>,
}

/// A sink: where to, how, and what to do about errors. Presets of a profile are resolved already.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkPlan {
    /// Its name within the Exporter.
    pub name: String,
    /// The indices of its sources in [`Plan::sources`].
    pub sources: Vec<usize>,
    /// The address that is posted to, with the signal's path.
    pub endpoint: url::Url,
    /// How it authenticates.
    pub authentication: Authentication,
    /// Headers that are no secret.
    pub headers: Vec<(String, String)>,
    /// Headers whose values come from [`Credentials`](crate::credentials::Credentials), by name.
    pub secret_headers: Vec<String>,
    /// What TLS needs beside the system's authorities.
    pub tls: TlsPlan,
    /// Which addresses it may reach.
    pub egress: Egress,
    /// How requests are compressed.
    pub compression: Compression,
    /// How points are put together.
    pub batch: BatchPlan,
    /// What is done when a request fails.
    pub retry: RetryPlan,
    /// Since when values are counted.
    pub temporality: Temporality,
    /// How fast it may be sent to.
    pub rate: RatePlan,
    /// What the receiver does not take.
    pub accepts: Accepts,
}

/// How a sink authenticates. The values are in [`Credentials`](crate::credentials::Credentials).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// It does not.
    None,
    /// `Authorization: Bearer`.
    BearerToken,
    /// `Authorization: Basic`.
    BasicAuth,
    /// A header of this name.
    ApiKeyHeader {
        /// The name.
        name: String,
        /// Stands before the key, such as `Api-Token `.
        prefix: String,
    },
    /// A token that is fetched with a client id and secret.
    OAuth2ClientCredentials {
        /// Where tokens are fetched.
        token_url: url::Url,
        /// What is asked for.
        scopes: Vec<String>,
    },
    /// A client certificate.
    Mtls,
}

/// What TLS needs beside the system's authorities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsPlan {
    /// Whether the credentials bring the authorities to trust, instead of the system's.
    pub has_own_authorities: bool,
    /// The name that the certificate has to be for, instead of the host.
    pub server_name: Option<String>,
}

/// Which addresses a sink may reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Egress {
    /// Whether `http` is allowed.
    pub allows_http: bool,
    /// Networks that are allowed although they are private, loopback or link-local.
    pub allowed: Vec<IpNet>,
    /// Networks that are denied although they look public, such as the cluster's.
    pub denied: Vec<IpNet>,
    /// Ports that are allowed; all if empty.
    pub ports: Vec<u16>,
    /// Whether the environment's proxy is used. Then the proxy resolves names, and networks are not checked.
    pub uses_proxy: bool,
}

/// How requests are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, which every receiver understands.
    Gzip,
    /// zstd.
    Zstd,
}

/// How points are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchPlan {
    /// Whether they wait for others. Otherwise what a window gives is sent at once, within the limits of bytes.
    pub is_enabled: bool,
    /// How long a point waits for others.
    pub timeout: Duration,
    /// Points in a request.
    pub points_max: usize,
    /// Bytes of a request before compression.
    pub bytes_max: usize,
}

/// What is done when a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPlan {
    /// How often a request is sent in all; 1 if retries are disabled.
    pub attempts_max: u32,
    /// The first pause.
    pub backoff: Duration,
    /// The longest pause.
    pub backoff_max: Duration,
    /// What is done when the attempts are used up.
    pub on_exhausted: OnExhausted,
}

/// What is done when the attempts are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExhausted {
    /// The lane goes on trying at the longest pause; the data stays in the store.
    Hold,
    /// The points are dropped, counted, and a gap is recorded.
    Drop,
}

/// Since when values are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Temporality {
    /// Since a start that stays the same: as the store has them.
    Cumulative,
    /// Since the sample before.
    Delta,
}

/// How fast a sink may be sent to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatePlan {
    /// Points a second.
    pub points_per_second: Option<u64>,
    /// Points that may be sent at once above it.
    pub burst: u64,
    /// Requests that are under way at once, at most.
    pub in_flight_max: usize,
    /// The oldest data that is sent; older data is dropped and counted.
    pub age_max: Option<Duration>,
}

/// What a receiver does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accepts {
    /// Points older than the newest by more than this are rejected by it, so they are not sent late.
    pub out_of_order: Option<Duration>,
    /// Of two points of a series in one second it keeps one.
    pub one_point_a_second: bool,
    /// Summaries are rejected.
    pub no_summaries: bool,
    /// Attributes of a point.
    pub attributes_max: Option<usize>,
    /// Bytes of an attribute's name.
    pub attribute_name_bytes_max: Option<usize>,
    /// Bytes of an attribute's value.
    pub attribute_value_bytes_max: Option<usize>,
}
