//! Telemetry for Kubernetes software: documented reports, usage events, and an agent.
//!
//! It is the one crate that embedders name, and only joins the libraries that it re-exports. It may not know
//! the command line or the server.
//!
//! ```no_run
//! use ktel::{Catalog, Cluster, Collected, Product, Workflow};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = Catalog::built_in();
//! let workflow = Workflow::builder()
//!     .job(catalog.find("identify-platform")?)
//!     .job(catalog.find("cluster-state")?)
//!     .build()?;
//! let cluster = Cluster::new(kube::Client::try_default().await?, Product::default());
//! # #[expect(clippy::disallowed_methods, reason = "a program reads the clock; the library is told")]
//! let outcome = workflow.run(&cluster, jiff::Timestamp::now()).await;
//! println!("{:#}", outcome.report.to_json());
//! # Ok(())
//! # }
//! ```
//!
//! This crate re-exports the libraries for embedders. A program that needs only one of them depends on
//! `ktel-jobs`, `ktel-usage` or `ktel-agent`. The libraries only read from a cluster, except that an
//! [`agent`] writes its lease and its key. They use no terminal and no clock.

pub use ktel_agent as agent;
pub use ktel_destination as destination;
pub use ktel_destination::{line, outbox};
pub use ktel_jobs::{
    Catalog, Cluster, Collected, Container, Context, Error, Failure, Job, JobErrors, ManagedField,
    Node, Outcome, Page, Pages, Product, Reason, Served, ServerVersion, Timing, Workflow, Workload,
    catalog, cluster, job, limits, merge, repeat, workflow,
};
pub use ktel_model::{Schema, built_in, envelope, report, signature, standard};
pub use ktel_usage::{
    consent, directories, event, machine, notice, product_file, product_name, recorder, sink,
    telemetry, uploader, yaml,
};

/// Tells the category of an error, also of one that a job or the Kubernetes client gave.
#[must_use]
pub fn categorize(error: &(dyn std::error::Error + 'static)) -> event::ErrorCategory {
    event::categorize_with(error, &JobErrors)
}
