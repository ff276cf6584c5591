//! One unary gRPC call, as OTLP needs it: a framed message there, trailers back.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::HeaderMap;
use ktel_delivery::Verdict;
use ktel_delivery::http::Reply;
use ktel_delivery::verdict::otlp::{Status, judge, judge_partial};
use ktel_delivery::verdict::{Rejection, http as plain};

use super::protobuf::{Field, bytes_of, fields, number_of};

/// The method that takes logs.
pub(super) const EXPORT_LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// The type of the detail that names a delay.
const RETRY_INFO: &[u8] = b"type.googleapis.com/google.rpc.RetryInfo";

/// Puts a message into gRPC's frame: not compressed, four bytes of length.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(message.len() + 5);
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).expect("a parcel is far smaller than 4 GiB"));
    framed.put_slice(message);
    framed.freeze()
}

/// Judges what came back.
pub(super) fn verdict(reply: &Reply) -> Verdict {
    // Something that does not speak gRPC has only an HTTP status.
    let Some(code) = text(&reply.headers, "grpc-status").and_then(|code| code.parse().ok()) else {
        return match plain::judge(reply.answer()) {
            Verdict::Accepted => {
                Verdict::rejected(Rejection::NotFound, "it does not answer as gRPC does")
            }
            other => other,
        };
    };
    if code != 0 {
        let message = text(&reply.headers, "grpc-message").unwrap_or_default();
        let retry_delay = retry_delay(&reply.headers);
        return judge(Status { code, message: unescaped(message), retry_delay });
    }
    partial(reply.body.get(5..).unwrap_or_default())
}

/// Judges the message of an answer that is a success.
pub(super) fn partial(response: &[u8]) -> Verdict {
    let partial = bytes_of(response, 1).unwrap_or_default();
    let rejected = number_of(partial, 1).unwrap_or_default().cast_signed();
    let message = String::from_utf8_lossy(bytes_of(partial, 2).unwrap_or_default()).into_owned();
    judge_partial(rejected, message)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok() // no text, no sense
}

/// gRPC writes what is no printable ASCII as `%XX`.
fn unescaped(message: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = message.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).chars().filter(|one| !one.is_control()).collect()
}

/// Finds the delay in `google.rpc.Status{3: Any{1: type, 2: RetryInfo{1: Duration}}}`.
fn retry_delay(headers: &HeaderMap) -> Option<Duration> {
    let status = decode(text(headers, "grpc-status-details-bin")?)?;
    let details = fields(&status).filter_map(|(number, field)| match (number, field) {
        (3, Field::Bytes(any)) => Some(any),
        _ => None,
    });
    let mut info = details.filter(|any| bytes_of(any, 1) == Some(RETRY_INFO));
    let delay = bytes_of(bytes_of(info.next()?, 2)?, 1)?;
    let nanos = u32::try_from(number_of(delay, 2).unwrap_or_default()).unwrap_or_default();
    Some(Duration::new(number_of(delay, 1).unwrap_or_default(), nanos.min(999_999_999)))
}

/// Decodes base64; gRPC leaves out the padding, and some do not.
fn decode(text: &str) -> Option<Vec<u8>> {
    let value = |byte: u8| {
        Some(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        })
    };
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        bits = bits << 6 | u32::from(value(byte)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Duration, HeaderMap, Reply, Verdict, frame, verdict};
    use crate::protobuf::Message;
    use ktel_delivery::verdict::{Rejection, Trouble};

    fn reply(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Reply {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let body = bytes::Bytes::copy_from_slice(body);
        Reply { status, headers, retry_after: None, body }
    }

    #[test]
    fn the_status_is_in_the_trailers_and_says_when() {
        let ok = reply(200, &[("grpc-status", "0")], &[]);
        assert_eq!(verdict(&ok), Verdict::Accepted);
        let denied = [("grpc-status", "16"), ("grpc-message", "no%20t%C3%B6ken%0a")];
        let expected = Verdict::rejected(Rejection::Unauthorized, "UNAUTHENTICATED: no töken");
        assert_eq!(verdict(&reply(200, &denied, &[])), expected);
        // Status { code: 8, message: "slow", details: [RetryInfo of 3.5 s] } in base64.
        let details = "CAgSBHNsb3caNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIAxCAyrXuAQ";
        let busy =
            [("grpc-status", "8"), ("grpc-message", "slow"), ("grpc-status-details-bin", details)];
        let Verdict::Retry { trouble, after, .. } = verdict(&reply(200, &busy, &[])) else {
            panic!("{:?}", verdict(&reply(200, &busy, &[])))
        };
        let delay = Duration::from_millis(3500);
        assert_eq!((trouble, after), (Trouble::Throttled, Some(delay)));
    }

    #[test]
    fn a_partial_success_is_counted() {
        let mut response = Message::default();
        response.message(1, |partial| {
            partial.varint(1, 1).bytes(2, "too old");
        });
        let framed = frame(&response.finish());
        let expected = Verdict::PartlyAccepted { rejected: 1, message: "too old".into() };
        assert_eq!(verdict(&reply(200, &[("grpc-status", "0")], &framed)), expected);
    }

    #[test]
    fn what_does_not_speak_grpc_is_no_success() {
        let page = verdict(&reply(200, &[], b"<html>"));
        assert!(
            matches!(page, Verdict::Rejected { rejection: Rejection::NotFound, .. }),
            "{page:?}"
        );
        let busy = verdict(&reply(503, &[], b""));
        assert!(matches!(busy, Verdict::Retry { trouble: Trouble::Unavailable, .. }), "{busy:?}");
    }
}
