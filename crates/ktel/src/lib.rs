//! Jobs from a catalog, run as a workflow against the Kubernetes API, giving one documented report.
//!
//! ```no_run
//! use ktel::{Catalog, Cluster, Product, Workflow};
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
//! A job is data first: its [`Schema`](ktel_model::Schema) says what it may send and why, and
//! nothing else passes. The library only reads, but for the lease and the key of an [`agent`]; it
//! knows no terminal and no clock.

mod cluster;
mod context;
mod declared;
mod error;
mod jobs;
mod outcome;
mod private_file;
mod product;
mod settings_file;
mod workload;
mod yaml;

pub mod agent;
pub mod catalog;
pub mod consent;
pub mod directories;
pub mod documents;
pub mod event;
pub mod job;
pub mod limits;
pub mod line;
pub mod merge;
pub mod notice;
pub mod outbox;
pub mod product_file;
pub mod product_name;
pub mod recorder;
pub mod repeat;
pub mod server;
pub mod sink;
pub mod surroundings;
pub mod telemetry;
pub mod uploader;
pub mod workflow;

pub use catalog::Catalog;
pub use cluster::nodes::{Node, NodePage};
pub use cluster::pages::{Page, Pages};
pub use cluster::{Cluster, Served, ServerVersion};
pub use context::Context;
pub use error::{Error, Reason};
pub use job::Job;
pub use outcome::{Failure, Outcome, Timing};
pub use product::Product;
pub use workflow::Workflow;
pub use workload::{Container, ManagedField, Workload};
