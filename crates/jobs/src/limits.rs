//! Every limit of this crate, each with its reason.

use std::time::Duration;

/// Jobs that run at once: enough to hide the latency of a distant API server, too few to disturb it.
pub const CONCURRENCY: usize = 4;
/// One job; the slowest streams every pod of a large cluster.
pub const JOB_TIMEOUT: Duration = Duration::from_secs(120);
/// A whole workflow.
pub const DEADLINE: Duration = Duration::from_secs(300);
/// One answer of the API server: a page of 500 objects of the largest size seen in practice.
pub const ANSWER_BYTES_MAX: usize = 128 << 20;
/// Objects in a page when many are read; the API server's own page size for its tools.
pub const PAGE: u32 = 500;
/// Nodes in the first page; the provider is almost always told by one of them.
pub const NODES_PAGE: u32 = 50;
/// Workloads looked at to find the product's own; more means that the selector is not one.
pub const WORKLOADS: u32 = 20;
/// Different values remembered while objects are streamed; the standard allows 64 words.
pub const VALUES_MAX: usize = 1024;
/// What a user may pipe into a report.
pub const USER_BYTES_MAX: usize = 1 << 20;
/// Jobs in a workflow.
pub const JOBS_MAX: usize = 256;
