//! Finds lines in a stream: each behind its length, or each before a line break (RFC 6587).

use bytes::{Buf, Bytes, BytesMut};

use crate::limits::{LENGTH_DIGITS_MAX, LINE_BYTES_MAX};

/// The unread rest of a stream; at most one line and one read.
#[derive(Debug, Default)]
pub struct Frames {
    held: BytesMut,
    skipping: bool,
}

/// The next frame of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A line.
    Line(Bytes),
    /// The beginning of a line that is too long; the rest of it is skipped.
    TooLong,
    /// A length above the limit: the stream cannot be read any further.
    Broken,
}

impl Frames {
    /// Appends what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next frame, once it is complete.
    pub fn next_frame(&mut self) -> Option<Frame> {
        loop {
            let breaks = self.held.iter().take_while(|byte| is_break(**byte)).count();
            self.held.advance(breaks);
            if self.skipping {
                let Some(end) = self.held.iter().position(|byte| *byte == b'\n') else {
                    self.held.clear();
                    return None;
                };
                self.held.advance(end + 1);
                self.skipping = false;
                continue;
            }
            return match length(&self.held) {
                Length::Unknown => None,
                Length::None => self.until_break(),
                Length::Of { bytes, .. } if bytes > LINE_BYTES_MAX => Some(Frame::Broken),
                Length::Of { digits, bytes } if self.held.len() > digits + bytes => {
                    self.held.advance(digits + 1);
                    Some(Frame::Line(self.held.split_to(bytes).freeze()))
                }
                Length::Of { .. } => None,
            };
        }
    }

    fn until_break(&mut self) -> Option<Frame> {
        let end = self.held.iter().position(|byte| *byte == b'\n');
        if end.unwrap_or(self.held.len()) > LINE_BYTES_MAX {
            self.skipping = true;
            return Some(Frame::TooLong);
        }
        let line = self.held.split_to(end?).freeze();
        Some(Frame::Line(line))
    }

    /// The last line, if the stream ended without a line break. A line with a length must be complete.
    #[must_use]
    pub fn rest(self) -> Option<Bytes> {
        let Self { held, skipping } = self;
        let is_line = !skipping && !held.is_empty() && matches!(length(&held), Length::None);
        is_line.then(|| held.freeze())
    }
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\0')
}

/// The length before a line.
enum Length {
    /// More bytes are needed to decide.
    Unknown,
    /// There is none.
    None,
    /// So many digits, a space, and so many bytes.
    Of { digits: usize, bytes: usize },
}

fn length(held: &[u8]) -> Length {
    let digits =
        held.iter().take(LENGTH_DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_digit()).count();
    match held.get(digits) {
        None if digits <= LENGTH_DIGITS_MAX => Length::Unknown,
        Some(b' ') if (1..=LENGTH_DIGITS_MAX).contains(&digits) => {
            let number = held.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
            let number = number.and_then(|digits| digits.parse().ok());
            number.map_or(Length::None, |bytes| Length::Of { digits, bytes })
        }
        Some(_) | None => Length::None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Frame, Frames, LINE_BYTES_MAX};

    /// Cuts a stream into pieces of some size, and gives what is found.
    fn frames(stream: &[u8], piece: usize) -> (Vec<Frame>, Option<Vec<u8>>) {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in stream.chunks(piece) {
            frames.push(piece);
            while let Some(frame) = frames.next_frame() {
                let broken = frame == Frame::Broken;
                found.push(frame);
                if broken {
                    return (found, None);
                }
            }
            assert!(frames.held.len() <= LINE_BYTES_MAX + piece.len() + 8);
        }
        (found, frames.rest().map(|rest| rest.to_vec()))
    }

    fn line(text: &str) -> Frame {
        Frame::Line(text.to_owned().into())
    }

    #[test]
    fn both_framings_are_found_however_the_stream_is_cut() {
        let stream = b"<14>one\r\n\n5 <1>\nb<14>two;\n3 abc{\"a\":1}\nthe rest";
        let lines = ["<14>one\r", "<1>\nb", "<14>two;", "abc", "{\"a\":1}"].map(line);
        for piece in 1..stream.len() {
            let (found, rest) = frames(stream, piece);
            assert_eq!(found, lines, "{piece}");
            assert_eq!(rest.as_deref(), Some(&b"the rest"[..]), "{piece}");
        }
    }

    #[test]
    fn a_line_too_long_is_left_out_and_the_next_one_is_not() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let fits = "y".repeat(LINE_BYTES_MAX);
        let stream = format!("{long}\n{fits}\n{long}{long}\nend\n");
        for piece in [1000, 16 * 1024, stream.len()] {
            let (found, rest) = frames(stream.as_bytes(), piece);
            assert_eq!(found, [Frame::TooLong, line(&fits), Frame::TooLong, line("end")]);
            assert_eq!(rest, None);
        }
    }

    #[test]
    fn half_a_line_with_a_length_is_none_and_no_length_is_waited_for_in_vain() {
        assert_eq!(frames(b"10 half", 3), (vec![], None));
        assert_eq!(frames(b"12", 3), (vec![], None));
        assert_eq!(frames(b"9999999 x", 3), (vec![Frame::Broken], None));
        assert_eq!(frames(b"99999999 x\n", 3), (vec![line("99999999 x")], None));
    }

    proptest! {
        #[test]
        fn lines_come_back_whatever_they_hold(
            lines in proptest::collection::vec("[^\0\r\n]{1,40}", 0..10),
            piece in 1_usize..50,
        ) {
            let stream: String =
                lines.iter().map(|line| format!("{} {line}", line.len())).collect();
            let (found, _) = frames(stream.as_bytes(), piece);
            let expected: Vec<Frame> = lines.iter().map(|text| line(text)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_stream_is_too_strange(
            stream in proptest::collection::vec(any::<u8>(), 0..300),
            piece in 1_usize..50,
        ) {
            frames(&stream, piece);
        }
    }
}
