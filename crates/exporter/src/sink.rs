//! Sends a [batch](crate::batch) and judges the answer.
//!
//! A [`Sender`] belongs to one sink and one set of credentials. A [`Shared`] batch is compressed once for all senders that
//! use the same codec.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, HeaderValue};
use ktel_delivery::fault::Fault;
use ktel_delivery::http::Request;
use ktel_delivery::verdict::Verdict;
use tokio::time::Instant;

use crate::credentials::Credentials;
use crate::plan::SinkPlan;

use inner::Inner;

mod authentication;
mod compress;
mod connect;
mod egress;
mod error;
mod inner;
mod judge;
mod oauth;
mod shared;

pub use error::SetupError;
pub use judge::{Judgement, fault, reason};
pub use shared::Shared;

/// Sends to one sink with one set of credentials. Cheap to clone; made anew when either changes.
#[derive(Debug, Clone)]
pub struct Sender(Arc<Inner>);

/// What an exchange gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What it means for the batch.
    pub judgement: Judgement,
    /// How long it took.
    pub took: Duration,
    /// Bytes that were sent as the body.
    pub bytes: usize,
}

impl Sender {
    /// Makes a sender; no request is made.
    ///
    /// # Errors
    /// When the credentials lack something, or it cannot be used.
    pub fn new(plan: &SinkPlan, credentials: &Credentials) -> Result<Self, SetupError> {
        connect::sender(plan, credentials).map(|inner| Self(Arc::new(inner)))
    }

    /// Sends a batch once. `now` is the time since 1970, for answers that name a date.
    ///
    /// *Cancel safety:* may be dropped at any time; the exchange then counts as unanswered.
    pub async fn send(&self, batch: &Shared, now: Duration) -> Outcome {
        let Inner { client, url, headers, compression, oauth, redactor } = &*self.0;
        let began = Instant::now();
        let body = batch.compressed(*compression);
        let bytes = body.len();
        let outcome =
            |status, judgement| Outcome { status, judgement, took: began.elapsed(), bytes };
        let mut headers = headers.clone();
        if let Some(encoding) = compress::content_encoding(*compression) {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        let mut token = None;
        if let Some(tokens) = oauth {
            match tokens.get(now).await {
                Ok(found) => {
                    headers.insert(http::header::AUTHORIZATION, found.header.clone());
                    token = Some(found);
                }
                Err(verdict) => return outcome(None, redactor.clean(Judgement::By(verdict))),
            }
        }
        let content_type = HeaderValue::from_static("application/x-protobuf");
        let request = Request { url: url.clone(), headers, content_type, body, gzip: false };
        let (status, mut judgement) = match client.post(request, now).await {
            Ok(reply) => (Some(reply.status), judge::judge(&reply, batch.points())),
            Err(fault) => (None, Judgement::By(unanswered(fault))),
        };
        if let (Some(tokens), Some(token), Some(401)) = (oauth, &token, status) {
            judgement = tokens.rejected(token, judgement).await;
        }
        outcome(status, redactor.clean(judgement))
    }
}

fn unanswered(fault: Fault) -> Verdict {
    fault.into()
}
