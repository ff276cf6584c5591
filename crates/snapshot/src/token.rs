//! The opaque token with which a limited list goes on.

use serde_json::{Value, json};

/// Where a list goes on, and at which revision it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) revision: u64,
    /// The first key of the next page.
    pub(crate) start: String,
}

impl Token {
    /// Writes the token as hexadecimal text: it is opaque to clients.
    pub(crate) fn encode(&self) -> String {
        let text = json!({"rv": self.revision, "start": self.start}).to_string();
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a token back; `None` when it is not one of ours.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = text
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect::<Option<Vec<u8>>>()?;
        let value: Value = serde_json::from_slice(&bytes).ok()?;
        let start = value.get("start")?.as_str()?.to_owned();
        Some(Self { revision: value.get("rv")?.as_u64()?, start })
    }
}
