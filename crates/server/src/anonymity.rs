//! Statistical disclosure control: what is published tells nothing of groups below a minimum size, the floor.
//!
//! Every published number is a multiple of the floor. So is every sum and every difference of published
//! numbers, whichever tables, fields, weeks and times they come from: none of them is the number of a smaller
//! group. Three more rules limit what a change of a number tells, and who can cause one:
//!
//! - A word is published when senders with more than a floor of different tokens reported it ([`TokenGroups`]).
//!   Each token counts once, with any number of made-up senders.
//! - A table changes only in steps, each with a floor of new senders ([`step`]).
//! - Senders without a secret belong to a [`Population`] of their own.

mod population;
mod publish;
mod step;
mod token_groups;

pub use population::Population;
pub use publish::{PublishedCell, Reported, publish};
pub use step::{NewSenders, Step, step};
pub use token_groups::TokenGroups;
