//! The answer to a request that was accepted, wholly or in part.

use serde_json::{Map, Value};

use crate::codec::{Int64, One, Text};
use crate::error::Error;
use crate::limits::Limits;
use crate::message::message;
use crate::signal::{Encoding, Signal};

message! {
    /// An `ExportLogsServiceResponse`, or that of another signal: in protobuf they have the same form.
    ExportResponse<'a> {
        /// What was not accepted; nothing when all was.
        1 partial_success: Option<PartialSuccess<'a>> as One<PartialSuccess<'a>>,
    }
}

message! {
    /// What was not accepted of a request. It must not be sent again.
    PartialSuccess<'a> {
        /// How many log records, data points or spans were rejected. 0 with a message is a warning.
        1 rejected: i64 as Int64,
        /// Why, for people.
        2 error_message: &'a str as Text,
    }
}

/// How far a request was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// How many log records, data points or spans were rejected.
    pub rejected: u64,
    /// Why, or a warning.
    pub message: String,
}

impl Accepted {
    /// Makes the answer that all was accepted.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Makes the answer that not all was.
    pub fn partly(rejected: u64, message: impl Into<String>) -> Self {
        Self { rejected, message: message.into() }
    }

    /// Writes the body of the answer.
    #[must_use]
    pub fn to_body(&self, signal: Signal, encoding: Encoding) -> Vec<u8> {
        match encoding {
            Encoding::Protobuf => self.to_protobuf(),
            Encoding::Json => self.to_json(signal).into_bytes(),
        }
    }

    /// Reads the body of an answer.
    ///
    /// # Errors
    ///
    /// When it is something else. The request was accepted all the same.
    pub fn from_body(body: &[u8], signal: Signal, encoding: Encoding) -> Result<Self, Error> {
        match encoding {
            Encoding::Protobuf => Self::from_protobuf(body),
            Encoding::Json => Self::from_json(body, signal),
        }
    }

    /// Writes it as protobuf.
    #[must_use]
    pub fn to_protobuf(&self) -> Vec<u8> {
        let partial = PartialSuccess {
            rejected: self.rejected.try_into().unwrap_or(i64::MAX),
            error_message: &self.message,
        };
        let all = *self == Self::all();
        ExportResponse { partial_success: (!all).then_some(partial) }.to_vec()
    }

    /// Reads it from protobuf. Fewer than none rejected is none.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn from_protobuf(bytes: &[u8]) -> Result<Self, Error> {
        let response = ExportResponse::read(bytes, &Limits::default())?;
        let PartialSuccess { rejected, error_message } =
            response.partial_success.unwrap_or_default();
        Ok(Self::partly(rejected.try_into().unwrap_or_default(), error_message))
    }

    /// Writes it as JSON, in which the signals differ.
    #[must_use]
    pub fn to_json(&self, signal: Signal) -> String {
        let mut partial = Map::new();
        if self.rejected > 0 {
            partial.insert(signal.rejected_name().to_owned(), self.rejected.to_string().into());
        }
        if !self.message.is_empty() {
            partial.insert("errorMessage".to_owned(), self.message.as_str().into());
        }
        let mut response = Map::new();
        if !partial.is_empty() {
            response.insert("partialSuccess".to_owned(), partial.into());
        }
        Value::Object(response).to_string()
    }

    /// Reads it from JSON.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn from_json(text: &[u8], signal: Signal) -> Result<Self, Error> {
        let response: Map<String, Value> = crate::json::parse(text)?;
        let partial = response.get("partialSuccess");
        let field = |name| partial.and_then(|partial| partial.get(name));
        let rejected = match field(signal.rejected_name()) {
            Some(Value::String(digits)) => digits.parse().ok(),
            Some(number) => number.as_u64(),
            None => None,
        };
        let message = field("errorMessage").and_then(Value::as_str).unwrap_or_default();
        Ok(Self::partly(rejected.unwrap_or_default(), message))
    }
}

#[cfg(test)]
mod tests {
    use super::Accepted;
    use crate::{Encoding, Signal};

    #[test]
    fn what_was_rejected_is_counted_in_every_signals_own_words() {
        let table = [
            (Signal::Logs, r#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"old"}}"#),
            (
                Signal::Metrics,
                r#"{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"old"}}"#,
            ),
            (Signal::Traces, r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"old"}}"#),
        ];
        let partly = Accepted::partly(3, "old");
        for (signal, text) in table {
            assert_eq!(partly.to_json(signal), text);
            for text in [text, &text.replace("\"3\"", "3")] {
                assert_eq!(Accepted::from_json(text.as_bytes(), signal).as_ref(), Ok(&partly));
            }
        }
        // Field 1, 9 bytes: field 1 is 3, field 2 has 3 bytes.
        assert_eq!(partly.to_protobuf(), b"\x0a\x07\x08\x03\x12\x03old");
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let all = Accepted::all().to_body(Signal::Logs, encoding);
            assert_eq!(all, if encoding == Encoding::Json { &b"{}"[..] } else { b"" });
            for answer in [Accepted::all(), Accepted::partly(0, "slow down"), partly.clone()] {
                let body = answer.to_body(Signal::Metrics, encoding);
                assert_eq!(Accepted::from_body(&body, Signal::Metrics, encoding), Ok(answer));
            }
        }
    }

    #[test]
    fn an_answer_that_is_something_else_is_an_error() {
        for text in ["", "[]", "<html>", r#"{"partialSuccess": "#] {
            assert!(Accepted::from_json(text.as_bytes(), Signal::Logs).is_err(), "{text}");
        }
        assert!(Accepted::from_protobuf(b"<html>").is_err());
        let minus = crate::PartialSuccess { rejected: -1, error_message: "" };
        let minus = crate::ExportResponse { partial_success: Some(minus) }.to_vec();
        assert_eq!(Accepted::from_protobuf(&minus), Ok(Accepted::all()));
    }
}
