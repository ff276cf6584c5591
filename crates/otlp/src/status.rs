//! The answer to a request that was rejected: a `google.rpc.Status`.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::base64;
use crate::codec::{Bytes, Int32, Int64, One, Text};
use crate::error::Error;
use crate::grpc::{self, Code};
use crate::limits::Limits;
use crate::message::message;
use crate::repeated::{Many, Repeated};
use crate::signal::Encoding;

/// The type of the detail that names a delay.
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";
/// A duration has fewer nanoseconds.
const NANOS: u32 = 1_000_000_000;

message! {
    /// `google.rpc.Status`, as protobuf has it.
    RpcStatus<'a> {
        /// See [`Code`].
        1 code: i32 as Int32,
        /// What went wrong, for developers.
        2 message: &'a str as Text,
        /// Details, such as [`RetryInfo`].
        3 details: Repeated<'a, AnyMessage<'a>> as Many<AnyMessage<'a>>,
    }
}

message! {
    /// `google.protobuf.Any`: a message of any type.
    AnyMessage<'a> {
        /// The type of the message, as a URL.
        1 type_url: &'a str as Text,
        /// The encoded message.
        2 value: &'a [u8] as Bytes,
    }
}

message! {
    /// `google.rpc.RetryInfo`.
    RetryInfo {
        /// How long to wait before the next try.
        1 retry_delay: Option<RpcDuration> as One<RpcDuration>,
    }
}

message! {
    /// `google.protobuf.Duration`.
    RpcDuration {
        /// Whole seconds.
        1 seconds: i64 as Int64,
        /// The rest, in nanoseconds.
        2 nanos: i32 as Int32,
    }
}

/// Why a request was rejected.
///
/// Over HTTP it is the body, and its code does not matter; over gRPC it is in the trailers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The code of gRPC.
    pub code: Code,
    /// What went wrong, for developers. It may hold anything: strip it before it is shown.
    pub message: String,
    /// How long to wait before the next try, if the server says so.
    pub retry_delay: Option<Duration>,
}

impl Status {
    /// Makes one that names no delay.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_delay: None }
    }

    /// Sets how long to wait before the next try.
    #[must_use]
    pub fn with_retry_delay(self, delay: Duration) -> Self {
        Self { retry_delay: Some(delay), ..self }
    }

    /// Says whether OTLP over gRPC sends the request again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.code.is_retryable(self.retry_delay.is_some())
    }

    /// Writes the body of an answer over HTTP.
    #[must_use]
    pub fn to_body(&self, encoding: Encoding) -> Vec<u8> {
        match encoding {
            Encoding::Protobuf => self.to_protobuf(),
            Encoding::Json => self.to_json().into_bytes(),
        }
    }

    /// Reads the body of an answer over HTTP.
    ///
    /// # Errors
    ///
    /// When it is something else, as it often is.
    pub fn from_body(body: &[u8], encoding: Encoding) -> Result<Self, Error> {
        match encoding {
            Encoding::Protobuf => Self::from_protobuf(body),
            Encoding::Json => Self::from_json(body),
        }
    }

    /// Writes it as protobuf.
    #[must_use]
    pub fn to_protobuf(&self) -> Vec<u8> {
        let info = self.retry_delay.map(|delay| {
            let seconds = delay.as_secs().try_into().unwrap_or(i64::MAX);
            let nanos = delay.subsec_nanos().cast_signed();
            RetryInfo { retry_delay: Some(RpcDuration { seconds, nanos }) }.to_vec()
        });
        let detail = info.as_ref().map(|value| AnyMessage { type_url: RETRY_INFO, value });
        let details = Repeated::from(detail.as_slice());
        RpcStatus { code: self.code.number(), message: &self.message, details }.to_vec()
    }

    /// Reads it from protobuf; details of other types are left alone.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn from_protobuf(bytes: &[u8]) -> Result<Self, Error> {
        let limits = Limits::default();
        let RpcStatus { code, message, details } = RpcStatus::read(bytes, &limits)?;
        let mut infos = details.iter().filter(|detail| detail.type_url == RETRY_INFO);
        let info = match infos.next() {
            Some(detail) => RetryInfo::read(detail.value, &limits)?,
            None => RetryInfo::default(),
        };
        let retry_delay = info.retry_delay.and_then(|RpcDuration { seconds, nanos }| {
            let nanos = u32::try_from(nanos).ok()?.min(NANOS - 1);
            Some(Duration::new(seconds.try_into().ok()?, nanos))
        });
        let code = Code::from_number(code.into());
        Ok(Self { code, message: message.to_owned(), retry_delay })
    }

    /// Writes it as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut status = json!({"code": self.code.number(), "message": self.message});
        if let Some(delay) = self.retry_delay {
            let delay = decimal(delay);
            status["details"] = json!([{"@type": RETRY_INFO, "retryDelay": delay}]);
        }
        status.to_string()
    }

    /// Reads it from JSON.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn from_json(text: &[u8]) -> Result<Self, Error> {
        let status: Map<String, Value> = crate::json::parse(text)?;
        let code = status.get("code").and_then(Value::as_i64).unwrap_or_default();
        let message = status.get("message").and_then(Value::as_str).unwrap_or_default();
        let details = status.get("details").and_then(Value::as_array);
        let mut infos = details
            .into_iter()
            .flatten()
            .filter(|detail| detail.get("@type").is_some_and(|name| name == RETRY_INFO));
        let delay = infos.next().and_then(|info| info.get("retryDelay")?.as_str());
        let retry_delay = delay.and_then(from_decimal);
        Ok(Self { code: Code::from_number(code), message: message.to_owned(), retry_delay })
    }

    /// Gives the trailers of an answer over gRPC: names and values.
    #[must_use]
    pub fn to_trailers(&self) -> Vec<(&'static str, String)> {
        let mut trailers = vec![(grpc::STATUS, self.code.number().to_string())];
        if !self.message.is_empty() {
            trailers.push((grpc::MESSAGE, grpc::encode_message(&self.message)));
        }
        if self.retry_delay.is_some() {
            let details = base64::encode_unpadded(&self.to_protobuf());
            trailers.push((grpc::STATUS_DETAILS, details));
        }
        trailers
    }

    /// Reads the trailers of an answer over gRPC, given what finds one by its name. Nothing is found where
    /// the server does not speak gRPC. Details that cannot be read name no delay.
    ///
    /// ```
    /// use ktel_otlp::{Status, grpc::Code};
    ///
    /// let trailers = Status::new(Code::Unavailable, "later").to_trailers();
    /// let find = |wanted: &str| {
    ///     trailers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
    /// };
    /// assert_eq!(Status::from_trailers(find).unwrap().code, Code::Unavailable);
    /// ```
    #[must_use]
    pub fn from_trailers<'t>(find: impl Fn(&str) -> Option<&'t str>) -> Option<Self> {
        let code = Code::from_number(find(grpc::STATUS)?.parse().ok()?);
        let message = grpc::decode_message(find(grpc::MESSAGE).unwrap_or_default());
        let details = find(grpc::STATUS_DETAILS).and_then(base64::decode);
        let details = details.and_then(|bytes| Self::from_protobuf(&bytes).ok());
        Some(Self { code, message, retry_delay: details.and_then(|status| status.retry_delay) })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Status {}

/// Writes a duration as protobuf's JSON does: `3.500s`.
fn decimal(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        nanos => format!("{}.{nanos:09}s", duration.as_secs()),
    }
}

