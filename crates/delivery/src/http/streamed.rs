//! An answer that is read piece by piece, so that a large one needs no memory of its size.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use http_body_util::BodyExt;

use crate::fault::{Fault, FaultKind};

/// An answer whose body has not been read yet.
#[derive(Debug)]
pub struct Streamed {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// Whether the end of the body can be told from a connection that broke off: it has a length or comes in
    /// chunks or frames.
    pub has_marked_end: bool,
    body: reqwest::Body,
    /// Bytes that the rest of the body may have.
    room: usize,
}

impl Streamed {
    pub(super) fn new(response: reqwest::Response, bytes_max: usize) -> Self {
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let (status, headers) = (parts.status.as_u16(), parts.headers);
        let is_in_frames = parts.version >= http::Version::HTTP_2;
        let is_measured =
            headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
        let has_marked_end = is_in_frames || is_measured;
        Self { status, headers, has_marked_end, body, room: bytes_max }
    }

    /// Gives the next piece of the body; none at its end.
    ///
    /// *Cancel safety:* no piece is lost.
    ///
    /// # Errors
    /// When the connection fails, or the body is longer than the caller allowed.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        while let Some(frame) = self.body.frame().await {
            // What is no data is a trailer.
            let Ok(data) = frame.map_err(|error| Fault::of(&error))?.into_data() else { continue };
            let Some(room) = self.room.checked_sub(data.len()) else {
                return Err(Fault::new(FaultKind::TooLong, "the document is too long"));
            };
            self.room = room;
            return Ok(Some(data));
        }
        Ok(None)
    }
}
