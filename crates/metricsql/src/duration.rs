//! Durations: `1h30m`, `1.5h`, `5i` steps, `2h-5m`, or seconds without a suffix.

use std::fmt;
use std::str::FromStr;

use crate::error::shown;
use crate::number;
use crate::span::Place;

/// A duration as it was written, known to be readable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Duration {
    text: String,
    place: Place,
}

/// Text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no duration; write one as `1h30m`")]
pub struct InvalidDuration {
    /// The text.
    pub text: String,
}

/// What Grafana leaves in a query for the step.
pub(crate) const INTERVAL: &str = "$__interval";

impl Duration {
    /// Reads a duration; `None` where the reference rejects it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        millis(text, 0.0)?;
        // Only Grafana's word is not readable wherever a duration is.
        Some(Self { text: text.replace(INTERVAL, "1i"), place: Place::default() })
    }

    /// Gives the duration as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the duration in milliseconds, given the step that `i` stands for.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the reference computes in floating point too")]
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, as the reference does")]
    pub fn millis(&self, step_ms: i64) -> i64 {
        millis(&self.text, step_ms as f64).unwrap_or_default() as i64
    }

    pub(crate) fn negated(&self) -> Option<Self> {
        Some(Self::parse(&format!("-{}", self.text))?.at(self.place))
    }

    /// Gives where it stands, without its sign.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

impl FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        Self::parse(text).ok_or_else(|| InvalidDuration { text: shown(text) })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn millis(text: &str, step_ms: f64) -> Option<f64> {
    if text.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
        if let Some(seconds) = number::float(text) {
            return Some(seconds * 1000.0);
        }
    }
    if text.is_empty() {
        return None;
    }
    let mut rest = text;
    let mut total = 0.0;
    let mut negative = false;
    while !rest.is_empty() {
        let (part, after) = rest.split_at_checked(scan_one(rest.as_bytes(), true)?)?;
        let mut value = part_millis(part, step_ms)?;
        // A minus holds until the end: `-1h30m` is minus ninety minutes.
        if negative && value > 0.0 {
            value = -value;
        }
        negative |= value < 0.0;
        total += value;
        rest = after;
    }
    Some(total)
}

fn part_millis(part: &str, step_ms: f64) -> Option<f64> {
    if part == INTERVAL {
        return Some(step_ms);
    }
    let lower = part.to_ascii_lowercase();
    let unit = lower.find(|c: char| c.is_ascii_alphabetic())?;
    let (digits, unit) = lower.split_at_checked(unit)?;
    let scale = match unit {
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 60e3,
        "h" => 3_600e3,
        "d" => 86_400e3,
        "w" => 7.0 * 86_400e3,
        "y" => 365.0 * 86_400e3,
        "i" => step_ms,
        _ => return None,
    };
    Some(number::float(digits)? * scale)
}

/// Gives the length of the duration at the start of `bytes`, 0 where there is none.
pub(crate) fn scan(bytes: &[u8]) -> usize {
    let Some(mut length) = scan_one(bytes, false) else { return 0 };
    while let Some(part) = scan_one(bytes.get(length..).unwrap_or_default(), true) {
        length += part;
    }
    length
}

/// Gives the length of one part; only the first must not have a sign.
fn scan_one(bytes: &[u8], signed: bool) -> Option<usize> {
    let mut at = usize::from(signed && bytes.first() == Some(&b'-'));
    if bytes.get(at..)? == INTERVAL.as_bytes() {
        return Some(bytes.len());
    }
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    at += digits(at);
    if at == 0 {
        return None;
    }
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        at += digits(at);
    }
    match (bytes.get(at)?, bytes.get(at + 1)) {
        (b'm' | b'M', Some(b's' | b'S')) => Some(at + 2),
        // `5Mi` and `5mb` are sizes, and so is `5M`.
        (b'm' | b'M', Some(b'i' | b'I' | b'b' | b'B')) | (b'M', _) => None,
        (b'm' | b's' | b'S' | b'h' | b'H' | b'd' | b'D', _)
        | (b'w' | b'W' | b'y' | b'Y' | b'i' | b'I', _) => Some(at + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_their_milliseconds() {
        let table = [
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("2h-5m", 6_900_000),
            ("-1h30m", -5_400_000),
            ("13.4ms", 13),
            ("5i", 50_000),
            ("3600.5", 3_600_500),
            ("-5", -5_000),
            ("1_000", 1_000_000),
            ("2W", 1_209_600_000),
            ("99999999999y", i64::MAX),
        ];
        for (text, expected) in table {
            let duration = Duration::parse(text);
            assert_eq!(duration.map(|duration| duration.millis(10_000)), Some(expected), "{text}");
        }
    }

    #[test]
    fn sizes_and_nonsense_are_not_durations() {
        for text in ["", "5M", "5mi", "1Ki", "inf", "5m-s", "0x5", "5q", "m", "-", "1e5s"] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }
}
