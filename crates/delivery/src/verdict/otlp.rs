//! OTLP over HTTP and gRPC: partial success, `google.rpc.Status`, and the codes of gRPC.

use ::http::header::{AsHeaderName, CONTENT_TYPE, HeaderMap};
use ktel_otlp::grpc::{self, Code};
use ktel_otlp::{Accepted, Encoding, Signal, Status};

use super::{Answer, Hold, Rejection, Trouble, Verdict, http};

/// Judges an answer over HTTP to a request in protobuf. Its HTTP status decides; the body says why, and
/// may name a delay.
#[must_use]
pub fn judge_http(answer: Answer<'_>, headers: &HeaderMap, signal: Signal) -> Verdict {
    let encoding = text(headers, CONTENT_TYPE).and_then(Encoding::of);
    if http::judge_as_otlp(answer) == Verdict::Accepted {
        // OTLP answers in the encoding of the request.
        let encoding = encoding.unwrap_or(Encoding::Protobuf);
        return judge_accepted(Accepted::from_body(answer.body, signal, encoding));
    }
    // A proxy answers in words of its own; then they are the message.
    let status = encoding.and_then(|encoding| Status::from_body(answer.body, encoding).ok());
    match &status {
        Some(Status { message, retry_delay, .. }) if !message.is_empty() => {
            http::judge_as_otlp(Answer {
                body: message.as_bytes(),
                retry_after: answer.retry_after.or(*retry_delay),
                ..answer
            })
        }
        _ => http::judge_as_otlp(answer),
    }
}

/// Judges an answer over gRPC. The headers include the trailers.
#[must_use]
pub fn judge_grpc(answer: Answer<'_>, headers: &HeaderMap) -> Verdict {
    match Status::from_trailers(|name| text(headers, name)) {
        Some(Status { code: Code::Ok, .. }) => match grpc::unframe(answer.body) {
            Ok(message) => judge_accepted(Accepted::from_protobuf(message)),
            // The status says that it was accepted.
            Err(_) => Verdict::Accepted,
        },
        Some(status) => judge(&status),
        // Something that does not speak gRPC has only an HTTP status.
        None => match http::judge_as_otlp(answer) {
            Verdict::Accepted => Verdict::held(Hold::NotFound, "it does not answer as gRPC does"),
            other => other,
        },
    }
}

/// Judges a gRPC status by OTLP's table.
fn judge(status: &Status) -> Verdict {
    let message = printable(&status.to_string());
    let retry = |trouble, message| Verdict::Retry { trouble, after: status.retry_delay, message };
    match status.code {
        Code::Ok => Verdict::Accepted,
        Code::Cancelled | Code::Aborted | Code::OutOfRange | Code::Unavailable | Code::DataLoss => {
            retry(Trouble::Unavailable, message)
        }
        Code::DeadlineExceeded => retry(Trouble::Timeout, message),
        // It may mean "never": only a server that names a delay means "later".
        Code::ResourceExhausted if status.is_retryable() => retry(Trouble::Throttled, message),
        // It may also mean a message that is too large, or a quota. The code does not say which.
        Code::ResourceExhausted => Verdict::held(Hold::Unprocessed, message),
        Code::InvalidArgument => Verdict::rejected(Rejection::Malformed, message),
        Code::NotFound | Code::Unimplemented => Verdict::held(Hold::NotFound, message),
        Code::Unauthenticated => Verdict::held(Hold::Unauthorized, message),
        Code::PermissionDenied => Verdict::held(Hold::Forbidden, message),
        // The receiver has it.
        Code::AlreadyExists => Verdict::rejected(Rejection::Other, message),
        // The receiver failed, or its state does not allow it: nothing is said about the parcel.
        Code::Unknown | Code::FailedPrecondition | Code::Internal => {
            Verdict::held(Hold::Unprocessed, message)
        }
    }
}

/// Judges the body of a success. It is never tried again, whatever the body says.
fn judge_accepted(body: Result<Accepted, ktel_otlp::Error>) -> Verdict {
    match body {
        Ok(Accepted { rejected, message }) if rejected > 0 || !message.is_empty() => {
            Verdict::PartlyAccepted { rejected, message: printable(&message) }
        }
        Ok(_) | Err(_) => Verdict::Accepted,
    }
}

fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok() // a value that is no text says nothing
}

