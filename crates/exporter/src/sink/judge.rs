//! What an answer means for a batch: OTLP's table, and what an exporter of metrics adds to it.

use ktel_delivery::http::Reply;
use ktel_delivery::verdict::{Hold, Rejection, Trouble, Verdict, otlp};
use ktel_otlp::Signal;

use crate::report::{SinkFault, cleaned};

/// What receivers say when they mean that a request is too large. The Collector answers so with status 400.
const TOO_LARGE: [&str; 8] = [
    "body too large",
    "request too large",
    "payload too large",
    "entity too large",
    "message too large",
    "larger than max",
    "exceeds the maximum size",
    "exceeded maximum size",
];

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

/// Judges an answer to a batch of so many points.
pub(super) fn judge(reply: &Reply, points: u64) -> Judgement {
    let verdict = otlp::judge_http(reply.answer(), &reply.headers, Signal::Metrics);
    match (reply.status, verdict) {
        (413, Verdict::Rejected { message, .. }) => Judgement::Split { message },
        (400..=499, Verdict::Rejected { message, .. }) if says_too_large(&message) => {
            Judgement::Split { message }
        }
        // OTLP forbids to send it again, and a batch that waits would stop its lane.
        (_, Verdict::Held { hold: Hold::Unprocessed, message }) => {
            Judgement::By(Verdict::rejected(Rejection::Other, message))
        }
        (_, Verdict::PartlyAccepted { rejected, message }) => {
            // It cannot reject more than it got.
            Judgement::By(Verdict::PartlyAccepted { rejected: rejected.min(points), message })
        }
        (_, verdict) => Judgement::By(verdict),
    }
}

fn says_too_large(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    TOO_LARGE.iter().any(|text| message.contains(text))
}

/// Removes secrets from what a receiver says, and what could control a terminal.
#[derive(Default)]
pub(super) struct Redactor {
    secrets: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Redactor") // never what it removes
    }
}

impl Redactor {
    /// Adds a secret. One of a few letters would remove parts of plain words.
    pub(super) fn add(&mut self, secret: &str) {
        const SHORTEST: usize = 4;
        if secret.len() >= SHORTEST {
            self.secrets.push(secret.to_owned());
        }
    }

    pub(super) fn clean(&self, mut judgement: Judgement) -> Judgement {
        let message = match &mut judgement {
            Judgement::By(verdict) => verdict.message_mut(),
            Judgement::Split { message } => Some(message),
        };
        if let Some(message) = message {
            for secret in &self.secrets {
                if message.contains(secret.as_str()) {
                    *message = message.replace(secret.as_str(), "…");
                }
            }
            *message = cleaned(message);
        }
        judgement
    }
}

/// Says why a verdict is no success; none if it is one.
#[must_use]
pub fn fault(verdict: &Verdict) -> Option<SinkFault> {
    Some(match verdict {
        Verdict::Accepted | Verdict::AcceptedSlowly => return None,
        Verdict::PartlyAccepted { .. } => SinkFault::PartialSuccess,
        Verdict::Retry { trouble, .. } => match trouble {
            Trouble::Unreachable => SinkFault::Unreachable,
            Trouble::Timeout => SinkFault::Timeout,
            Trouble::Throttled => SinkFault::Throttled,
            Trouble::Unavailable => SinkFault::Unavailable,
            Trouble::Unconfirmed => SinkFault::Unconfirmed,
        },
        Verdict::Held { hold, .. } => match hold {
            Hold::Unauthorized => SinkFault::Unauthorized,
            Hold::Forbidden => SinkFault::Forbidden,
            Hold::ProxyUnauthorized => SinkFault::ProxyUnauthorized,
            Hold::NotFound => SinkFault::NotFound,
            Hold::Redirected => SinkFault::Redirected,
            Hold::Misconfigured => SinkFault::Misconfigured,
            Hold::Untrusted => SinkFault::Untrusted,
            Hold::Unprocessed => SinkFault::Rejected,
        },
        Verdict::Rejected { rejection, .. } => match rejection {
            Rejection::TooLarge => SinkFault::TooLarge,
            Rejection::Malformed | Rejection::Unsafe | Rejection::Other => SinkFault::Rejected,
        },
    })
}

