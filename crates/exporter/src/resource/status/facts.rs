//! What is known of an Exporter, for its status.

use super::ExporterStatus;
use crate::plan::Plan;
use crate::report::Report;
use crate::resource::finding::Finding;

/// What is known of an Exporter.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The generation of the spec that was compiled.
    pub generation: i64,
    /// What compiling it gave. None if nothing of it can be used.
    pub plan: Option<&'a Plan>,
    /// What is wrong with the spec.
    pub findings: &'a [Finding],
    /// What is wrong with its Secrets.
    pub credentials: &'a [CredentialProblem],
    /// What the engine says. None before it has said anything.
    pub report: Option<&'a Report>,
    /// The status that was there when this process took the Exporter over: the report counts from then on.
    pub base: &'a ExporterStatus,
}

/// Why a sink has no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialProblem {
    /// The name of the sink.
    pub sink: String,
    /// A word for machines, such as `SecretNotFound`.
    pub reason: &'static str,
    /// What it is and what to do, without any secret.
    pub message: String,
}
