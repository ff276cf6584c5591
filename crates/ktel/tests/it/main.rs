//! The library from outside, without a cluster.

mod consent;
mod custom;
mod event;
mod reads;
mod support;
mod uploader;
mod workflow;
