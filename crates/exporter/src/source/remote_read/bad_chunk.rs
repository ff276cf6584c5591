//! What cannot be read of an answer.

use crate::source::error::ReadError;

/// A chunk, a message or a frame that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadChunk {
    /// What is wrong with it.
    pub what: &'static str,
}

pub(super) const fn bad(what: &'static str) -> BadChunk {
    BadChunk { what }
}

impl From<BadChunk> for ReadError {
    fn from(error: BadChunk) -> Self {
        Self::Malformed { message: format!("an answer of remote read: {}", error.what) }
    }
}
