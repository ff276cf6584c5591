//! Labels as one text: each name and value with its length before it.

/// The label that is a metric's name.
pub(crate) const METRIC_NAME: &str = "__name__";

/// A length of this or more follows as four characters.
const LONG: usize = 0x7f;
const LONG_CHARS: usize = 4;
const LONGEST: usize = (1 << (7 * LONG_CHARS)) - 1;

/// Appends a text after its length. A length is characters of seven bits, one for most texts, so that all of it is text, which
/// is checked once and not whenever a label is read.
pub(super) fn put(out: &mut String, text: &str) {
    if text.len() < LONG {
        out.push(char::from(text.len() as u8));
    } else {
        out.push(char::from(LONG as u8));
        // A text of a quarter of a gibibyte is beyond every bound of a slice.
        let length = text.len().min(LONGEST);
        out.extend((0..LONG_CHARS).map(|place| char::from((length >> (7 * place) & 0x7f) as u8)));
    }
    out.push_str(text);
}

/// Takes a text and what follows it.
#[inline]
pub(super) fn take(labels: &str) -> Option<(&str, &str)> {
    let (start, length) = length(labels.as_bytes())?;
    Some((labels.get(start..start + length)?, labels.get(start + length..)?))
}

/// Gives where a text begins, and its length.
#[inline]
fn length(labels: &[u8]) -> Option<(usize, usize)> {
    let (first, rest) = labels.split_first()?;
    if usize::from(*first) < LONG {
        return Some((1, usize::from(*first)));
    }
    let chars: &[u8; LONG_CHARS] = rest.first_chunk()?;
    let length = chars.iter().rev().fold(0, |length, char| length << 7 | usize::from(*char));
    Some((1 + LONG_CHARS, length))
}

pub(super) fn name_and_rest(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((start, length)) = length(bytes) else { return (&[], &[]) };
    let text = bytes.get(start..).unwrap_or_default();
    text.split_at_checked(length).unwrap_or((text, &[]))
}

#[cfg(test)]
mod tests {
    use super::{name_and_rest, put, take};

    #[test]
    fn a_text_of_any_length_comes_back() {
        for length in [0, 1, 126, 127, 128, 16_383, 16_384, 300_000] {
            let text = "ä".repeat(length / 2) + &"x".repeat(length % 2);
            let mut labels = String::new();
            put(&mut labels, &text);
            put(&mut labels, "next");
            let (first, rest) = take(&labels).unwrap();
            assert!(first == text, "{length}");
            assert_eq!(take(rest), Some(("next", "")), "{length}");
            assert!(name_and_rest(labels.as_bytes()) == (text.as_bytes(), rest.as_bytes()));
        }
        assert_eq!(take(""), None);
        assert_eq!(take("\u{5}abc"), None, "it is cut");
    }
}
