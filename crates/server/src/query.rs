//! Answers SQL of readers from groups that are large enough, and from nothing else.
//!
//! A question never meets the store. It is asked of a database of its own, in memory, which holds
//! what [`crate::anonymity::suppress`] let through, and which nothing can be attached to.

pub mod answer;
pub mod format;
pub mod groups;
pub mod image;
mod sandbox;
pub mod tables;

pub use answer::Answer;
pub use image::{Error, Image};

#[cfg(test)]
mod tests;
