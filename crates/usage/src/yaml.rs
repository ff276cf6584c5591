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
    let (message, line, column) =
        continued(text, location.line()).unwrap_or((message, location.line(), location.column()));
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

/// Finds a key that is indented by mistake: YAML reads its line as more of the value above, and the
/// parser complains about that value. Gives the message and the place of the key.
fn continued(text: &str, line: u64) -> Option<(String, u64, u64)> {
    let skipped = usize::try_from(line.checked_sub(1)?).ok()?;
    let mut lines = text.lines().skip(skipped);
    let (above, below) = (key(lines.next()?)?, key(lines.next()?)?);
    let has_plain_value = above.value.starts_with(|c: char| c.is_alphanumeric());
    if !has_plain_value || below.indent <= above.indent {
        return None;
    }
    let (name, line, column) = (below.name, line + 1, u64::try_from(below.indent).ok()? + 1);
    let message = format!(
        "`{name}` is indented, so it is read as more of the value of `{}`; remove the spaces before it, \
         at line {line}, column {column}",
        above.name
    );
    Some((message, line, column))
}

/// A line that sets a key.
struct KeyLine<'t> {
    indent: usize,
    name: &'t str,
    value: &'t str,
}

fn key(line: &str) -> Option<KeyLine<'_>> {
    let rest = line.trim_start_matches(' ');
    let (name, value) = rest.split_once(':')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
    let ends = value.is_empty() || value.starts_with(' ');
    (is_name && ends).then_some(KeyLine {
        indent: line.len() - rest.len(),
        name,
        value: value.trim(),
    })
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

    #[test]
    fn a_key_that_is_indented_by_mistake_is_shown_in_its_own_line() {
        let text = explained("a: [b]\nb: c\n  d: e\n");
        assert_eq!(
            text,
            "`d` is indented, so it is read as more of the value of `b`; remove the spaces before it, \
             at line 3, column 3\n  3 |   d: e\n    |   ^"
        );
        // What is right to indent is not blamed for another mistake.
        for text in
            ["a: b\nc: [d]\n", "a: b\n\n  c: d\n", "a: b\n  and more\n", "a: b\n  https://c\n"]
        {
            assert!(!explained(text).contains("is indented"), "{text}");
        }
    }
}