/// Gives the word of a condition's reason for a verdict.
#[must_use]
pub fn reason(verdict: &Verdict) -> &'static str {
    fault(verdict).map_or("Accepted", SinkFault::word)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::HeaderMap;
    use ktel_otlp::grpc::Code;
    use ktel_otlp::{Accepted, Encoding, Status};

    use super::{Hold, Judgement, Redactor, Rejection, Reply, Trouble, Verdict, judge};

    fn reply(status: u16, body: impl Into<Bytes>) -> Reply {
        Reply { status, headers: HeaderMap::new(), retry_after: None, body: body.into() }
    }

    fn protobuf(status: u16, body: Vec<u8>) -> Reply {
        let mut reply = reply(status, body);
        let content_type = Encoding::Protobuf.content_type().parse().unwrap();
        reply.headers.insert(http::header::CONTENT_TYPE, content_type);
        reply
    }

    #[test]
    fn only_four_statuses_are_tried_again() {
        for status in 100..=599 {
            let judged = judge(&reply(status, ""), 10);
            let again = matches!(judged, Judgement::By(Verdict::Retry { .. }));
            assert_eq!(again, [429, 502, 503, 504].contains(&status), "{status}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_configuration_holds_and_costs_no_batch() {
        for (status, hold) in [
            (301, Hold::Redirected),
            (401, Hold::Unauthorized),
            (403, Hold::Forbidden),
            (404, Hold::NotFound),
            (405, Hold::NotFound),
            (407, Hold::ProxyUnauthorized),
            (415, Hold::Misconfigured),
        ] {
            let expected = Verdict::held(hold, format!("status {status}"));
            assert_eq!(judge(&reply(status, ""), 1), Judgement::By(expected), "{status}");
        }
    }

    #[test]
    fn a_batch_that_is_too_large_is_split_by_status_or_by_text() {
        let collector = Status::new(Code::InvalidArgument, "http: request body too large");
        for reply in [
            reply(413, ""),
            reply(413, "<html>"),
            reply(400, "http: request body too large"),
            reply(400, "the message is 5 bytes, larger than max 4"),
            protobuf(400, collector.to_body(Encoding::Protobuf)),
            reply(422, "Payload Too Large"),
        ] {
            let judged = judge(&reply, 1);
            assert!(matches!(judged, Judgement::Split { .. }), "{reply:?}: {judged:?}");
        }
        for (status, expected) in [(400, Rejection::Malformed), (500, Rejection::Other)] {
            let Judgement::By(Verdict::Rejected { rejection, .. }) =
                judge(&reply(status, "no such field"), 1)
            else {
                panic!("{status}")
            };
            assert_eq!(rejection, expected);
        }
        // A proxy that is out of memory is no reason to split.
        let judged = judge(&reply(503, "request too large"), 1);
        assert!(matches!(judged, Judgement::By(Verdict::Retry { .. })));
    }

    #[test]
    fn a_partial_success_counts_at_most_what_was_sent() {
        for (said, sent, counted) in [(3, 10, 3), (30, 10, 10), (0, 10, 0)] {
            let body = Accepted::partly(said, "too old").to_protobuf();
            let expected = Verdict::PartlyAccepted { rejected: counted, message: "too old".into() };
            assert_eq!(judge(&protobuf(200, body), sent), Judgement::By(expected));
        }
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept() {
        let after = Some(Duration::from_secs(7));
        let judged = judge(&Reply { retry_after: after, ..reply(503, "") }, 1);
        let trouble = Trouble::Unavailable;
        let expected = Verdict::Retry { trouble, after, message: "status 503".into() };
        assert_eq!(judged, Judgement::By(expected));
    }

    #[test]
    fn secrets_and_control_characters_are_removed_from_messages() {
        let mut redactor = Redactor::default();
        redactor.add("s3cr3t-token");
        redactor.add("a");
        let said = format!("bad token s3cr3t-token\u{202e}\u{1b}[31m{}", "x".repeat(400));
        let clean = redactor.clean(Judgement::Split { message: said });
        let Judgement::Split { message } = clean else { panic!() };
        assert!(message.starts_with("bad token …[31mxxx"), "{message}");
        assert!(message.len() <= crate::limits::MESSAGE_BYTES_MAX, "{}", message.len());
    }
}
