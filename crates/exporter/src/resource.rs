//! The `Exporter` resource: as users write it, as the rest of this crate reads it, and what is said of it.
//!
//! ```text
//! wire::ExporterSpec --normalise--> Spec (one form, checked) + findings (by field path)
//!    every spelling                   |
//!    the CRD comes from here          +--> compile --> Plan
//! ```
//!
//! What cannot be used is left out of the [`Spec`] and named in a [`Finding`], so that one wrong source or sink
//! never stops another.

mod bounds;
pub mod finding;
pub mod path;
pub mod quotes;
pub mod spec;
pub mod status;
pub mod wire;

pub use finding::{Finding, Severity};
pub use path::FieldPath;
pub use spec::Spec;
pub use wire::{Exporter, ExporterSpec};