/// Removes what could control a terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ::http::header::HeaderMap;
    use ktel_otlp::grpc::{Code, frame};
    use ktel_otlp::{Accepted, Encoding, Signal, Status};

    use super::{Answer, Hold, Rejection, Trouble, Verdict, judge, judge_grpc, judge_http};

    fn headers(headers: &[(&'static str, &str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn answer(status: u16, body: &[u8]) -> Answer<'_> {
        Answer { status, retry_after: None, body }
    }

    fn partly(rejected: u64, message: &str) -> Verdict {
        Verdict::PartlyAccepted { rejected, message: message.into() }
    }

    #[test]
    fn the_table_is_otlps() {
        for code in Code::ALL {
            for retry_delay in [None, Some(Duration::from_secs(2))] {
                let status = Status { retry_delay, ..Status::new(code, "why") };
                let retried = match judge(&status) {
                    Verdict::Retry { after, .. } => {
                        assert_eq!(after, retry_delay);
                        true
                    }
                    _ => false,
                };
                let number = code.number();
                let expected = [1, 4, 10, 11, 14, 15].contains(&number)
                    || (number == 8 && retry_delay.is_some());
                assert_eq!(retried, expected, "{code} {retry_delay:?}");
            }
        }
        for (code, expected) in [
            (Code::Unknown, Verdict::held(Hold::Unprocessed, "UNKNOWN: why")),
            (
                Code::InvalidArgument,
                Verdict::rejected(Rejection::Malformed, "INVALID_ARGUMENT: why"),
            ),
            (Code::NotFound, Verdict::held(Hold::NotFound, "NOT_FOUND: why")),
            (Code::AlreadyExists, Verdict::rejected(Rejection::Other, "ALREADY_EXISTS: why")),
            (Code::PermissionDenied, Verdict::held(Hold::Forbidden, "PERMISSION_DENIED: why")),
            (Code::ResourceExhausted, Verdict::held(Hold::Unprocessed, "RESOURCE_EXHAUSTED: why")),
            (
                Code::FailedPrecondition,
                Verdict::held(Hold::Unprocessed, "FAILED_PRECONDITION: why"),
            ),
            (Code::Unimplemented, Verdict::held(Hold::NotFound, "UNIMPLEMENTED: why")),
            (Code::Internal, Verdict::held(Hold::Unprocessed, "INTERNAL: why")),
            (Code::Unauthenticated, Verdict::held(Hold::Unauthorized, "UNAUTHENTICATED: why")),
        ] {
            assert_eq!(judge(&Status::new(code, "why")), expected);
        }
        let judged = judge(&Status::new(Code::DeadlineExceeded, ""));
        assert_eq!(judged, Verdict::retry(Trouble::Timeout, "DEADLINE_EXCEEDED: "));
    }

    #[test]
    fn the_status_of_grpc_is_in_the_trailers_and_says_when() {
        let judge = |trailers: &[_]| judge_grpc(answer(200, b""), &headers(trailers));
        assert_eq!(judge(&[("grpc-status", "0")]), Verdict::Accepted);
        let denied = [("grpc-status", "16"), ("grpc-message", "no%20t%C3%B6ken%0a")];
        let expected = Verdict::held(Hold::Unauthorized, "UNAUTHENTICATED: no töken");
        assert_eq!(judge(&denied), expected);
        // Status { code: 8, message: "slow", details: [RetryInfo of 3.5 s] } in base64.
        let details = "CAgSBHNsb3caNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIAxCAyrXuAQ";
        let busy =
            [("grpc-status", "8"), ("grpc-message", "slow"), ("grpc-status-details-bin", details)];
        let expected = Verdict::Retry {
            trouble: Trouble::Throttled,
            after: Some(Duration::from_millis(3500)),
            message: "RESOURCE_EXHAUSTED: slow".into(),
        };
        assert_eq!(judge(&busy), expected);
    }

    #[test]
    fn a_partial_success_is_a_success_with_a_count() {
        let ok = headers(&[("grpc-status", "0")]);
        for (accepted, expected) in [
            (Accepted::all(), Verdict::Accepted),
            (Accepted::partly(3, "too\u{7} old"), partly(3, "too old")),
            (Accepted::partly(3, ""), partly(3, "")),
            // A message without a count is a warning.
            (Accepted::partly(0, "too old"), partly(0, "too old")),
        ] {
            let framed = frame(&accepted.to_protobuf()).unwrap();
            assert_eq!(judge_grpc(answer(200, &framed), &ok), expected);
            for encoding in [Encoding::Protobuf, Encoding::Json] {
                let headers = headers(&[("content-type", encoding.content_type())]);
                let body = accepted.to_body(Signal::Metrics, encoding);
                assert_eq!(judge_http(answer(200, &body), &headers, Signal::Metrics), expected);
            }
            let body = accepted.to_protobuf();
            let judged = judge_http(answer(200, &body), &HeaderMap::new(), Signal::Logs);
            assert_eq!(judged, expected);
        }
        for body in [&b"<html>"[..], b"\x01\0\0\0\0", b"\0\0\0\0\x09\x0a"] {
            assert_eq!(judge_grpc(answer(200, body), &ok), Verdict::Accepted);
            let judged = judge_http(answer(200, body), &HeaderMap::new(), Signal::Logs);
            assert_eq!(judged, Verdict::Accepted);
        }
    }

    #[test]
    fn the_body_of_an_error_says_why_and_may_name_a_delay() {
        let delay = Duration::from_secs(7);
        let busy = Status::new(Code::Unavailable, "slow\u{7} down").with_retry_delay(delay);
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            let headers = headers(&[("content-type", encoding.content_type())]);
            let body = busy.to_body(encoding);
            let expected = |after| Verdict::Retry {
                trouble: Trouble::Unavailable,
                after: Some(after),
                message: "status 503: slow down".into(),
            };
            let judged = judge_http(answer(503, &body), &headers, Signal::Logs);
            assert_eq!(judged, expected(delay));
            let sooner = Duration::from_secs(1);
            let asks = Answer { retry_after: Some(sooner), ..answer(503, &body) };
            assert_eq!(judge_http(asks, &headers, Signal::Logs), expected(sooner));
            let judged = judge_http(answer(400, &body), &headers, Signal::Logs);
            assert_eq!(judged, Verdict::rejected(Rejection::Malformed, "status 400: slow down"));
        }
        let json = headers(&[("content-type", "application/json")]);
        let judged = judge_http(answer(400, br#"{"error":"x"}"#), &json, Signal::Logs);
        let message = r#"status 400: {"error":"x"}"#;
        assert_eq!(judged, Verdict::rejected(Rejection::Malformed, message));
    }

    #[test]
    fn what_does_not_speak_grpc_is_no_success() {
        let page = judge_grpc(answer(200, b"<html>"), &HeaderMap::new());
        let expected = Verdict::held(Hold::NotFound, "it does not answer as gRPC does");
        assert_eq!(page, expected);
        let busy = judge_grpc(answer(503, b""), &HeaderMap::new());
        assert_eq!(busy, Verdict::retry(Trouble::Unavailable, "status 503"));
    }
}
