//! Reads a body within its limits of size, time and compression.
//!
//! A body takes room as its bytes come, and not before: many that come slowly take little of it, so
//! they keep nobody else waiting.

use std::ops::Deref;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::App;
use crate::ingest::body::{Encoding, Unreadable};
use crate::limits::{BODY_BYTES_MAX, BODY_WITHIN, SMALL_BODY_BYTES_MAX};

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    TooLarge,
    Encoding,
    Broken,
    Slow,
    Busy,
}

impl Trouble {
    pub(super) fn words(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::TooLarge => (413, "too_large", "the body is too large"),
            Self::Encoding => (415, "encoding", "use identity, gzip or zstd"),
            Self::Broken => (400, "broken", "the body is not whole, or not compressed as it says"),
            Self::Slow => (408, "slow", "the body did not come in time"),
            Self::Busy => (503, "busy", "too many bodies are being read; try again"),
        }
    }
}

/// A body, with the room that it takes until it is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    bytes: Bytes,
    _room: SemaphorePermit<'a>,
}

impl Deref for Held<'_> {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}

/// What a head says of its body.
///
/// It is read before the body, and with it all that a route wants of the head: a head that is kept keeps
/// the buffer that it came in, and a body that comes slowly would need another one.
#[derive(Debug)]
pub(super) struct Announced {
    /// What tells a repetition, where items have no ids of their own.
    pub(super) key: Option<String>,
    length: Option<u64>,
    encoding: Option<Encoding>,
}

impl Announced {
    pub(super) fn by(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).map(|value| value.to_str());
        let length =
            text(CONTENT_LENGTH.as_str()).and_then(Result::ok).and_then(|it| it.parse().ok());
        let encoding = match text(CONTENT_ENCODING.as_str()) {
            Some(value) => value.ok().and_then(|value| Encoding::from_header(Some(value))),
            None => Some(Encoding::Identity),
        };
        let key = text("idempotency-key").and_then(Result::ok).map(str::to_owned);
        Self { key, length, encoding }
    }
}

impl App {
    /// Reads a body; what says that it is too large is not read at all.
    pub(super) async fn body(
        &self,
        announced: &Announced,
        body: Body,
    ) -> Result<Held<'_>, Trouble> {
        self.body_of(announced, body, BODY_BYTES_MAX).await
    }

    /// Reads the body of somebody who needs no token, and has little to say.
    pub(super) async fn small_body(
        &self,
        announced: &Announced,
        body: Body,
    ) -> Result<Held<'_>, Trouble> {
        self.body_of(announced, body, SMALL_BODY_BYTES_MAX).await
    }

    async fn body_of(
        &self,
        Announced { key: _, length, encoding }: &Announced,
        body: Body,
        most: usize,
    ) -> Result<Held<'_>, Trouble> {
        if length.is_some_and(|length| length > most as u64) {
            return Err(Trouble::TooLarge);
        }
        let encoding = encoding.ok_or(Trouble::Encoding)?;
        let gathered = timeout(BODY_WITHIN, self.gather(Limited::new(body, most))).await;
        let (gathered, mut room) = gathered.unwrap_or(Err(Trouble::Slow))?;
        let bytes = encoding.decode(gathered).map_err(|unreadable| match unreadable {
            Unreadable::TooLarge => Trouble::TooLarge,
            Unreadable::Broken => Trouble::Broken,
        })?;
        room.merge(self.room_for(bytes.len().saturating_sub(room.num_permits()))?);
        Ok(Held { bytes, _room: room })
    }

    async fn gather(
        &self,
        mut body: Limited<Body>,
    ) -> Result<(Bytes, SemaphorePermit<'_>), Trouble> {
        let mut room = self.room_for(0)?;
        let mut gathered = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                if error.is::<LengthLimitError>() { Trouble::TooLarge } else { Trouble::Broken }
            })?;
            let Ok(data) = frame.into_data() else { continue };
            room.merge(self.room_for(data.len())?);
            // Most come whole with their head. What is unfinished must not hold what it was read into.
            if gathered.is_empty() && body.is_end_stream() {
                return Ok((data, room));
            }
            gathered.extend_from_slice(&data);
        }
        Ok((gathered.freeze(), room))
    }

    fn room_for(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Trouble> {
        let bytes = u32::try_from(bytes).map_err(|_| Trouble::TooLarge)?;
        self.room.try_acquire_many(bytes).map_err(|_full| Trouble::Busy)
    }
}
