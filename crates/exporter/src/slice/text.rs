//! Labels as one text: each name and value with its length before it.

/// The label that is a metric's name.
pub(super) const METRIC_NAME: &str = "__name__";

/// Appends a text after its length. The length is four characters of seven bits, so that all of it is text, which is checked
/// once and not whenever a label is read.
pub(super) fn put(out: &mut String, text: &str) {
    // A text of a quarter of a gibibyte is beyond every bound of a slice.
    let length = text.len().min(LONGEST);
    out.extend((0..LENGTH_CHARS).map(|place| char::from((length >> (7 * place) & 0x7f) as u8)));
    out.push_str(text);
}

const LENGTH_CHARS: usize = 4;
const LONGEST: usize = (1 << (7 * LENGTH_CHARS)) - 1;

/// Takes a text and what follows it.
#[inline]
pub(super) fn take(labels: &str) -> Option<(&str, &str)> {
    let chars: &[u8; LENGTH_CHARS] = labels.as_bytes().first_chunk()?;
    let end = LENGTH_CHARS + length(*chars);
    Some((labels.get(LENGTH_CHARS..end)?, labels.get(end..)?))
}

#[inline]
fn length(chars: [u8; LENGTH_CHARS]) -> usize {
    chars.into_iter().rev().fold(0, |length, char| length << 7 | usize::from(char))
}

pub(super) fn name_and_rest(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((chars, rest)) = bytes.split_first_chunk() else { return (&[], &[]) };
    rest.split_at_checked(length(*chars)).unwrap_or((rest, &[]))
}
