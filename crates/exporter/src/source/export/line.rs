//! One line of an export: the labels of a series, values and timestamps.
//!
//! ```text
//! {"metric":{"__name__":"up","job":"api"},"values":[1,null,"Infinity"],"timestamps":[1700000000000,…]}
//! ```
//!
//! Nothing is copied where a label has no escape. Values and timestamps are read side by side.

use memchr::{memchr, memchr_iter, memchr2};

use super::number;
use crate::slice::{METRIC_NAME, Sample};
use crate::source::labels::Pairs;
use crate::time::Millis;

/// Memory that is used again for each line.
#[derive(Debug, Default)]
pub struct Scratch {
    spans: Vec<[(usize, usize); 2]>,
    text: String,
}

/// A line, read as far as its labels.
#[derive(Debug)]
pub struct Line<'a> {
    /// The labels.
    pub labels: Pairs<'a>,
    values: &'a [u8],
    timestamps: &'a [u8],
}

/// A line that is none of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadLine {
    /// What is wrong with it.
    pub what: &'static str,
}

const fn bad(what: &'static str) -> BadLine {
    BadLine { what }
}

impl<'a> Line<'a> {
    /// Reads a line without its end.
    ///
    /// # Errors
    /// When it is none of an export.
    pub fn read(line: &'a [u8], scratch: &'a mut Scratch) -> Result<Self, BadLine> {
        let line = line.strip_prefix(br#"{"metric":{"#).ok_or(bad("no `metric`"))?;
        let Scratch { spans, text } = scratch;
        spans.clear();
        text.clear();
        let plain = plain_labels(line, spans)?
            .and_then(|length| line.split_at_checked(length))
            // Bytes that are no text are copied, and shown as such; a store takes any.
            .and_then(|(labels, rest)| Some((std::str::from_utf8(labels).ok()?, rest)));
        let (labels, rest) = match plain {
            Some(plain) => plain,
            None => {
                let rest = copy_labels(line, spans, text)?;
                (text.as_str(), rest)
            }
        };
        let rest = rest.strip_prefix(br#"},"values":["#).ok_or(bad("no `values`"))?;
        let (values, rest) = until_bracket(rest)?;
        let rest = rest.strip_prefix(br#"],"timestamps":["#).ok_or(bad("no `timestamps`"))?;
        let (timestamps, rest) = until_bracket(rest)?;
        if rest != b"]}" {
            return Err(bad("it goes on after `timestamps`"));
        }
        put_in_order(labels, spans);
        Ok(Self { labels: Pairs::new(labels, spans), values, timestamps })
    }

    /// Says how many samples there are, at most.
    #[must_use]
    pub fn samples_max(&self) -> usize {
        memchr_iter(b',', self.timestamps).count() + 1
    }

    /// Gives the samples.
    ///
    /// # Errors
    /// When a number is none, or there are more of one kind than of the other.
    #[inline]
    pub fn samples(&self, mut take: impl FnMut(Sample)) -> Result<(), BadLine> {
        let (mut values, mut timestamps) = (self.values, self.timestamps);
        if values.is_empty() && timestamps.is_empty() {
            return Ok(());
        }
        loop {
            let value = number::value(&mut values).ok_or(bad("a value is no number"))?;
            let time = number::integer(&mut timestamps).ok_or(bad("a timestamp is no number"))?;
            take(Sample { time: Millis(time), value });
            match (values.split_first(), timestamps.split_first()) {
                (Some((b',', more)), Some((b',', more_timestamps))) => {
                    (values, timestamps) = (more, more_timestamps);
                }
                (None, None) => return Ok(()),
                _ => return Err(bad("values and timestamps do not match")),
            }
        }
    }
}

/// Sorts labels by name, the metric's name first. VictoriaMetrics writes `job` and `instance` before all others.
fn put_in_order(labels: &str, spans: &mut [[(usize, usize); 2]]) {
    let key = |[(start, end), _]: &[(usize, usize); 2]| {
        let name = labels.as_bytes().get(*start..*end).unwrap_or_default();
        (name != METRIC_NAME.as_bytes(), name)
    };
    if !spans.is_sorted_by_key(key) {
        spans.sort_by(|one, other| key(one).cmp(&key(other)));
    }
}

fn until_bracket(bytes: &[u8]) -> Result<(&[u8], &[u8]), BadLine> {
    let end = memchr(b']', bytes).ok_or(bad("an array has no end"))?;
    bytes.split_at_checked(end).ok_or(bad("an array has no end"))
}

/// Finds the labels of a metric without any escape; gives how long they are, or none where there is an escape.
fn plain_labels(
    metric: &[u8],
    spans: &mut Vec<[(usize, usize); 2]>,
) -> Result<Option<usize>, BadLine> {
    let mut at = 0;
    if metric.first() == Some(&b'}') {
        return Ok(Some(0));
    }
    loop {
        let Some(name) = plain_string(metric, at)? else { return Ok(None) };
        if metric.get(name.1 + 1) != Some(&b':') {
            return Err(bad("a label has no value"));
        }
        let Some(value) = plain_string(metric, name.1 + 2)? else { return Ok(None) };
        spans.push([name, value]);
        at = value.1 + 1;
        match metric.get(at) {
            Some(b',') => at += 1,
            Some(b'}') => return Ok(Some(at)),
            _ => return Err(bad("labels are not separated")),
        }
    }
}

/// Finds what is between quotes; none where there is an escape.
#[inline]
fn plain_string(metric: &[u8], at: usize) -> Result<Option<(usize, usize)>, BadLine> {
    let (quote, rest) =
        metric.get(at..).and_then(<[u8]>::split_first).ok_or(bad("a label is no text"))?;
    if *quote != b'"' {
        return Err(bad("a label is no text"));
    }
    let length = memchr2(b'"', b'\\', rest).ok_or(bad("a text has no end"))?;
    let start = at + 1;
    Ok((rest.get(length) == Some(&b'"')).then_some((start, start + length)))
}

/// Copies labels that have escapes or are not UTF-8; gives what follows them.
#[cold]
fn copy_labels<'a>(
    metric: &'a [u8],
    spans: &mut Vec<[(usize, usize); 2]>,
    text: &mut String,
) -> Result<&'a [u8], BadLine> {
    spans.clear();
    text.clear();
    let mut rest = metric;
    loop {
        let (name, after) = copy_string(rest, text)?;
        let after = after.strip_prefix(b":").ok_or(bad("a label has no value"))?;
        let (value, after) = copy_string(after, text)?;
        spans.push([name, value]);
        match after.split_first() {
            Some((b',', more)) => rest = more,
            Some((b'}', _)) => return Ok(after),
            _ => return Err(bad("labels are not separated")),
        }
    }
}

type Copied<'a> = ((usize, usize), &'a [u8]);

