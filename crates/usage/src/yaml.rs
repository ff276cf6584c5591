//! Reads the YAML of settings: short, flat, and written by hand.

use serde::de::DeserializeOwned;

use crate::limits::{ALIASED_VALUES_MAX, MARKED_LINE_CHARS_MAX, SETTINGS_DEPTH_MAX};

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

/// Says what is wrong with a text: the message in one line, then the line of the text and a caret under the
/// place.
#[must_use]
pub fn explain(text: &str, error: &serde_saphyr::Error) -> String {
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default().to_owned();
    let Some(location) = error.location() else { return message };
    let (line, column) = (location.line(), location.column());
    let wrong =
        usize::try_from(line.saturating_sub(1)).ok().and_then(|skipped| text.lines().nth(skipped));
    let Some(wrong) = wrong.filter(|wrong| wrong.chars().count() <= MARKED_LINE_CHARS_MAX) else {
        return message;
    };
    // A tab would move the caret.
    let before = usize::try_from(column.saturating_sub(1)).unwrap_or_default();
    let wrong: String = wrong.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (number, caret) = (line.to_string(), " ".repeat(before.min(MARKED_LINE_CHARS_MAX)));
    let margin = " ".repeat(number.len());
    format!("{message}\n  {number} | {wrong}\n  {margin} | {caret}^")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{explain, parse};

    fn explained(text: &str) -> String {
        explain(text, &parse::<BTreeMap<String, Vec<String>>>(text).unwrap_err())
    }

    #[test]
    fn a_mistake_is_shown_in_its_line() {
        let text = explained("a: [b]\nb:\n  - c\n d: []\n");
        assert!(text.contains("\n  4 |  d: []\n    |"), "{text}");
        assert!(text.trim_end().ends_with('^'), "{text}");
        let tab = explained("a: [b]\nb: {\tc: d}\n");
        assert!(tab.contains("  2 | b: { c: d}\n"), "{tab}");
        let long = explained(&format!("a: {}", "b".repeat(500)));
        assert_eq!(long.lines().count(), 1, "{long}");
    }
}
