//! A request as it is sent: encoded once, shared by all sinks that want the same.

use bytes::Bytes;

use crate::time::Window;

/// An encoded request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The `ExportMetricsServiceRequest`, not compressed.
    pub body: Bytes,
    /// Data points in it.
    pub points: u64,
    /// The window they are of.
    pub window: Window,
    /// Its place among the batches of the window: the same samples give the same batches.
    pub number: u32,
}
