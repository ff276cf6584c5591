//! Text of a store that is shown: bounded, one line, no control characters.

use crate::limits::STORE_TEXT_BYTES_MAX;

/// Gives the beginning of a store's text as one line.
pub(super) fn clean(bytes: &[u8]) -> String {
    // Nothing after this can be shown.
    let bytes = bytes.get(..STORE_TEXT_BYTES_MAX * 4).unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::new();
    for letter in text.trim().chars() {
        let letter = if letter.is_whitespace() { ' ' } else { letter };
        if letter.is_control() || (letter == ' ' && shown.ends_with(' ')) {
            continue;
        }
        if shown.len() + letter.len_utf8() > STORE_TEXT_BYTES_MAX {
            break;
        }
        shown.push(letter);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn hostile_text_becomes_a_short_line() {
        assert_eq!(clean(b" one\r\n\ttwo\x1b[31m\0 "), "one two[31m");
        assert_eq!(clean(b"\xff"), "\u{fffd}");
        let long = "\u{e4}".repeat(10_000);
        assert_eq!(clean(long.as_bytes()), "\u{e4}".repeat(128));
    }
}