fn from_decimal(text: &str) -> Option<Duration> {
    let (seconds, fraction) = match text.strip_suffix('s')?.split_once('.') {
        Some((seconds, fraction)) => (seconds, fraction),
        None => (text.strip_suffix('s')?, "0"),
    };
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::new(seconds.parse().ok()?, format!("{fraction:0<9}").parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Code, Duration, Status, from_decimal};
    use crate::Encoding;

    fn busy() -> Status {
        let message = "slow \"dö wn\"";
        Status::new(Code::ResourceExhausted, message).with_retry_delay(Duration::from_millis(3500))
    }

    #[test]
    fn both_encodings_and_the_trailers_say_the_same() {
        let minute = Duration::from_secs(60);
        for status in [busy(), Status::new(Code::Unknown, ""), busy().with_retry_delay(minute)] {
            for encoding in [Encoding::Protobuf, Encoding::Json] {
                let body = status.to_body(encoding);
                assert_eq!(Status::from_body(&body, encoding).as_ref(), Ok(&status));
            }
            let trailers = status.to_trailers();
            assert!(trailers.iter().all(|(_, value)| value.is_ascii()), "{trailers:?}");
            let read = Status::from_trailers(|wanted| {
                trailers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
            });
            assert_eq!(read, Some(status));
        }
        assert!(busy().is_retryable());
        assert!(!Status { retry_delay: None, ..busy() }.is_retryable());
        assert_eq!(busy().to_string(), "RESOURCE_EXHAUSTED: slow \"dö wn\"");
    }

    #[test]
    fn what_others_wrote_is_read() {
        // Status { code: 8, message: "slow", details: [RetryInfo of 3.5 s] } of Go, in base64.
        let details = "CAgSBHNsb3caNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIAxCAyrXuAQ";
        let trailers = |wanted: &str| match wanted {
            "grpc-status" => Some("8"),
            "grpc-message" => Some("no%20t%C3%B6ken%0a"),
            "grpc-status-details-bin" => Some(details),
            _ => None,
        };
        let read = Status::from_trailers(trailers).unwrap();
        assert_eq!((read.code, read.message.as_str()), (Code::ResourceExhausted, "no töken\n"));
        assert_eq!(read.retry_delay, Some(Duration::from_millis(3500)));
        let broken = |wanted: &str| match wanted {
            "grpc-status-details-bin" => Some("????"),
            other => trailers(other),
        };
        assert_eq!(Status::from_trailers(broken).unwrap().retry_delay, None);
        assert_eq!(Status::from_trailers(|_| None), None);
        assert_eq!(Status::from_trailers(|_| Some("x")), None);
        let json = r#"{"code":14,"message":"m","details":[{"@type":"x"},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]}"#;
        let read = Status::from_json(json.as_bytes()).unwrap();
        assert_eq!(read.retry_delay, Some(Duration::from_millis(1500)));
        assert!(Status::from_json(b"<html>").is_err());
        assert!(Status::from_protobuf(b"<html>").is_err());
    }

    #[test]
    fn durations_are_decimal_seconds() {
        for (text, duration) in [
            ("3s", Some(Duration::from_secs(3))),
            ("0.000000001s", Some(Duration::from_nanos(1))),
            ("1.50s", Some(Duration::from_millis(1500))),
            ("-1s", None),
            ("1", None),
            ("1.0000000001s", None),
            ("1.-5s", None),
            ("s", None),
        ] {
            assert_eq!(from_decimal(text), duration, "{text}");
        }
    }
}
