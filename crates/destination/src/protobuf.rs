//! As much of protobuf as one log record and its answers need.

/// A message being written.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;

impl Message {
    pub(super) fn varint(&mut self, field: u64, value: u64) -> &mut Self {
        self.number(field << 3 | VARINT);
        self.number(value);
        self
    }

    pub(super) fn fixed64(&mut self, field: u64, value: u64) -> &mut Self {
        self.number(field << 3 | FIXED64);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(super) fn bytes(&mut self, field: u64, value: impl AsRef<[u8]>) -> &mut Self {
        let value = value.as_ref();
        self.number(field << 3 | BYTES);
        self.number(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    pub(super) fn message(&mut self, field: u64, write: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::default();
        write(&mut inner);
        self.bytes(field, inner.0)
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// A field that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads the fields of a message; ends at the first thing that makes no sense.
pub(super) fn fields(mut bytes: &[u8]) -> impl Iterator<Item = (u64, Field<'_>)> {
    std::iter::from_fn(move || {
        let key = number(&mut bytes)?;
        let field = match key & 7 {
            VARINT => Field::Number(number(&mut bytes)?),
            FIXED64 => Field::Number(u64::from_le_bytes(*take(&mut bytes, 8)?.first_chunk()?)),
            FIXED32 => {
                Field::Number(u32::from_le_bytes(*take(&mut bytes, 4)?.first_chunk()?).into())
            }
            BYTES => {
                let length = number(&mut bytes)?;
                Field::Bytes(take(&mut bytes, length)?)
            }
            _ => return None,
        };
        Some((key >> 3, field))
    })
}

/// Finds a field that holds bytes.
pub(super) fn bytes_of(message: &[u8], wanted: u64) -> Option<&[u8]> {
    fields(message).find_map(|(number, field)| match field {
        Field::Bytes(bytes) if number == wanted => Some(bytes),
        _ => None,
    })
}

/// Finds a field that holds a number.
pub(super) fn number_of(message: &[u8], wanted: u64) -> Option<u64> {
    fields(message).find_map(|(number, field)| match field {
        Field::Number(value) if number == wanted => Some(value),
        _ => None,
    })
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let length = usize::try_from(length).ok()?; // longer than any answer
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Field, Message, bytes_of, fields, number_of};

    #[test]
    fn what_is_written_is_read_and_nonsense_ends_it() {
        let mut message = Message::default();
        message.varint(1, 300).fixed64(2, u64::MAX).bytes(3, "text").message(16, |inner| {
            inner.varint(1, 0);
        });
        let bytes = message.finish();
        // 300 is the example of protobuf's own description of its encoding.
        assert_eq!(bytes[..3], [0x08, 0xac, 0x02]);
        let read: Vec<_> = fields(&bytes).collect();
        let expected = [
            (1, Field::Number(300)),
            (2, Field::Number(u64::MAX)),
            (3, Field::Bytes(b"text")),
            (16, Field::Bytes(&[8, 0])),
        ];
        assert_eq!(read, expected);
        assert_eq!(bytes_of(&bytes, 3), Some(&b"text"[..]));
        assert_eq!(number_of(&bytes, 1), Some(300));
        for length in 0..bytes.len() {
            assert!(fields(&bytes[..length]).count() < 4);
        }
        assert_eq!(fields(&[0xff; 20]).count(), 0);
    }
}
