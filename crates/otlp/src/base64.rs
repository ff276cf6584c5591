//! Base64, as JSON writes bytes and gRPC its binary headers.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes it with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = encode_unpadded(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Writes it without padding.
pub(crate) fn encode_unpadded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        let letters = (0..=group.len()).map(|place| ALPHABET[bits >> (18 - 6 * place) & 63]);
        text.extend(letters.map(char::from));
    }
    text
}

/// Reads it with padding or without, and in the alphabet of addresses, too.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=').as_bytes();
    if letters.len() % 4 == 1 || text.len() - letters.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(letters.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0);
    for letter in letters {
        bits = bits << 6 | u32::from(value(*letter)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

const fn value(letter: u8) -> Option<u8> {
    Some(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, encode_unpadded};

    /// The vectors of RFC 4648, section 10, and one with all that differs between the alphabets.
    const VECTORS: [(&[u8], &str); 8] = [
        (b"", ""),
        (b"f", "Zg=="),
        (b"fo", "Zm8="),
        (b"foo", "Zm9v"),
        (b"foob", "Zm9vYg=="),
        (b"fooba", "Zm9vYmE="),
        (b"foobar", "Zm9vYmFy"),
        (&[0xfb, 0xff], "+/8="),
    ];

    #[test]
    fn the_vectors_of_the_standard_hold_in_both_directions() {
        for (bytes, text) in VECTORS {
            assert_eq!(encode(bytes), text);
            assert_eq!(encode_unpadded(bytes), text.trim_end_matches('='));
            for text in
                [text, text.trim_end_matches('='), &text.replace('+', "-").replace('/', "_")]
            {
                assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
            }
        }
        for wrong in ["A", "AAAAA", "A?==", "====", "Zg===", "Z=g="] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
