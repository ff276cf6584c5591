//! The numbers of an export.

use crate::slice::STALE_NAN_BITS;

/// Powers of ten that a float holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// The largest whole number up to which a float holds every one.
const EXACT_BELOW: u64 = 1 << 53;
/// As many digits always fit 64 bits.
const DIGITS: usize = 19;

/// Takes a value off the front: a number, `null` for the stale marker, or an infinity as text.
#[inline]
pub(super) fn value(bytes: &mut &[u8]) -> Option<f64> {
    match bytes.first()? {
        b'n' => word(bytes, b"null", f64::from_bits(STALE_NAN_BITS)),
        b'"' => word(bytes, b"\"Infinity\"", f64::INFINITY)
            .or_else(|| word(bytes, b"\"-Infinity\"", f64::NEG_INFINITY)),
        _ => decimal(bytes),
    }
}

fn word(bytes: &mut &[u8], word: &[u8], meaning: f64) -> Option<f64> {
    *bytes = bytes.strip_prefix(word)?;
    Some(meaning)
}

/// Takes a decimal number. Most values have few digits: then one division of two exact floats is rounded correctly.
#[inline]
fn decimal(bytes: &mut &[u8]) -> Option<f64> {
    let (is_negative, number) = match bytes.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, *bytes),
    };
    let (mantissa, rest) = digits(number, 0);
    let whole = number.len() - rest.len();
    if whole == 0 {
        return None;
    }
    let (mut mantissa, mut rest, mut places) = (mantissa, rest, 0);
    if let Some(fraction) = rest.strip_prefix(b".") {
        (mantissa, rest) = digits(fraction, mantissa);
        places = fraction.len() - rest.len();
        if places == 0 {
            return None;
        }
    }
    let is_simple = whole + places <= DIGITS
        && mantissa <= EXACT_BELOW
        && !matches!(rest.first(), Some(b'e' | b'E'));
    if is_simple && let Some(power) = EXACT_POWERS.get(places) {
        *bytes = rest;
        #[expect(clippy::cast_precision_loss, reason = "it is at most 2^53")]
        let value = mantissa as f64 / power;
        return Some(if is_negative { -value } else { value });
    }
    any_decimal(bytes)
}

/// Reads digits on the right of those that were read; what overflows is read again by [`any_decimal`].
#[inline]
fn digits(mut bytes: &[u8], mut number: u64) -> (u64, &[u8]) {
    while let Some((byte, rest)) = bytes.split_first() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        bytes = rest;
    }
    (number, bytes)
}

/// Takes a number with many digits or an exponent.
#[inline(never)]
fn any_decimal(bytes: &mut &[u8]) -> Option<f64> {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    let length = bytes.iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len());
    let (number, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    // What is no number is an error of the caller's line.
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Takes a whole number off the front.
#[inline]
pub(super) fn integer(bytes: &mut &[u8]) -> Option<i64> {
    let (is_negative, number) = match bytes.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, *bytes),
    };
    let (start, rest) = match number.split_first_chunk::<8>() {
        Some((eight, rest)) if are_digits(*eight) => (eight_digits(*eight), rest),
        _ => (0, number),
    };
    let (magnitude, rest) = digits(rest, start);
    let length = number.len() - rest.len();
    if length == 0 || length > DIGITS {
        return None;
    }
    *bytes = rest;
    // Beyond the range of a timestamp is no timestamp.
    let magnitude = i64::try_from(magnitude).ok()?;
    Some(if is_negative { -magnitude } else { magnitude })
}

#[inline]
fn are_digits(eight: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(eight);
    let high = word & 0xf0f0_f0f0_f0f0_f0f0;
    let carried = word.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    high == 0x3030_3030_3030_3030 && carried == 0x3030_3030_3030_3030
}

/// Reads eight digits at once: pairs, then fours, then all.
#[inline]
fn eight_digits(eight: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(eight) & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (word.wrapping_mul(2561) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(6_553_601) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(42_949_672_960_001) >> 32
}

#[cfg(test)]
mod tests {
    use super::{integer, value};
    use crate::slice::STALE_NAN_BITS;
    use proptest::prelude::{Strategy, any, prop_oneof, proptest};

    fn read(text: &str) -> Option<(u64, &str)> {
        let mut bytes = text.as_bytes();
        let value = value(&mut bytes)?;
        Some((value.to_bits(), std::str::from_utf8(bytes).unwrap()))
    }

    #[test]
    fn words_and_numbers_are_taken_and_nothing_else() {
        for (text, expected) in [
            ("0,", 0.0),
            ("-0,", -0.0),
            ("1,", 1.0),
            ("0.1,", 0.1),
            ("-12.5,", -12.5),
            ("9007199254740993,", 9_007_199_254_740_992.0),
            ("1e+300,", 1e300),
            ("5e-324,", 5e-324),
            ("123456789012345678901234567890,", 1.234_567_890_123_456_8e29),
            ("0.00000000000000000000000000001,", 1e-29),
            ("\"Infinity\",", f64::INFINITY),
            ("\"-Infinity\",", f64::NEG_INFINITY),
            ("null,", f64::from_bits(STALE_NAN_BITS)),
        ] {
            assert_eq!(read(text), Some((expected.to_bits(), ",")), "{text}");
        }
        for text in
            ["", "-", ".5", "1.", "+1", "inf", "nan", "NaN", "nul", "\"Inf\"", "1e", "e5", "--1"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_float_comes_back_as_it_was_written(value in prop_oneof![
            any::<f64>(),
            any::<i32>().prop_map(f64::from),
            (any::<i64>(), 0..20_i32).prop_map(|(number, places)| number as f64 / 10_f64.powi(places)),
        ].prop_filter("finite", |value: &f64| value.is_finite())) {
            for text in [format!("{value}"), format!("{value:e}")] {
                assert_eq!(read(&text), Some((value.to_bits(), "")), "{text}");
            }
        }

        #[test]
        fn every_timestamp_comes_back(number in prop_oneof![any::<i64>(), 0..3_000_000_000_000_i64]) {
            let text = format!("{number},");
            let mut bytes = text.as_bytes();
            let expected = (number != i64::MIN).then_some(number);
            assert_eq!(integer(&mut bytes), expected);
        }
    }

    #[test]
    fn what_is_no_timestamp_is_not_taken() {
        for text in ["", "-", "x", "99999999999999999999", "9223372036854775808", "1234567:9"] {
            let taken = integer(&mut text.as_bytes());
            assert!(taken.is_none() || text == "1234567:9" && taken == Some(1_234_567), "{text}");
        }
    }
}
