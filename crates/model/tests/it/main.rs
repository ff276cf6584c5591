//! Proofs about the standard that need whole files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod apply;
mod dictionary;
mod diff;
mod json_schema;
mod lint;
mod rbac;
mod sample;
