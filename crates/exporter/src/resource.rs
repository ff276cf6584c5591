//! The `Exporter` resource: as users write it, as the rest of this crate reads it, and what is said of it.
//!
//! ```text
//! wire::ExporterSpec --normalise--> Spec (one form, checked) + findings (by field path)
//!    every spelling                   |
//!    the CRD comes from here          +--> compile --> Plan
//! ```
//!
//! What cannot be used is omitted of the [`Spec`] and named in a [`Finding`], so that one wrong source or sink
//! never stops another.

mod bounds;
pub mod crd;
mod duration;
pub mod file;
pub mod finding;
mod messages;
mod normalise;
pub mod path;
pub mod quotes;
mod schema;
pub mod spec;
#[expect(unreachable_pub, reason = "kube's derive repeats each struct within a function")]
pub mod status;
pub mod validate;
#[expect(unreachable_pub, reason = "kube's derive repeats each struct within a function")]
pub mod wire;

pub use finding::{Finding, Severity};
pub use normalise::normalise;
pub use path::FieldPath;
pub use spec::Spec;
pub use wire::{Exporter, ExporterSpec};
