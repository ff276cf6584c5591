//! Numbers: every way to spell one, and the one way Go prints it.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::span::Place;

/// A number, with the way it was written.
#[derive(Debug, Clone)]
pub struct Number {
    value: f64,
    text: String,
    place: Place,
}

impl Number {
    /// Makes a number, written as Go writes it.
    #[must_use]
    pub fn new(value: f64) -> Self {
        Self { value, text: format(value), place: Place::default() }
    }

    /// Reads a number without a sign; `None` where the reference rejects it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(Self { value: value(text)?, text: text.to_owned(), place: Place::default() })
    }

    /// Gives the same number with a minus before it.
    pub(crate) fn negated(self) -> Self {
        Self { value: -self.value, text: format!("-{}", self.text), ..self }
    }

    /// Gives the number.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Gives the number as it was written, or as Go writes it if it was computed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives where it stands. What is computed of several stands where all of them stand.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

/// Two numbers are equal when they have the same bits, however they were written.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.value.to_bits() == other.value.to_bits() || self.value.is_nan() && other.value.is_nan()
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let value = if self.value.is_nan() { f64::NAN } else { self.value };
        value.to_bits().hash(state);
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Suffixes of sizes in lower case, each before those it ends with.
const MULTIPLIERS: [(&str, f64); 16] = [
    ("kib", 1024.0),
    ("ki", 1024.0),
    ("kb", 1e3),
    ("k", 1e3),
    ("mib", 1_048_576.0),
    ("mi", 1_048_576.0),
    ("mb", 1e6),
    ("m", 1e6),
    ("gib", 1_073_741_824.0),
    ("gi", 1_073_741_824.0),
    ("gb", 1e9),
    ("g", 1e9),
    ("tib", 1_099_511_627_776.0),
    ("ti", 1_099_511_627_776.0),
    ("tb", 1e12),
    ("t", 1e12),
];

/// Whether a number starts here.
pub(crate) fn starts(bytes: &[u8]) -> bool {
    match bytes {
        [b'.', digit, ..] | [digit, ..] => digit.is_ascii_digit(),
        [] => false,
    }
}

/// Gives the length of the number at the start of `bytes`, or `None` if its exponent is missing.
pub(crate) fn scan(bytes: &[u8]) -> Option<usize> {
    let (mut length, hexadecimal) = integer_prefix(bytes);
    if hexadecimal {
        return Some(length + count(bytes, length, |byte| byte.is_ascii_hexdigit()));
    }
    let digits = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    length += count(bytes, length, digits);
    let suffix = multiplier_length(bytes, length);
    if suffix > 0 {
        return Some(length + suffix);
    }
    if bytes.get(length) == Some(&b'.') {
        length += 1;
        length += count(bytes, length, digits);
        let suffix = multiplier_length(bytes, length);
        if suffix > 0 {
            return Some(length + suffix);
        }
    }
    if !matches!(bytes.get(length), Some(b'e' | b'E')) {
        return Some(length);
    }
    length += 1;
    if matches!(bytes.get(length), Some(b'+' | b'-')) {
        length += 1;
    }
    let exponent = count(bytes, length, |byte| byte.is_ascii_digit());
    (exponent > 0).then_some(length + exponent)
}

fn count(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(from).take_while(|byte| wanted(**byte)).count()
}

/// Gives the length of `0x`, `0o`, `0b` or a leading zero, and whether hexadecimal digits follow.
fn integer_prefix(bytes: &[u8]) -> (usize, bool) {
    match bytes {
        [b'0', b'0'..=b'9', ..] => (1, false),
        [b'0', b'x' | b'X', ..] => (2, true),
        [b'0', b'o' | b'O' | b'b' | b'B', ..] => (2, false),
        _ => (0, false),
    }
}

fn multiplier_length(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let fits = |suffix: &str| {
        rest.get(..suffix.len()).is_some_and(|start| start.eq_ignore_ascii_case(suffix.as_bytes()))
    };
    MULTIPLIERS.iter().find(|(suffix, _)| fits(suffix)).map_or(0, |(suffix, _)| suffix.len())
}

fn value(text: &str) -> Option<f64> {
    if integer_prefix(text.as_bytes()).0 > 0 {
        return integer(text);
    }
    let lower = text.to_ascii_lowercase();
    if let "inf" | "nan" = lower.as_str() {
        return Some(if lower == "inf" { f64::INFINITY } else { f64::NAN });
    }
    let (digits, multiplier) = MULTIPLIERS
        .iter()
        .find_map(|(suffix, multiplier)| Some((lower.strip_suffix(suffix)?, *multiplier)))
        .unwrap_or((&lower, 1.0));
    Some(float(digits)? * multiplier)
}

/// Reads an integer with a prefix, as Go's `ParseInt` with base 0.
#[expect(clippy::cast_precision_loss, reason = "the language has no other numbers")]
fn integer(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (lower.strip_prefix("0x")?, 16),
        [b'0', b'o', ..] => (lower.strip_prefix("0o")?, 8),
        [b'0', b'b', ..] => (lower.strip_prefix("0b")?, 2),
        _ => (lower.strip_prefix('0')?, 8),
    };
    if !underscores_separate_digits(&lower) {
        return None;
    }
    i64::from_str_radix(&digits.replace('_', ""), radix).ok().map(|integer| integer as f64)
}

/// Reads a decimal number, as Go's `ParseFloat`.
pub(crate) fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !starts(unsigned.as_bytes()) || !underscores_separate_digits(text) {
        return None;
    }
    let value: f64 = text.replace('_', "").parse().ok()?;
    value.is_finite().then_some(value)
}

/// Whether every underscore stands between digits; the prefix of a base counts as one.
fn underscores_separate_digits(text: &str) -> bool {
    let prefixed = integer_prefix(text.as_bytes()).0 == 2;
    let digits = if prefixed { text.get(2..).unwrap_or_default() } else { text };
    let mut previous = if prefixed { b'0' } else { b'^' };
    for byte in digits.bytes() {
        let digit = byte.is_ascii_digit() || prefixed && byte.is_ascii_hexdigit();
        if byte == b'_' && previous != b'0' || previous == b'_' && !digit {
            return false;
        }
        previous = if digit { b'0' } else { byte };
    }
    previous != b'_'
}

/// Writes a number as Go's `FormatFloat(value, 'g', -1, 64)`.
fn format(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".into() } else { "-Inf".into() };
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').expect("`{:e}` writes an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    // Go has six places in mind when it is asked for the shortest form.
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_has_its_value() {
        let table = [
            ("0", 0.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("1_234", 1234.0),
            ("1_2_34.56_78_9", 1234.56789),
            ("12.e+4", 120_000.0),
            ("0x1f", 31.0),
            ("0X_1F", 31.0),
            ("0b1011", 11.0),
            ("073", 59.0),
            ("0o12", 10.0),
            ("12Ki", 12_288.0),
            ("1.5KB", 1500.0),
            ("2GiB", 2_147_483_648.0),
            ("5M", 5e6),
            ("5mi", 5.0 * 1_048_576.0),
            ("3t", 3e12),
            ("InF", f64::INFINITY),
        ];
        for (text, expected) in table {
            assert_eq!(Number::parse(text).map(|number| number.value()), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_go_cannot_read_is_rejected() {
        for text in ["08", "0x", "0b12", "1__0", "1_", "1e999", "0xffffffffffffffffff", "00.5"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        let table = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1e6, "1e+06"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.2e45, "1.2e+45"),
            (-1.23e9, "-1.23e+09"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, text) in table {
            assert_eq!(Number::new(value).text(), text);
        }
    }
}
