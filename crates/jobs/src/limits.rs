//! All limits of this crate, each with its reason.

use std::time::Duration;

/// Jobs that run at once: enough to hide the latency of a distant API server, too few to disturb
/// it.
pub const CONCURRENCY: usize = 4;
/// The time of one job. The slowest job streams all pods of a large cluster.
pub const JOB_TIMEOUT: Duration = Duration::from_secs(120);
/// The time of a whole workflow: twice the slowest job, and a minute for the rest.
pub const DEADLINE: Duration = Duration::from_secs(300);
/// One answer of the API server: a page of 500 objects of the largest size seen in practice.
pub const ANSWER_BYTES_MAX: usize = 128 << 20;
/// Values that are read of one answer in protobuf: a page of 500 `EndpointSlice`s has less than two million
/// when each has 1000 endpoints, the most that Kubernetes allows.
pub const PROTOBUF_VALUES_MAX: usize = 2_500_000;
/// Objects in a page when many are read; the page size of `kubectl`.
pub const PAGE: u32 = 500;
/// Pods in a page when all of them are read: larger pages compress better.
pub const PODS_PAGE: u32 = 1000;
/// How often the pages of a kind are read again when the continue token has expired. A second time
/// means that the cluster changes faster than it can be read.
pub const PAGES_RESTARTS_MAX: u8 = 1;
/// Pods of service meshes that are remembered: several times the largest cluster that Kubernetes
/// supports, in 16 bytes each.
pub const MESH_PODS_MAX: usize = 1_000_000;
/// What a user may pipe into a report: far more than a summary needs, far less than a server
/// accepts.
pub const USER_BYTES_MAX: usize = 1 << 20;
/// Jobs in a workflow: many times the catalog.
pub const JOBS_MAX: usize = 256;
