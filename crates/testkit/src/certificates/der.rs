//! The few forms of DER (X.690) that a certificate is made of.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Gives the tag of a field that a structure numbers, and that holds a whole value.
pub(super) const fn explicit(number: u8) -> u8 {
    0xa0 | number
}

/// Gives the tag of a field that a structure numbers, and that holds bare bytes.
pub(super) const fn implicit(number: u8) -> u8 {
    0x80 | number
}

/// Writes a value: its tag, its length, its content.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = u16::try_from(content.len()).expect("no part of a certificate comes near 64 KiB");
    let [high, low] = length.to_be_bytes();
    match length {
        0..=0x7f => bytes.push(low),
        0x80..=0xff => bytes.extend([0x81, low]),
        _ => bytes.extend([0x82, high, low]),
    }
    bytes.extend_from_slice(content);
    bytes
}

/// Writes a value whose content is other values.
pub(super) fn group<const N: usize>(tag: u8, parts: [Vec<u8>; N]) -> Vec<u8> {
    value(tag, &parts.concat())
}

/// Writes bytes as a string of bits, of which the last ones may be unused.
pub(super) fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    value(BIT_STRING, &[[unused].as_slice(), bytes].concat())
}
