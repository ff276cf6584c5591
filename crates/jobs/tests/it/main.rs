//! Tests of the public API, without a cluster.

mod custom;
mod reads;
mod support;
mod workflow;