fn copy_string<'a>(bytes: &'a [u8], text: &mut String) -> Result<Copied<'a>, BadLine> {
    let mut rest = bytes.strip_prefix(b"\"").ok_or(bad("a label is no text"))?;
    let start = text.len();
    loop {
        let end = memchr2(b'"', b'\\', rest).ok_or(bad("a text has no end"))?;
        let (plain, from) = rest.split_at_checked(end).ok_or(bad("a text has no end"))?;
        text.push_str(&String::from_utf8_lossy(plain));
        match from {
            [b'"', after @ ..] => return Ok(((start, text.len()), after)),
            [b'\\', escape, after @ ..] => {
                rest = after;
                let letter = match escape {
                    b'"' | b'\\' | b'/' => char::from(*escape),
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'u' => escaped_letter(&mut rest)?,
                    _ => return Err(bad("an unknown escape")),
                };
                text.push(letter);
            }
            _ => return Err(bad("a text has no end")),
        }
    }
}

/// Reads what follows `\u`: one code, or two that are one letter. A half of a letter alone is shown as such.
fn escaped_letter(rest: &mut &[u8]) -> Result<char, BadLine> {
    let first = code(rest)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if let Some(mut after) = rest.strip_prefix(b"\\u")
        && let Ok(second @ 0xdc00..0xe000) = code(&mut after)
    {
        *rest = after;
        let letter = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Ok(char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(char::REPLACEMENT_CHARACTER)
}

fn code(bytes: &mut &[u8]) -> Result<u32, BadLine> {
    let (digits, rest) = bytes.split_first_chunk::<4>().ok_or(bad("an escape is cut"))?;
    let mut code = 0;
    for digit in digits {
        code = code * 16 + char::from(*digit).to_digit(16).ok_or(bad("an escape is no number"))?;
    }
    *bytes = rest;
    Ok(code)
}

#[cfg(test)]
mod tests;
