//! Cuts a stream into lines, whatever the pieces in which it comes.

use memchr::{memchr, memchr_iter};

use crate::limits::EXPORT_LINE_BYTES_MAX;

/// Cuts a stream into lines. A line that is whole within a piece is not copied.
#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
}

/// Why a stream cannot be cut into lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadStream {
    /// A line is too long.
    #[error("a line is longer than {EXPORT_LINE_BYTES_MAX} bytes")]
    LineTooLong,
    /// The stream ends within a line.
    #[error("the last line has no end")]
    Cut,
}

impl Lines {
    /// Takes the next piece, and gives the lines that end in it, without their ends.
    ///
    /// # Errors
    /// What `each` gives, and when a line is too long.
    pub fn feed<E: From<BadStream>>(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = piece;
        if !self.begun.is_empty() {
            let Some(end) = memchr(b'\n', rest) else { return Ok(self.keep(rest)?) };
            let (line_end, after) = rest.split_at(end);
            self.keep(line_end)?;
            each(&self.begun)?;
            self.begun.clear();
            rest = after.get(1..).unwrap_or_default();
        }
        let mut start = 0;
        for end in memchr_iter(b'\n', rest) {
            each(rest.get(start..end).unwrap_or_default())?;
            start = end + 1;
        }
        Ok(self.keep(rest.get(start..).unwrap_or_default())?)
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When it ends within a line.
    pub fn end(self) -> Result<(), BadStream> {
        if self.begun.is_empty() { Ok(()) } else { Err(BadStream::Cut) }
    }

    /// Gives the line that has no end yet.
    #[must_use]
    pub fn begun(&self) -> &[u8] {
        &self.begun
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), BadStream> {
        if self.begun.len() + part.len() > EXPORT_LINE_BYTES_MAX {
            return Err(BadStream::LineTooLong);
        }
        self.begun.extend_from_slice(part);
        Ok(())
    }
}
