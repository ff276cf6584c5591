//! Writes bytes as hexadecimal digits, and reads them back.

/// Writes two digits for each byte.
#[must_use]
pub fn written(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).expect("four bits are one digit");
    let mut digits = String::with_capacity(2 * bytes.len());
    digits.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]));
    digits
}

/// Reads bytes of two digits each; nothing, if anything else stands among them.
#[must_use]
pub fn read(digits: &str) -> Option<Vec<u8>> {
    let half = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(half(*high)? << 4 | half(*low)?),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::{read, written};

    #[test]
    fn every_byte_is_two_digits_and_is_read_back() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(written(&[0, 9, 0xa0, 0xff]), "0009a0ff");
        assert_eq!(read(&written(&bytes)), Some(bytes.clone()));
        assert_eq!(read(&written(&bytes).to_uppercase()), Some(bytes));
        assert_eq!((written(&[]), read("")), (String::new(), Some(Vec::new())));
    }

    #[test]
    fn what_is_not_all_digits_in_pairs_is_nothing() {
        for digits in ["0", "000", "0g", "+1", " 1", "-1", "0x", "é", "0é0"] {
            assert_eq!(read(digits), None, "{digits}");
        }
    }
}
