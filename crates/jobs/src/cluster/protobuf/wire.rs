//! The encoding of protobuf: a number and a value, one after another.

use super::error::Malformed;

/// The content of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payload<'a> {
    Integer(u64),
    Bytes(&'a [u8]),
    /// A number of fixed length. No field that is read has one.
    Fixed,
}

/// Walks the fields of a message. An error is the last item.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self { message, at: 0 }
    }

    fn field(&mut self) -> Result<(u32, Payload<'a>), Malformed> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| self.wrong("no number of a field"))?;
        let payload = match key & 7 {
            0 => Payload::Integer(self.varint()?),
            1 => self.take(8).map(|_| Payload::Fixed)?,
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).map_err(|_| self.wrong(LENGTH))?;
                Payload::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Payload::Fixed)?,
            _ => return Err(self.wrong("no type of a field")),
        };
        Ok((number, payload))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (_, rest) = self.message.split_at(self.at);
        let taken = rest.get(..length).ok_or_else(|| self.wrong(LENGTH))?;
        self.at += length;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for place in 0..10_u32 {
            let &byte = self.message.get(self.at).ok_or_else(|| self.wrong(LENGTH))?;
            self.at += 1;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for the highest bit alone.
            if place == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * place);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.wrong("a number of more than 64 bits"))
    }

    fn wrong(&self, what: &'static str) -> Malformed {
        Malformed::Wire { at: self.at, what }
    }
}

const LENGTH: &str = "the message ends within a field";

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Payload<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.message.len() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.at = self.message.len();
        }
        Some(field)
    }
}
