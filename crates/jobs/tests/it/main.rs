//! The crate from outside, without a cluster.

mod custom;
mod reads;
mod support;
mod workflow;
