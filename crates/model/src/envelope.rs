//! The envelope: the document that a receiver gets, with a report in it.
//!
//! It names the schemas of the sections, the jobs that failed and why, and the parts that the user
//! added. It has no time finer than a day, no host name and no address.

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value, json};

mod json_schema;

use crate::report::Report;
use crate::standard::Omitted;
use crate::standard::schema::Form;

/// The name by which a receiver recognises an envelope.
pub const SCHEMA: &str = "ktel/report";
/// `MODEL.REVISION.ADDITION` of the envelope itself.
pub const SCHEMA_VERSION: &str = "1.0.1";

/// A report and the metadata that is needed to read it.
#[derive(Debug, Clone, Serialize)]
pub struct Envelope {
    schema: &'static str,
    schema_version: &'static str,
    /// The identifier by which a receiver recognises a repetition; only signed envelopes have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The day, in UTC.
    pub day: Date,
    /// The product that the report is about.
    pub product: Product,
    /// The installation that sends the report, if it has an identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation: Option<Installation>,
    /// Whether values are exact or blurred.
    pub form: &'static str,
    /// The schema of every job's section.
    pub schemas: Map<String, Value>,
    /// The jobs that were requested and gave no section, and the fields that could not be read.
    pub failures: Vec<Failure>,
    /// Values that were omitted, counted by job and reason.
    pub omitted: Map<String, Value>,
    /// The parts that the user piped in; no schema declares them.
    pub user: Vec<String>,
    /// The report.
    pub data: Value,
}

/// The product that a report is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Product {
    /// Its name, if the user gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version of ktel that made the report.
    pub ktel: &'static str,
}

/// A random identity. It is derived from a key, and from nothing in the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installation {
    /// [`installation_id`](crate::signature::installation_id) of the signing key.
    pub id: String,
    /// Whether the next report will have it too. Counts of installations omit those that could not
    /// store theirs.
    pub persisted: bool,
}

/// A job that gave no section, or a field that its section lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The name of the job.
    pub job: String,
    /// The field; absent for the whole section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A word of a closed list. A free text could name objects of the cluster.
    pub reason: &'static str,
}

/// The schema of one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The job.
    pub job: String,
    /// `vendor/name`.
    pub schema: String,
    /// `MODEL.REVISION.ADDITION`.
    pub version: String,
    /// The digest of the schema.
    pub digest: String,
}

impl Envelope {
    /// Puts a report into an envelope.
    #[must_use]
    pub fn new(
        report: &Report,
        product: Product,
        declared: &[Declared],
        failures: Vec<Failure>,
        omitted: &[(String, Omitted)],
        form: Form,
        day: Date,
    ) -> Self {
        let schemas = declared
            .iter()
            .filter(|one| report.section(&one.job).is_some() && !report.user().contains(&one.job))
            .map(|one| {
                let Declared { job, schema, version, digest } = one;
                (job.clone(), json!({"schema": schema, "version": version, "digest": digest}))
            })
            .collect();
        let omitted = omitted
            .iter()
            .filter(|(_, omitted)| !omitted.is_empty())
            .map(|(job, omitted)| (job.clone(), json!(omitted)))
            .collect();
        Self {
            schema: SCHEMA,
            schema_version: SCHEMA_VERSION,
            id: None,
            day,
            product,
            installation: None,
            form: match form {
                Form::Exact => "exact",
                Form::Coarse => "coarse",
            },
            schemas,
            failures,
            omitted,
            user: report.user().to_vec(),
            data: report.to_json(),
        }
    }
}
