//! The encoding of protobuf: numbers, fields, and messages whose length is put before them.

use crate::error::Fault;

pub(crate) const VARINT: u8 = 0;
pub(crate) const FIXED64: u8 = 1;
pub(crate) const BYTES: u8 = 2;
pub(crate) const FIXED32: u8 = 5;

/// The content of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// A field, and where in its message it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FoundField<'a> {
    pub(crate) message: &'a [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) number: u32,
    pub(crate) payload: Payload<'a>,
}

impl<'a> FoundField<'a> {
    /// Gives the content of a field that has a length.
    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        match self.payload {
            Payload::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// Gives the bits of a number.
    #[inline]
    pub(crate) fn bits(&self) -> u64 {
        match self.payload {
            Payload::Varint(bits) | Payload::Fixed64(bits) => bits,
            Payload::Fixed32(bits) => bits.into(),
            Payload::Bytes(_) => 0,
        }
    }
}

/// Walks the fields of a message, as they stand; an error is the last item.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

/// Reads the fields of a message.
#[inline]
pub(crate) fn fields(message: &[u8]) -> Fields<'_> {
    Fields { message, at: 0 }
}

/// Reads the fields of a message that was checked.
#[inline]
pub(crate) fn checked(message: &[u8]) -> impl Iterator<Item = FoundField<'_>> {
    fields(message).map_while(Result::ok)
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<FoundField<'a>, (usize, Fault)>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.message.len() {
            return None;
        }
        #[cfg(test)]
        work::add();
        let start = self.at;
        Some(match self.field() {
            Ok((number, payload)) => {
                let (message, end) = (self.message, self.at);
                Ok(FoundField { message, start, end, number, payload })
            }
            Err(fault) => {
                self.at = self.message.len();
                Err((start, fault))
            }
        })
    }
}

/// Counts the fields that were walked in this thread.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;

    thread_local! {
        static FIELDS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn add() {
        FIELDS.set(FIELDS.get() + 1);
    }

    /// Gives how many fields something walks.
    pub(crate) fn of(what: impl FnOnce()) -> usize {
        let before = FIELDS.get();
        what();
        FIELDS.get() - before
    }
}

impl<'a> Fields<'a> {
    #[inline(always)] // it is most of the work of reading
    fn field(&mut self) -> Result<(u32, Payload<'a>), Fault> {
        let key = u32::try_from(self.varint()?).map_err(|_| Fault::FieldNumber)?;
        let number = key >> 3;
        if number == 0 {
            return Err(Fault::FieldNumber);
        }
        let payload = match (key & 7) as u8 {
            VARINT => Payload::Varint(self.varint()?),
            FIXED64 => Payload::Fixed64(u64::from_le_bytes(self.array()?)),
            BYTES => {
                let length = usize::try_from(self.varint()?).map_err(|_| Fault::Length)?;
                Payload::Bytes(self.take(length)?)
            }
            FIXED32 => Payload::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return Err(Fault::WireType),
        };
        Ok((number, payload))
    }

    #[inline(always)]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let rest = self.message.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(Fault::Length)?;
        self.at += length;
        Ok(taken)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.take(N)?.first_chunk().copied().ok_or(Fault::Length)
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<u64, Fault> {
        let rest = self.message.get(self.at..).unwrap_or_default();
        let (value, length) = varint(rest).ok_or(Fault::Varint)?;
        self.at += length;
        Ok(value)
    }
}

/// Reads a number of variable length, and says how long it is. Most keys and lengths have one byte or two.
#[inline(always)]
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    match *bytes {
        [byte, ..] if byte < 0x80 => Some((byte.into(), 1)),
        [low, high, ..] if high < 0x80 => Some((u64::from(low & 0x7f) | u64::from(high) << 7, 2)),
        _ => long_varint(bytes),
    }
}

#[cold]
fn long_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (place, &byte) in bytes.iter().take(10).enumerate() {
        // The tenth byte has room for the highest bit alone.
        if place == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some((value, place + 1));
        }
    }
    None
}

/// Writes a number of variable length.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Says how many bytes a number of variable length has.
pub(crate) const fn varint_length(value: u64) -> usize {
    ((64 - (value | 1).leading_zeros()) as usize).div_ceil(7)
}

