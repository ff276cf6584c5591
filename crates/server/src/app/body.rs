//! Reads a body within limits on size, time and compression ratio.
//!
//! All bodies share one memory budget. A body takes its share as its bytes arrive, so that many slow
//! bodies do not block others.

use std::ops::Deref;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::state::App;
use crate::ingest::body::{Encoding, Unreadable};
use crate::limits::{BODY_BYTES_MAX, BODY_WITHIN, SMALL_BODY_BYTES_MAX};

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    Encoding,
    Broken,
    Slow,
    Busy,
}

impl BodyError {
    pub(super) fn response(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::TooLarge => (413, "too_large", "the body is too large"),
            Self::Encoding => {
                (415, "encoding", "unsupported content encoding; use identity, gzip or zstd")
            }
            Self::Broken => {
                (400, "broken", "the body is incomplete, or not compressed as declared")
            }
            Self::Slow => (408, "slow", "the body took too long"),
            Self::Busy => (503, "busy", "too many bodies are being read; try again"),
        }
    }
}

/// A body, with its share of the memory budget until it is dropped.
#[derive(Debug)]
pub(super) struct ReceivedBody<'a> {
    bytes: Bytes,
    _memory: SemaphorePermit<'a>,
}

impl Deref for ReceivedBody<'_> {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}

/// The headers that describe a body.
///
/// They are copied before the body is read, and the head is dropped: it would keep the read buffer of
/// the connection, and a slow body would need another one.
#[derive(Debug)]
pub(super) struct BodyMetadata {
    /// Identifies a repeated request, where items have no ids of their own.
    pub(super) key: Option<String>,
    length: Option<u64>,
    encoding: Option<Encoding>,
}

impl BodyMetadata {
    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
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
    /// Reads a body. One whose `Content-Length` is too large is not read at all.
    pub(super) async fn body(
        &self,
        metadata: &BodyMetadata,
        body: Body,
    ) -> Result<ReceivedBody<'_>, BodyError> {
        self.body_of(metadata, body, BODY_BYTES_MAX).await
    }

    /// Reads the body of a request without a token, which has a lower limit.
    pub(super) async fn small_body(
        &self,
        metadata: &BodyMetadata,
        body: Body,
    ) -> Result<ReceivedBody<'_>, BodyError> {
        self.body_of(metadata, body, SMALL_BODY_BYTES_MAX).await
    }

    async fn body_of(
        &self,
        BodyMetadata { key: _, length, encoding }: &BodyMetadata,
        body: Body,
        most: usize,
    ) -> Result<ReceivedBody<'_>, BodyError> {
        if length.is_some_and(|length| length > most as u64) {
            return Err(BodyError::TooLarge);
        }
        let encoding = encoding.ok_or(BodyError::Encoding)?;
        let gathered = timeout(BODY_WITHIN, self.gather(Limited::new(body, most))).await;
        let (gathered, mut memory) = gathered.unwrap_or(Err(BodyError::Slow))?;
        let bytes = encoding.decode(gathered).map_err(|unreadable| match unreadable {
            Unreadable::TooLarge => BodyError::TooLarge,
            Unreadable::Broken => BodyError::Broken,
        })?;
        memory.merge(self.memory_for(bytes.len().saturating_sub(memory.num_permits()))?);
        Ok(ReceivedBody { bytes, _memory: memory })
    }

    async fn gather(
        &self,
        mut body: Limited<Body>,
    ) -> Result<(Bytes, SemaphorePermit<'_>), BodyError> {
        let mut memory = self.memory_for(0)?;
        let mut gathered = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                if error.is::<LengthLimitError>() { BodyError::TooLarge } else { BodyError::Broken }
            })?;
            let Ok(data) = frame.into_data() else { continue };
            memory.merge(self.memory_for(data.len())?);
            // Most bodies arrive in one piece with their head. A longer one is copied, so that it does not keep
            // the read buffer.
            if gathered.is_empty() && body.is_end_stream() {
                return Ok((data, memory));
            }
            gathered.extend_from_slice(&data);
        }
        Ok((gathered.freeze(), memory))
    }

    fn memory_for(&self, bytes: usize) -> Result<SemaphorePermit<'_>, BodyError> {
        let bytes = u32::try_from(bytes).map_err(|_| BodyError::TooLarge)?;
        self.body_memory.try_acquire_many(bytes).map_err(|_full| BodyError::Busy)
    }
}
