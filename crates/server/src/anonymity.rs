//! Shows groups only where they are large enough to hide in.
//!
//! Small groups are published into one; if even that is small, the smallest of the others join it, so
//! that it cannot be found by subtraction. Where everything together is small, nothing is shown.

mod crossed;
mod suppress;

pub use crossed::{Crossed, suppress_crossed};
pub use suppress::{Group, Overlap, Published, suppress};
