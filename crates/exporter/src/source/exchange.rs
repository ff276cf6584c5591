//! One request to a store, and what its status means.

use std::time::{Duration, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use ktel_delivery::fault::{Fault, FaultKind};
use ktel_delivery::http::{Request, Streamed};
use ktel_delivery::verdict::retry_after;
use tokio::time::{Instant, timeout};
use url::{Url, form_urlencoded};

use super::error::{ReadError, Seen};
use super::form::Form;
use super::{Reader, clock, text};
use crate::limits::{STORE_ERROR_BYTES_MAX, STORE_SILENCE_MAX};

/// How a store says that more series match than it gives at once.
const TOO_MANY: [&str; 3] =
    ["matching timeseries exceeds", "cannot select more than", "-search.maxSamplesPerQuery"];

impl Reader {
    /// Posts a form, with the tenant's part of it in the URL, where nothing in the body takes its place.
    pub(super) async fn post_form(
        &self,
        mut url: Url,
        enforced: &Form,
        form: &Form,
        bytes_max: usize,
    ) -> Result<Streamed, ReadError> {
        if !enforced.is_empty() {
            url.query_pairs_mut().extend_pairs(enforced);
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.post(url, self.headers(), content_type, body.into(), bytes_max).await
    }

    /// Posts a body.
    pub(super) async fn post(
        &self,
        url: Url,
        headers: HeaderMap,
        content_type: HeaderValue,
        body: Bytes,
        bytes_max: usize,
    ) -> Result<Streamed, ReadError> {
        let request = Request { url, headers, content_type, body, gzip: false };
        let sent = Instant::now();
        let answer = self.0.client.post_streamed(request, bytes_max).await;
        self.accept(sent, answer, bytes_max).await
    }

    /// Gets a document.
    pub(super) async fn get(&self, url: Url, bytes_max: usize) -> Result<Streamed, ReadError> {
        let sent = Instant::now();
        let answer = self.0.client.get_streamed(url, self.headers(), bytes_max).await;
        self.accept(sent, answer, bytes_max).await
    }

    pub(super) fn headers(&self) -> HeaderMap {
        self.0.headers.clone()
    }

    /// Notes the store's clock, and makes an error of any status but 200.
    async fn accept(
        &self,
        sent: Instant,
        answer: Result<Streamed, Fault>,
        bytes_max: usize,
    ) -> Result<Streamed, ReadError> {
        let mut answer = answer.map_err(|fault| fault_of(fault, bytes_max))?;
        let date = clock::date(&answer.headers);
        if let Some(date) = date {
            let mut clock = self.0.clock.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            clock.note(sent, Instant::now(), date);
        }
        if answer.status == 200 {
            return Ok(answer);
        }
        let after = answer
            .headers
            .get(RETRY_AFTER)
            // A value that is no text is ignored.
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after::parse(value, date.unwrap_or(UNIX_EPOCH)));
        let said = beginning(&mut answer).await;
        Err(rejection(answer.status, after, &said, bytes_max))
    }
}

/// Gives the next piece of an answer; a store that says nothing for long is abandoned.
pub(super) async fn next(
    answer: &mut Streamed,
    bytes_max: usize,
) -> Result<Option<Bytes>, ReadError> {
    match timeout(STORE_SILENCE_MAX, answer.next()).await {
        Ok(piece) => piece.map_err(|fault| fault_of(fault, bytes_max)),
        Err(_) => Err(ReadError::Unavailable {
            message: format!("nothing came for {} s", STORE_SILENCE_MAX.as_secs()),
        }),
    }
}

/// Reads an answer to its end.
pub(super) async fn whole(mut answer: Streamed, bytes_max: usize) -> Result<Bytes, ReadError> {
    let mut document = BytesMut::new();
    while let Some(piece) = next(&mut answer, bytes_max).await? {
        document.extend_from_slice(&piece);
    }
    check_end(&answer)?;
    Ok(document.freeze())
}

/// Checks that the end of an answer could be told from a connection that broke off.
pub(super) fn check_end(answer: &Streamed) -> Result<(), ReadError> {
    if answer.has_marked_end {
        return Ok(());
    }
    let message = "the answer has neither a length nor chunks, so its end cannot be recognized";
    Err(ReadError::Malformed { message: message.to_owned() })
}

/// Reads what an error says, as far as it comes.
async fn beginning(answer: &mut Streamed) -> Vec<u8> {
    let mut said = Vec::new();
    while let Ok(Some(piece)) = next(answer, STORE_ERROR_BYTES_MAX).await {
        let room = STORE_ERROR_BYTES_MAX - said.len();
        said.extend_from_slice(piece.get(..room).unwrap_or(&piece));
        if said.len() >= STORE_ERROR_BYTES_MAX {
            break;
        }
    }
    said
}

fn fault_of(Fault { kind, message }: Fault, bytes_max: usize) -> ReadError {
    match kind {
        FaultKind::TooLong => ReadError::TooLarge { bytes_max, seen: Seen::default() },
        FaultKind::Unreachable | FaultKind::Timeout | FaultKind::Untrusted => {
            ReadError::Unavailable { message: text::clean(message.as_bytes()) }
        }
    }
}

/// Says what a status means.
fn rejection(status: u16, after: Option<Duration>, said: &[u8], bytes_max: usize) -> ReadError {
    let full = String::from_utf8_lossy(said);
    if TOO_MANY.iter().any(|text| full.contains(text)) {
        return ReadError::TooLarge { bytes_max, seen: Seen::default() };
    }
    let message = text::clean(said);
    match status {
        429 => ReadError::Busy { after, message },
        503 if after.is_some() => ReadError::Busy { after, message },
        408 | 500.. => ReadError::Unavailable { message: format!("status {status}: {message}") },
        _ => ReadError::Rejected { status, message },
    }
}

#[cfg(test)]
mod tests {
    use super::rejection;
    use crate::source::ReadError;
    use std::time::Duration;

    #[test]
    fn a_status_says_whether_to_wait_to_try_again_or_to_change_the_request() {
        let ten = Some(Duration::from_secs(10));
        let of = |status, after| rejection(status, after, b"why\n", 1000);
        assert!(matches!(of(429, ten), ReadError::Busy { after, .. } if after == ten));
        assert!(matches!(of(429, None), ReadError::Busy { after: None, .. }));
        assert!(matches!(of(503, ten), ReadError::Busy { after, .. } if after == ten));
        for status in [408, 500, 502, 503, 504] {
            assert!(matches!(of(status, None), ReadError::Unavailable { .. }), "{status}");
        }
        for expected in [204, 302, 400, 401, 403, 404, 422] {
            let rejected = of(expected, None);
            assert!(
                matches!(&rejected, ReadError::Rejected { status, message } if *status == expected && message == "why"),
                "{rejected:?}"
            );
        }
        let many =
            b"the number of matching timeseries exceeds 300000; either narrow down the search";
        assert!(matches!(rejection(422, None, many, 7), ReadError::TooLarge { bytes_max: 7, .. }));
    }
}
