//! What was sent, and what a receiver has said about it.

use serde_json::Value;

/// One upload, as the log has it.
pub(super) struct Upload {
    pub(super) time: String,
    pub(super) server: String,
    pub(super) batch: String,
    pub(super) rejected: u64,
    pub(super) events: Vec<Value>,
}

/// The receipts of a file, each checked.
pub(super) struct Checked {
    pub(super) file: String,
    pub(super) results: Vec<Result<String, String>>,
}
