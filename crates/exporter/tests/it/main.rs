//! The exporter beside real programs.

mod cluster;
mod cursors;
#[cfg(test)]
mod engine;
mod kinds;
mod objects;
mod preview;
mod resource;
mod secrets;
#[cfg(test)]
mod source;
#[cfg(test)]
#[path = "../support/plans.rs"]
mod support;
mod tenancy;
