//! As much of protobuf as remote read needs.

/// The content of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A number.
    Varint(u64),
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
    /// What no field of ours has.
    Other,
}

/// Takes a number.
#[inline]
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Takes a field: its number and content.
#[inline]
pub(super) fn field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let tag = varint(bytes)?;
    let mut skip = |length: usize| {
        let (content, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Some(content)
    };
    let value = match tag & 7 {
        0 => Value::Varint(varint(bytes)?),
        1 => skip(8).map(|_| Value::Other)?,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            let (content, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            Value::Bytes(content)
        }
        5 => skip(4).map(|_| Value::Other)?,
        _ => return None,
    };
    Some((tag >> 3, value))
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Writes a field that is a number.
pub(super) fn put_number(out: &mut Vec<u8>, field: u8, number: u64) {
    out.push(field << 3);
    put_varint(out, number);
}

/// Writes a field that is a text, bytes or a message.
pub(super) fn put_bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, content.len() as u64);
    out.extend_from_slice(content);
}
