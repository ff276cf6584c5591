//! Reads a body within its limits of size, time and compression.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::App;
use crate::ingest::body::{Encoding, Unreadable};
use crate::limits::{BODY_BYTES_MAX, BODY_WITHIN};

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

impl App {
    /// Reads a body; what says that it is too large is not read at all.
    pub(super) async fn body(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Trouble> {
        let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str());
        let length =
            text(CONTENT_LENGTH).and_then(Result::ok).and_then(|it| it.parse::<u64>().ok());
        if length.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
            return Err(Trouble::TooLarge);
        }
        let encoding = match text(CONTENT_ENCODING) {
            Some(value) => value.ok().and_then(|value| Encoding::from_header(Some(value))),
            None => Some(Encoding::Identity),
        };
        let encoding = encoding.ok_or(Trouble::Encoding)?;
        let reading = async {
            let _slot = self.bodies.acquire().await.map_err(|_closed| Trouble::Busy)?;
            let collected = Limited::new(body, BODY_BYTES_MAX).collect().await;
            let collected = collected.map_err(|error| {
                if error.is::<LengthLimitError>() { Trouble::TooLarge } else { Trouble::Broken }
            })?;
            encoding.decode(collected.to_bytes()).map_err(|unreadable| match unreadable {
                Unreadable::TooLarge => Trouble::TooLarge,
                Unreadable::Broken => Trouble::Broken,
            })
        };
        timeout(BODY_WITHIN, reading).await.unwrap_or(Err(Trouble::Slow))
    }
}
