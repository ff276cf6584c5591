//! The configuration of an agent, `agent.yaml`: what it watches and counts, and where that goes.
//!
//! ```yaml
//! ktel: 1                                  # the format
//! product: acme
//! namespace: acme-system                   # of the key and the lease; the agent's own unless told
//! selector: app=acme                       # finds the product's workload
//! servers: [https://telemetry.acme.example/v1/reports]
//! state: /var/lib/ktel                     # a volume, so that a restart loses nothing
//! telemetry: {disabled: false}
//! schemas: [acme-stats.yaml, acme-lamp.yaml]   # files of the standard, beside this one
//! facts:                                   # values of jobs that may stand in any document
//!   kubernetes_version: identify-platform.kubernetes_version
//!   uuid: installation
//! stats:
//!   period: 24h
//!   initial_delay: 10m
//!   jobs: [cluster-state]
//!   schema: acme-stats
//!   groups: [{resource: lamps.acme.example, path: .status.phase, into: {Lit: lit}, other: dark}]
//!   metrics:                               # of the product's own Prometheus endpoint
//!     from: http://127.0.0.1:8080/metrics  # or service/NAMESPACE/NAME:PORT/metrics, by way of the API server
//!     token_file: /var/run/secrets/kubernetes.io/serviceaccount/token
//!     ca_file: /etc/acme/ca.crt
//!     series:
//!     - {gauge: acme_lamps, where: {room: hall}, into: lamps_in_hall}
//!     - {counter: acme_requests_total, per: minute, into: requests_per_minute}
//!     - {counter: acme_requests_total, by: code, into: {"200": answers.fine}, other: answers.other}
//!     - {histogram: acme_request_seconds, times: 1000, into: {p50: request_ms_p50, p99: request_ms_p99}}
//! lifecycle:
//! - resource: lamps.acme.example
//!   fields: {colour: .spec.colour}
//!   created: acme-lamp                     # the schemas of the events; what has none is not sent
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;
use ktel_delivery::http::Url;
use ktel_model::Schema;
use ktel_model::standard::schema::{Access, Calls, Reads, Scope, Source, Verb};
use thiserror::Error;

use super::extract::Extract;
use super::lifecycle::Kind;
use super::metrics::Series;
use ktel_destination::ReportServer;
use ktel_jobs::JsonPath;
use ktel_usage::product_name::ProductName;
use ktel_usage::settings_file;

mod format;
mod metrics;

pub(super) use format::{Draft, RawServer, RawStats};

/// What an agent is told.
#[derive(Debug, Clone)]
pub struct AgentFile {
    /// Whose telemetry it is.
    pub product: ProductName,
    /// Where the key and the lease are; the agent's own namespace unless told.
    pub namespace: Option<String>,
    /// The labels that find the product's workload.
    pub selector: Option<String>,
    /// Where reports go.
    pub servers: Vec<Destination>,
    /// Where it remembers what it has seen, and keeps what waits.
    pub state: Option<PathBuf>,
    /// Whether the operator says no.
    pub disabled: bool,
    pub(super) schemas: BTreeMap<String, Schema>,
    pub(super) facts: BTreeMap<String, Fact>,
    pub(super) stats: Option<Stats>,
    pub(super) lifecycle: Vec<Watched>,
    /// The schemas of what a controller tells itself, by the name of the kind.
    pub(super) told: BTreeMap<String, BTreeMap<Kind, String>>,
}

/// Where reports go, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The server, or the base of the ancestor's routes.
    pub server: ReportServer,
    /// What it gets.
    pub form: Form,
}

impl Destination {
    /// Says what a person should know before anything is sent there.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        match &self.server {
            ReportServer::Remote(remote) => remote.warning(),
            ReportServer::Stdout | ReportServer::File(_) => None,
        }
    }
}

/// What a server gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An envelope, signed.
    Envelope,
    /// Bare documents on `/stats`, `/create`, `/update` and `/delete`.
    Ancestor,
}

/// Where a value comes from that may stand in any document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact {
    /// The installation's random identity.
    Installation,
    /// A field of a job.
    Job { job: String, field: String },
    /// The operator.
    Value(String),
}

/// Numbers that are sent periodically.
#[derive(Debug, Clone)]
pub(super) struct Stats {
    pub(super) period: Duration,
    pub(super) initial_delay: Duration,
    pub(super) jobs: Vec<String>,
    pub(super) schema: Option<String>,
    pub(super) groups: Vec<Group>,
    pub(super) metrics: Option<Metrics>,
}

/// The product's own Prometheus endpoint, and what is told of it.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
    pub(super) from: Endpoint,
    pub(super) token_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) series: Vec<Series>,
}

