//! Scalars as kubectl reads them, and where their parts stand.

use std::ops::Range;

use granit_parser::ScalarStyle;
use serde_json::{Number, Value};

use super::place::Place;

/// A text, number, boolean or null.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// The text, after escapes and folding.
    pub text: String,
    /// How it is written.
    pub(super) style: ScalarStyle,
}

impl Scalar {
    /// kubectl reads YAML 1.1: without quotes `yes`, `no`, `on` and `off` are booleans.
    pub(super) fn to_json(&self) -> Value {
        let text = self.text.as_str();
        if self.style != ScalarStyle::Plain {
            return text.into();
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => {
                true.into()
            }
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n"
            | "N" => false.into(),
            text => number(text).map_or_else(|| text.into(), Value::Number),
        }
    }
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let sign = if plain.starts_with('-') { -1 } else { 1 };
    let of = |digits: &str, radix| {
        i64::from_str_radix(digits, radix).ok().map(|number| Number::from(sign * number))
    };
    for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return of(digits, radix);
        }
    }
    if unsigned.len() > 1
        && unsigned.starts_with('0')
        && unsigned.bytes().all(|b| (b'0'..b'8').contains(&b))
    {
        return of(unsigned, 8);
    }
    let whole =
        plain.parse::<i64>().map(Number::from).or_else(|_| plain.parse::<u64>().map(Number::from));
    let is_decimal = unsigned
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    whole.ok().or_else(|| is_decimal.then(|| Number::from_f64(plain.parse().ok()?)).flatten())
}

/// Gives the place of some bytes of a scalar's text; none where lines were folded, and the place cannot be told.
pub(super) fn part(
    scalar: &Scalar,
    place: Place,
    file: &str,
    bytes: Range<usize>,
) -> Option<Place> {
    let before = scalar.text.get(..bytes.start)?;
    // A range that goes on behind the end of a line is shown up to there.
    let covered = scalar.text.get(bytes)?.lines().next().unwrap_or_default().chars().count();
    match scalar.style {
        ScalarStyle::Literal => {
            let lines_before = before.matches('\n').count();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
            let written = scalar.text.lines().nth(lines_before).unwrap_or_default();
            // The place is that of the indicator, or of the first line that is not empty.
            let head = file.lines().nth(place.line.checked_sub(1)?)?;
            let is_head = head.chars().nth(place.column.checked_sub(1)?) == Some('|');
            let empty = scalar.text.chars().take_while(|&c| c == '\n').count();
            let first = if is_head { place.line + 1 } else { place.line.checked_sub(empty)? };
            let line = first + lines_before;
            let source = file.lines().nth(line - 1)?.trim_end_matches('\r');
            let indent = source.chars().count().checked_sub(written.chars().count())?;
            Some(Place::on_line(line, indent + column + 1, covered.max(1)))
        }
        style @ (ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)
            if place.is_one_line() =>
        {
            let line = file.lines().nth(place.line.checked_sub(1)?)?;
            let source: Vec<char> = line.chars().skip(place.column.checked_sub(1)?).collect();
            let start = written_width(&source, style, before.chars().count());
            let end = written_width(&source, style, before.chars().count() + covered.max(1));
            Some(Place::on_line(place.line, place.column + start, end.saturating_sub(start).max(1)))
        }
        // The lines of other styles are joined: the place is lost.
        _ => None,
    }
}

/// Counts the characters that stand before a character of the text, in the notation of a style.
fn written_width(source: &[char], style: ScalarStyle, characters: usize) -> usize {
    let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    let mut width = usize::from(quoted);
    for _ in 0..characters {
        width += match (style, source.get(width), source.get(width + 1)) {
            (ScalarStyle::SingleQuoted, Some('\''), Some('\'')) => 2,
            (ScalarStyle::DoubleQuoted, Some('\\'), Some('x')) => 4,
            (ScalarStyle::DoubleQuoted, Some('\\'), Some('u')) => 6,
            (ScalarStyle::DoubleQuoted, Some('\\'), Some('U')) => 10,
            (ScalarStyle::DoubleQuoted, Some('\\'), Some(_)) => 2,
            _ => 1,
        };
    }
    width.min(source.len())
}
