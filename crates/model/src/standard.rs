//! The standard: YAML files that declare what is collected, why, how it is blurred and until when.

mod apply;
mod blur;
pub mod dictionary;
pub mod diff;
mod digest;
mod finding;
mod json_schema;
mod lint;
mod node;
mod omitted;
mod parse;
mod period;
pub mod rbac;
mod reader;
pub mod schema;
mod word;

pub use apply::Applied;
pub use blur::version::UNKNOWN as UNKNOWN_VERSION;
pub use finding::{Error, Finding, Severity};
pub use omitted::{Omitted, Reason};
pub use parse::{Checked, check};

/// Gives the bucket of a duration, for fields that do not name buckets of their own.
#[must_use]
pub fn duration_bucket(seconds: u64) -> String {
    blur::bucket::label(&parse::DURATION_BUCKETS, seconds).expect("the first bucket begins at 0")
}
