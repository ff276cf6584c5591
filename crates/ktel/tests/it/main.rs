//! The library from outside, without a cluster.

mod consent;
mod custom;
mod reads;
mod support;
mod workflow;
