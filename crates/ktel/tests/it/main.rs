//! The library from outside, without a cluster.

mod custom;
mod reads;
mod support;
mod workflow;
