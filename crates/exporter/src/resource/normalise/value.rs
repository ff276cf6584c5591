//! Values that are texts in the resource.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::reason::INVALID;
use crate::limits::SHOWN_VALUE_CHARS_MAX;
use crate::resource::duration;
use crate::resource::finding::Finding;
use crate::resource::path::FieldPath;
use crate::resource::wire::IntOrText;

/// Reads a duration within bounds; `rule` says which.
pub(super) fn duration(
    text: &str,
    bounds: RangeInclusive<Duration>,
    rule: &str,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<Duration> {
    let read = duration::parse(text);
    let message = match read {
        Some(duration) if bounds.contains(&duration) => return read,
        Some(_) => rule.to_owned(),
        None => format!("`{}` is no duration; write one as `5s`, `250ms` or `1h30m`", shown(text)),
    };
    findings.push(Finding::error(path.clone(), INVALID, message));
    None
}

/// Reads a number within bounds.
pub(super) fn number<T: TryFrom<i64>>(
    number: i64,
    bounds: RangeInclusive<i64>,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    let read = T::try_from(number).ok().filter(|_| bounds.contains(&number));
    if read.is_none() {
        let message = format!("must be between {} and {}", bounds.start(), bounds.end());
        findings.push(Finding::error(path.clone(), INVALID, message));
    }
    read
}

/// Reads a number of bytes.
pub(super) fn bytes(written: &IntOrText) -> Option<usize> {
    let text = match written {
        IntOrText::Number(number) => return usize::try_from(*number).ok(),
        IntOrText::Text(text) => text,
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "" => 1,
        "k" => 1000,
        "Ki" => 1 << 10,
        "M" => 1_000_000,
        "Mi" => 1 << 20,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}

/// A text of the resource, short enough for a message and without control characters.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_VALUE_CHARS_MAX).flat_map(printed).collect();
    if text.chars().nth(SHOWN_VALUE_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

fn printed(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

#[cfg(test)]
mod tests {
    use super::{bytes, shown};
    use crate::resource::wire::IntOrText;

    #[test]
    fn bytes_are_a_number_or_a_quantity() {
        assert_eq!(bytes(&IntOrText::Number(4096)), Some(4096));
        for (text, expected) in [
            ("4Mi", Some(4 << 20)),
            ("500k", Some(500_000)),
            ("7", Some(7)),
            ("4MiB", None),
            ("-1", None),
        ] {
            assert_eq!(bytes(&IntOrText::Text(text.to_owned())), expected, "{text}");
        }
    }

    #[test]
    fn text_of_the_resource_is_bounded_and_clean() {
        assert_eq!(shown("a\u{1b}[31m"), "a\\u{1b}[31m");
        assert_eq!(shown(&"é".repeat(100)).chars().count(), 61);
    }
}
