//! Reads the YAML of settings: short, flat, and written by hand.

use serde::de::DeserializeOwned;

use crate::limits::{ALIASED_VALUES_MAX, SETTINGS_DEPTH_MAX};

/// Reads one document. Unquoted `yes`, `no`, `on` and `off` are texts, not booleans.
///
/// # Errors
/// When it is not YAML of that form, nested too deeply, or too long by its aliases.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: SETTINGS_DEPTH_MAX },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIASED_VALUES_MAX },
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options)
}
