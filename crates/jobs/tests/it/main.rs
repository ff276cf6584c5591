//! Tests of the public API, without a cluster.

mod custom;
mod partial;
mod platform;
mod reads;
mod support;
mod workflow;
mod workload;
