//! What an agent file says, once it is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use ktel_delivery::http::Url;
use ktel_model::Schema;
use ktel_model::standard::schema::{Access, Calls, Reads, Scope, Source, Verb};

use crate::extract::Extract;
use crate::lifecycle::Kind;
use crate::metrics::Series;
use ktel_destination::ReportServer;
use ktel_jobs::JsonPath;
use ktel_usage::product_name::ProductName;

/// A checked agent file.
#[derive(Debug, Clone)]
pub struct AgentFile {
    /// Whose telemetry it is.
    pub product: ProductName,
    /// Where the key and the lease are; default: the agent's own namespace.
    pub namespace: Option<String>,
    /// The labels that find the product's workload.
    pub selector: Option<String>,
    /// Where reports go.
    pub servers: Vec<Destination>,
    /// The directory for what the agent has seen, and for what is not delivered yet.
    pub state: Option<PathBuf>,
    /// Whether the operator has disabled telemetry.
    pub disabled: bool,
    pub(crate) schemas: BTreeMap<String, Schema>,
    pub(crate) facts: BTreeMap<String, Fact>,
    pub(crate) stats: Option<Stats>,
    pub(crate) lifecycle: Vec<Watched>,
    /// The schemas of the events that a controller emits itself, by the name of the kind.
    pub(crate) emitted: BTreeMap<String, BTreeMap<Kind, String>>,
}

/// Where reports go, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The server, or the base URL of the endpoints of Kamaji's receiver.
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
    /// Documents without an envelope, for `/stats`, `/create`, `/update` and `/delete` of Kamaji's
    /// receiver.
    Kamaji,
}

/// Where a value comes from that may stand in any document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// The installation's random identity.
    Installation,
    /// A field of a job.
    Job { job: String, field: String },
    /// The operator.
    Value(String),
}

/// Numbers that are sent periodically.
#[derive(Debug, Clone)]
pub(crate) struct Stats {
    pub(crate) period: Duration,
    pub(crate) initial_delay: Duration,
    pub(crate) jobs: Vec<String>,
    pub(crate) schema: Option<String>,
    pub(crate) groups: Vec<Group>,
    pub(crate) metrics: Option<Metrics>,
}

/// The product's own Prometheus endpoint, and what is reported of it.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) from: Endpoint,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) series: Vec<Series>,
}

/// Where metrics are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
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
pub(crate) struct Group {
    pub(crate) source: Source,
    pub(crate) by: JsonPath,
    /// Adds how many values this finds in the object, instead of one for the object.
    pub(crate) sum: Option<JsonPath>,
    pub(crate) into: BTreeMap<String, String>,
    pub(crate) other: Option<String>,
}

/// A kind whose objects are watched.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) source: Source,
    pub(crate) fields: IndexMap<String, Extract>,
    /// The fields as they are written, to notice when they become others.
    pub(crate) digest: String,
    pub(crate) schemas: BTreeMap<Kind, String>,
}

impl Watched {
    /// Names the kind as roles do.
    pub(crate) fn name(&self) -> String {
        dotted(&self.source)
    }

    /// Says how much of each object is read.
    pub(crate) fn reads(&self) -> Reads {
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

impl AgentFile {
    /// Names the Lease by which the agents of the product elect a leader.
    pub(crate) fn lease_name(&self) -> String {
        format!("{}-telemetry", self.product)
    }

    /// Names the Secret with the key of the installation.
    pub(crate) fn key_name(&self) -> String {
        format!("{}-telemetry-key", self.product)
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
