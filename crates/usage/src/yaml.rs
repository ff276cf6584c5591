//! Reads the YAML of settings: short, flat, and written by hand.

use serde::de::DeserializeOwned;

/// Levels; profiles, sections and keys need a handful.
const DEPTH_MAX: usize = 64;
/// Values that aliases may repeat; settings that use them repeat a section or two.
const ALIASED_MAX: usize = 10_000;

/// Reads one document. Unquoted, `yes`, `no`, `on` and `off` are words and no booleans.
///
/// # Errors
/// When it is not YAML of that form, nested too deeply, or too long by its aliases.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH_MAX },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIASED_MAX },
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options)
}
