//! The outcome of a run: the report, the jobs that failed, and how long it took.

use std::time::Duration;

use jiff::Timestamp;
use ktel_model::envelope::{self, Envelope};
use ktel_model::report::Report;
use ktel_model::standard::Omitted;
use ktel_model::standard::schema::Form;

use crate::error::Error;

/// The result of one run of a workflow.
#[derive(Debug)]
pub struct Outcome {
    /// The sections of the jobs that succeeded, in the order of the workflow.
    pub report: Report,
    /// The jobs and fields that failed, in the same order.
    pub failures: Vec<Failure>,
    /// How long everything took.
    pub timing: Timing,
    /// How many values of each job were omitted.
    pub omitted: Vec<(String, Omitted)>,
    pub(crate) declared: Vec<envelope::Declared>,
    pub(crate) form: Form,
    pub(crate) now: Timestamp,
    pub(crate) product: Option<String>,
}

/// A job that gave no section, or a field that its section lacks.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The name of the job.
    pub job: String,
    /// The field; `None` for the whole section.
    pub field: Option<String>,
    /// Why.
    pub error: Error,
}

/// How long a run took.
#[derive(Debug, Clone, Default)]
pub struct Timing {
    /// From the start to the end of the last job.
    pub total: Duration,
    /// Each job.
    pub jobs: Vec<(String, Duration)>,
}

impl Outcome {
    /// Puts `report` into an envelope. It is the outcome's own report, or this with the user's
    /// parts.
    #[must_use]
    pub fn envelope(&self, report: &Report) -> Envelope {
        let failures =
            self.failures.iter().map(|Failure { job, field, error }| envelope::Failure {
                job: job.clone(),
                field: field.clone(),
                reason: error.reason().word(),
            });
        let product =
            envelope::Product { name: self.product.clone(), ktel: env!("CARGO_PKG_VERSION") };
        let day = self.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        Envelope::new(
            report,
            product,
            &self.declared,
            failures.collect(),
            &self.omitted,
            self.form,
            day,
        )
    }
}
