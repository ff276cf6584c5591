//! Runs SQL of readers over published tables, and over nothing else.
//!
//! A query never reads the store. It runs in a separate database in memory, which contains only what its reader may
//! see.

pub mod answer;
pub mod child;
pub mod format;
pub mod groups;
pub mod image;
mod sandbox;
pub mod tables;

pub use answer::Answer;
pub use image::{Error, Image};

#[cfg(test)]
mod tests;
