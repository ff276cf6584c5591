//! The jobs of a catalog, run as a workflow against the Kubernetes API.
//!
//! The [`Schema`](ktel_model::Schema) of a job says what the job may send, and why; nothing else is
//! sent. The crate only reads from a cluster, and it may not know where a report goes.
//!
//! ```no_run
//! use ktel_jobs::{Catalog, Cluster, Product, Workflow};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let workflow = Workflow::builder().jobs(Catalog::built_in().set("all")?).build()?;
//! let cluster = Cluster::new(kube::Client::try_default().await?, Product::default());
//! # #[expect(clippy::disallowed_methods, reason = "a program reads the clock; the library is told")]
//! let outcome = workflow.run(&cluster, jiff::Timestamp::now()).await;
//! println!("{:#}", outcome.report.to_json());
//! # Ok(())
//! # }
//! ```

mod collected;
mod collectors;
mod context;
mod declared;
mod error;
mod error_category;
mod outcome;
mod product;
mod workload;

pub mod catalog;
pub mod cluster;
pub mod job;
pub mod limits;
pub mod merge;
pub mod repeat;
pub mod workflow;

pub use catalog::Catalog;
pub use cluster::nodes::Node;
pub use cluster::pages::{Page, Pages};
pub use cluster::{Cluster, Discovery, Served, ServerVersion};
pub use collected::Collected;
pub use context::Context;
pub use declared::json_path::{JsonPath, JsonPathError};
pub use error::{Error, Reason};
pub use error_category::JobErrors;
pub use job::Job;
pub use outcome::{Failure, Outcome, Timing};
pub use product::Product;
pub use workflow::Workflow;
pub use workload::{Container, ManagedField, Workload};
