//! Sends a [batch](crate::batch) and judges the answer.

use std::sync::Arc;
use std::time::Duration;

use ktel_delivery::verdict::Verdict;
use thiserror::Error;

use crate::batch::Batch;
use crate::credentials::Credentials;
use crate::plan::SinkPlan;

/// Sends to one sink with one set of credentials. Cheap to clone; made anew when either changes.
#[derive(Debug, Clone)]
pub struct Sender {}

/// Why no sender can be made. The texts name fields, never values.
#[derive(Debug, Error)]
pub enum SetupError {
    /// Something that the plan asks for is not in the credentials.
    #[error("the secret has no {missing}")]
    Incomplete {
        /// What is missing.
        missing: &'static str,
    },
    /// A header cannot be sent.
    #[error(transparent)]
    Header(#[from] ktel_delivery::http::BadHeader),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] ktel_delivery::http::Error),
}

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

/// What an answer means for a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// By the specification's table.
    By(Verdict),
    /// The request is too large: cut it in two and send both.
    Split {
        /// What the receiver says.
        message: String,
    },
}

#[expect(unused_variables, clippy::unused_async, reason = "the seam; its body follows")]
impl Sender {
    /// Makes a sender; no request is made.
    ///
    /// # Errors
    /// When the credentials lack something, or it cannot be used.
    pub fn new(plan: &SinkPlan, credentials: &Arc<Credentials>) -> Result<Self, SetupError> {
        Ok(Self {})
    }

    /// Sends a batch once.
    pub async fn send(&self, batch: &Batch) -> Outcome {
        unimplemented!()
    }
}
