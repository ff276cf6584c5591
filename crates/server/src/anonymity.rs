//! Statistical disclosure control: only groups of a minimum size are published (k-anonymity).
//!
//! Smaller groups are suppressed: they are combined into `other`. If that is too small as well, the
//! smallest of the other groups are added to it, so that it cannot be computed by subtraction. If all
//! groups together are too small, nothing is published.

mod crossed;
mod suppress;

pub use crossed::{Crossed, suppress_crossed};
pub use suppress::{Group, Overlap, Published, suppress};
