//! Resources in YAML files: values as kubectl reads them, and where each stands.

mod node;
mod parse;
mod place;
mod scalar;

pub use node::{Content, Entry, Node};
pub use parse::{Fault, parse};
pub use place::Place;

#[cfg(test)]
mod tests;
