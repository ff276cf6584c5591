//! The reasons of findings.

/// The reason of a finding about a value that is wrong by itself.
pub(super) const INVALID: &str = "Invalid";
/// The reason of a finding about fields that do not go together.
pub(super) const CONFLICT: &str = "Conflict";
