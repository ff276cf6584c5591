//! The parameters of a request.

/// The parameters of a request.
pub(super) type Form = Vec<(&'static str, String)>;
