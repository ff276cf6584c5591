//! The agent file, `agent.yaml`: what an agent watches and counts, and where it sends that.
//!
//! ```yaml
//! ktel: 1                                  # the format
//! product: acme
//! namespace: acme-system                   # of the key and the lease; default: the agent's own
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

use std::io;
use std::path::Path;

use ktel_usage::settings_file;

mod error;
mod format;
mod metrics;
mod types;

pub use error::Error;
pub(super) use format::{Draft, RawServer, RawStats};
pub use types::{AgentFile, Destination, Form};
pub(super) use types::{Endpoint, Fact, Group, Metrics, Stats, Watched};

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
}

#[cfg(test)]
mod tests;