/// Writes what stands before the content of a field.
pub(crate) fn put_key(out: &mut Vec<u8>, number: u32, wire_type: u8) {
    put_varint(out, u64::from(number) << 3 | u64::from(wire_type));
}

/// Writes a field that has a length.
pub(crate) fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_key(out, number, BYTES);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A message that is being written: where its content begins, and how much was left for its length.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OpenMessage {
    pub(crate) content: usize,
    pub(crate) width: usize,
}

/// Begins a message in a field. A good guess of its length saves a move of its content.
pub(crate) fn open(out: &mut Vec<u8>, number: u32, guess: usize) -> OpenMessage {
    put_key(out, number, BYTES);
    let width = varint_length(guess as u64);
    out.resize(out.len() + width, 0);
    OpenMessage { content: out.len(), width }
}

/// Ends a message: puts its length before it, and moves its content when the guess was wrong.
pub(crate) fn close(out: &mut Vec<u8>, open: OpenMessage) {
    let OpenMessage { content, width } = open;
    let length = out.len() - content;
    let needed = varint_length(length as u64);
    let moved = content - width + needed;
    if needed > width {
        out.resize(out.len() + needed - width, 0);
    }
    if needed != width {
        out.copy_within(content..content + length, moved);
        out.truncate(moved + length);
    }
    let mut rest = length;
    for (place, byte) in out.iter_mut().skip(moved - needed).take(needed).enumerate() {
        let more = if place + 1 < needed { 0x80 } else { 0 };
        *byte = (rest & 0x7f) as u8 | more;
        rest >>= 7;
    }
}

/// Encodes a signed number so that small ones stay short.
pub(crate) const fn zigzag(value: i32) -> u32 {
    (value << 1 ^ value >> 31).cast_unsigned()
}

/// Decodes what [`zigzag`] made.
pub(crate) const fn unzigzag(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::{
        Fault, Payload, checked, close, fields, open, put_bytes, put_key, put_varint, unzigzag,
        varint, varint_length, zigzag,
    };

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for value in (0..64).flat_map(|bit| [1 << bit, (1 << bit) - 1, u64::MAX >> bit]) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(varint(&out), Some((value, out.len())));
            assert_eq!(varint_length(value), out.len(), "{value}");
            assert_eq!(varint(&out[..out.len() - 1]), None);
        }
        // 300 is the example of protobuf's own description of its encoding.
        assert_eq!(varint(&[0xac, 0x02]), Some((300, 2)));
        assert_eq!(varint(&[0xff; 20]), None);
        for value in [0, -1, 1, i32::MIN, i32::MAX] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
        assert_eq!((zigzag(-1), zigzag(1)), (1, 2));
    }

    #[test]
    fn a_length_is_right_whatever_was_guessed() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_152] {
            for guess in [0, 127, 128, 16_384, 1 << 30] {
                let mut out = vec![7];
                let message = open(&mut out, 3, guess);
                out.resize(out.len() + length, 9);
                close(&mut out, message);
                let mut expected = vec![7];
                put_bytes(&mut expected, 3, &vec![9; length]);
                assert!(out == expected, "{length} bytes, {guess} guessed");
            }
        }
    }

    #[test]
    fn what_is_not_protobuf_ends_the_walk_with_the_place() {
        let mut out = Vec::new();
        put_key(&mut out, 1, 0);
        put_varint(&mut out, 300);
        let table: [(&[u8], Fault); 6] = [
            (&[0x80], Fault::Varint),
            (&[0x00, 1], Fault::FieldNumber),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 1], Fault::FieldNumber),
            (&[0x12, 2, 0], Fault::Length),
            (&[0x11, 2, 0], Fault::Length),
            (&[0x13, 0x14], Fault::WireType),
        ];
        for (bytes, fault) in table {
            let message = [&out, bytes].concat();
            let walked: Vec<_> = fields(&message).collect();
            assert_eq!(walked.len(), 2);
            assert_eq!(walked[0].unwrap().payload, Payload::Varint(300));
            assert_eq!(walked[1], Err((3, fault)));
            assert_eq!(checked(&message).count(), 1);
        }
    }
}