/// Where metrics are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// At a URL.
    Url(Url),
    /// At a Service, by way of the API server.
    Service {
        namespace: String,
        /// With its port, as the API server wants it.
        name: String,
        path: String,
    },
}

/// Objects counted by a value of theirs.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) source: Source,
    pub(super) by: JsonPath,
    /// Adds how many values this finds in the object, instead of one for the object.
    pub(super) sum: Option<JsonPath>,
    pub(super) into: BTreeMap<String, String>,
    pub(super) other: Option<String>,
}

/// A kind whose objects are watched.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub(super) source: Source,
    pub(super) fields: IndexMap<String, Extract>,
    /// The fields as they are written, to notice when they become others.
    pub(super) digest: String,
    pub(super) schemas: BTreeMap<Kind, String>,
}

impl Watched {
    /// Names the kind as roles do.
    pub(super) fn name(&self) -> String {
        dotted(&self.source)
    }

    /// Says how much of each object is read.
    pub(super) fn reads(&self) -> Reads {
        let metadata = self.fields.values().all(Extract::in_metadata);
        if metadata { Reads::Metadata } else { Reads::Object }
    }
}

fn dotted(source: &Source) -> String {
    match source.group.as_str() {
        "" => source.resource.clone(),
        group => format!("{}.{group}", source.resource),
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// It cannot be read.
    #[error("read the configuration `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not of this format.
    #[error("`{file}` is not a configuration of an agent: {message}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong, and where.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// One of its schemas cannot be read.
    #[error("read the schema `{schema}` of `{file}`")]
    SchemaFile {
        /// The configuration.
        file: String,
        /// The schema.
        schema: String,
        /// Why not.
        source: io::Error,
    },
    /// One of its schemas is none.
    #[error("the schema `{schema}` of `{file}`")]
    Schema {
        /// The configuration.
        file: String,
        /// The schema.
        schema: String,
        /// Why not.
        source: Box<ktel_model::standard::Error>,
    },
}

impl Error {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Format { hint, .. } => hint.clone(),
            Self::Read { .. } | Self::SchemaFile { .. } | Self::Schema { .. } => None,
        }
    }
}

impl AgentFile {
    /// Reads the text of a configuration; `file` is its name for messages, and `read` gives the text
    /// of a schema that stands beside it.
    ///
    /// # Errors
    /// When it is not of the format, or one of its schemas is not.
    pub fn parse(
        text: &str,
        file: &str,
        read: &dyn Fn(&str) -> io::Result<String>,
    ) -> Result<Self, Error> {
        Draft::read(text, file)?.check(file, read)
    }

    /// Reads a configuration and the schemas beside it.
    ///
    /// # Errors
    /// When one of them cannot be read, or is not of its format.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = settings_file::read(path)
            .map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let beside = |schema: &str| settings_file::read(&path.with_file_name(schema));
        Self::parse(&text, &path.display().to_string(), &beside)
    }

    /// Gives the schemas of everything that is sent, each with the access that this configuration
    /// needs: what a role is made of.
    #[must_use]
    pub fn schemas(&self) -> Vec<Schema> {
        let mut schemas: Vec<Schema> = Vec::new();
        for watched in &self.lifecycle {
            for name in watched.schemas.values() {
                let mut schema = self.schemas[name].clone();
                schema.access =
                    vec![access(&watched.source, &[Verb::List, Verb::Watch], watched.reads())];
                schemas.push(schema);
            }
        }
        if let Some(Stats { schema: Some(name), groups, .. }) = &self.stats {
            let mut schema = self.schemas[name].clone();
            let of = |group: &Group| access(&group.source, &[Verb::List], Reads::Object);
            schema.access = groups.iter().map(of).collect();
            schemas.push(schema);
        }
        schemas
    }

    /// Names the jobs that it runs: those that it sends, and those that facts come from.
    #[must_use]
    pub fn jobs(&self) -> BTreeSet<&str> {
        let sent = self.stats.iter().flat_map(|stats| &stats.jobs).map(String::as_str);
        let facts = self.facts.values().filter_map(|fact| match fact {
            Fact::Job { job, .. } => Some(job.as_str()),
            Fact::Installation | Fact::Value(_) => None,
        });
        sent.chain(facts).collect()
    }
}

fn access(source: &Source, verbs: &[Verb], reads: Reads) -> Access {
    Access::Resources {
        group: source.group.clone(),
        resources: vec![source.resource.clone()],
        verbs: verbs.to_vec(),
        scope: Scope::Cluster,
        reads,
        calls: Calls::Pages,
    }
}

#[cfg(test)]
mod tests;
