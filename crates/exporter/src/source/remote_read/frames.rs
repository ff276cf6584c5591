//! Cuts a stream into frames: a length, a checksum, a message.

use super::bad_chunk::{BadChunk, bad};
use super::protobuf::varint;
use crate::limits::REMOTE_READ_FRAME_BYTES_MAX;

/// The longest length and the checksum behind it.
const HEAD_BYTES: usize = 10 + 4;

/// Cuts a stream into frames, whatever the pieces in which it comes.
#[derive(Debug, Default)]
pub struct Frames {
    /// The beginning of a frame that is not whole.
    begun: Vec<u8>,
}

impl Frames {
    /// Takes the next piece, and gives the messages that end in it.
    ///
    /// # Errors
    /// What `each` gives, and when a frame is too long or damaged.
    pub fn feed<E: From<BadChunk>>(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.begun.extend_from_slice(piece);
        let mut rest = self.begun.as_slice();
        while let Some((message, after)) = frame(rest)? {
            each(message)?;
            rest = after;
        }
        let taken = self.begun.len() - rest.len();
        self.begun.drain(..taken);
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When it ends within a frame.
    pub fn end(self) -> Result<(), BadChunk> {
        if self.begun.is_empty() { Ok(()) } else { Err(bad("the last frame is cut")) }
    }
}

/// A message and what follows it.
type Split<'a> = (&'a [u8], &'a [u8]);

/// Takes a frame; none if it is not whole.
fn frame(bytes: &[u8]) -> Result<Option<Split<'_>>, BadChunk> {
    let mut rest = bytes;
    let Some(length) = varint(&mut rest) else {
        let is_cut = bytes.len() < HEAD_BYTES;
        return if is_cut { Ok(None) } else { Err(bad("a frame without a length")) };
    };
    let length =
        usize::try_from(length).ok().filter(|length| *length <= REMOTE_READ_FRAME_BYTES_MAX);
    let length = length.ok_or(bad("a frame is too long"))?;
    let Some((checksum, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let Some((message, rest)) = rest.split_at_checked(length) else { return Ok(None) };
    if crc32c::crc32c(message) != u32::from_be_bytes(*checksum) {
        return Err(bad("the checksum of a frame is wrong"));
    }
    Ok(Some((message, rest)))
}

#[cfg(test)]
mod tests {
    use super::Frames;
    use crate::source::remote_read::BadChunk;
    use proptest::prelude::proptest;

    fn written(messages: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = Vec::new();
        for message in messages {
            super::super::protobuf::put_varint(&mut stream, message.len() as u64);
            stream.extend_from_slice(&crc32c::crc32c(message).to_be_bytes());
            stream.extend_from_slice(message);
        }
        stream
    }

    fn read(stream: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, BadChunk> {
        let (mut frames, mut read) = (Frames::default(), Vec::new());
        for piece in stream.chunks(piece) {
            frames.feed(piece, |message| {
                read.push(message.to_vec());
                Ok::<_, BadChunk>(())
            })?;
        }
        frames.end().map(|()| read)
    }

    proptest! {
        #[test]
        fn messages_come_back_from_any_pieces_and_a_cut_or_a_change_is_noticed(
            messages in proptest::collection::vec(proptest::collection::vec(0..=255_u8, 0..300), 1..5),
            piece in 1..50_usize, at: proptest::sample::Index, bit in 0..8,
        ) {
            let mut stream = written(&messages);
            assert_eq!(read(&stream, piece).unwrap(), messages);
            let at = at.index(stream.len());
            let cut = read(&stream[..at], piece);
            assert!(cut.is_err() || cut.is_ok_and(|some| some.len() < messages.len()));
            stream[at] ^= 1_u8 << bit;
            let changed = read(&stream, piece);
            assert!(changed.is_err(), "{changed:?}");
        }
    }
}
