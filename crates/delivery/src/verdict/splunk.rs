//! Splunk's HTTP Event Collector: its own codes take precedence over the HTTP status.

use serde_json::Value;

use super::{Answer, Hold, Rejection, Trouble, Verdict, http};
use crate::limits::SHOWN_ANSWER_CHARS_MAX;

/// The verdict on an answer, and the number of its acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The number with which to ask whether it was stored.
    pub ack_id: Option<u64>,
}

/// Judges the answer to an event.
#[must_use]
pub fn judge(answer: Answer<'_>) -> Judged {
    // Proxies answer in HTML; then the status decides.
    let body: Option<Value> = serde_json::from_slice(answer.body).ok();
    let body = body.as_ref();
    let number = |name| body.and_then(|body| body.get(name)).and_then(Value::as_u64);
    let verdict = match number("code") {
        Some(code) => by_code(code, answer, body),
        None => http::judge(answer),
    };
    Judged { verdict, ack_id: number("ackId") }
}

fn by_code(code: u64, answer: Answer<'_>, body: Option<&Value>) -> Verdict {
    let text = body.and_then(|body| body.get("text")).and_then(Value::as_str).unwrap_or_default();
    let shown = text.chars().filter(|one| !one.is_control()).take(SHOWN_ANSWER_CHARS_MAX);
    let text: String = shown.collect();
    let message = format!("code {code}: {text}");
    let retry =
        |trouble| Verdict::Retry { trouble, after: answer.retry_after, message: message.clone() };
    let held = |hold| Verdict::held(hold, message.clone());
    let rejected = |rejection| Verdict::rejected(rejection, message.clone());
    match code {
        0 | 17 if (200..300).contains(&answer.status) => Verdict::Accepted,
        24 | 25 => Verdict::AcceptedSlowly,
        1..=4 | 21 | 22 => held(Hold::Unauthorized),
        5 | 6 | 12 | 13 | 15 => rejected(Rejection::Malformed),
        // The token may not write this event; it may write others.
        7 => held(Hold::Forbidden),
        10 | 11 | 14 | 16 => held(Hold::Misconfigured),
        8 | 9 | 18 | 19 | 20 | 23 => retry(Trouble::Unavailable),
        26 | 27 => retry(Trouble::Throttled),
        // An unknown code: with a 200 it is no success, with an error the status decides.
        _ if (200..300).contains(&answer.status) => held(Hold::Unprocessed),
        _ => http::judge(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Hold, Judged, Rejection, Trouble, Verdict, judge};

    enum Expected {
        Accepted,
        Slowly,
        Retry(Trouble),
        Held(Hold),
        Rejected(Rejection),
    }

    #[track_caller]
    fn check(status: u16, body: &str, expected: Expected) {
        let judged = judge(Answer { status, retry_after: None, body: body.as_bytes() });
        let right = match (&judged.verdict, expected) {
            (Verdict::Accepted, Expected::Accepted)
            | (Verdict::AcceptedSlowly, Expected::Slowly) => true,
            (Verdict::Retry { trouble, .. }, Expected::Retry(expected)) => *trouble == expected,
            (Verdict::Held { hold, .. }, Expected::Held(expected)) => *hold == expected,
            (Verdict::Rejected { rejection, .. }, Expected::Rejected(expected)) => {
                *rejection == expected
            }
            _ => false,
        };
        assert!(right, "{status} {body}: {judged:?}");
    }

    #[test]
    fn every_code_of_the_table_has_its_class() {
        use Expected::{Accepted, Held, Rejected, Retry, Slowly};
        let table = [
            (200, 0, Accepted),
            (403, 1, Held(Hold::Unauthorized)),
            (401, 2, Held(Hold::Unauthorized)),
            (401, 3, Held(Hold::Unauthorized)),
            (403, 4, Held(Hold::Unauthorized)),
            (400, 5, Rejected(Rejection::Malformed)),
            (400, 6, Rejected(Rejection::Malformed)),
            (400, 7, Held(Hold::Forbidden)),
            (500, 8, Retry(Trouble::Unavailable)),
            (503, 9, Retry(Trouble::Unavailable)),
            (400, 10, Held(Hold::Misconfigured)),
            (400, 11, Held(Hold::Misconfigured)),
            (400, 12, Rejected(Rejection::Malformed)),
            (400, 13, Rejected(Rejection::Malformed)),
            (400, 14, Held(Hold::Misconfigured)),
            (400, 15, Rejected(Rejection::Malformed)),
            (400, 16, Held(Hold::Misconfigured)),
            (200, 17, Accepted),
            (503, 18, Retry(Trouble::Unavailable)),
            (503, 19, Retry(Trouble::Unavailable)),
            (503, 20, Retry(Trouble::Unavailable)),
            (400, 21, Held(Hold::Unauthorized)),
            (400, 22, Held(Hold::Unauthorized)),
            (503, 23, Retry(Trouble::Unavailable)),
            (200, 24, Slowly),
            (200, 25, Slowly),
            (429, 26, Retry(Trouble::Throttled)),
            (429, 27, Retry(Trouble::Throttled)),
        ];
        for (status, code, expected) in table {
            check(status, &format!(r#"{{"text":"words","code":{code}}}"#), expected);
        }
    }

    #[test]
    fn a_200_with_a_code_that_is_not_zero_is_no_success() {
        use Expected::{Held, Retry};
        check(200, r#"{"text":"Server is busy","code":9}"#, Retry(Trouble::Unavailable));
        check(200, r#"{"text":"Invalid token","code":4}"#, Held(Hold::Unauthorized));
        check(200, r#"{"text":"?","code":99}"#, Held(Hold::Unprocessed));
    }

    #[test]
    fn an_answer_that_is_not_splunks_is_judged_by_its_status() {
        check(503, "<html>bad gateway</html>", Expected::Retry(Trouble::Unavailable));
        check(503, r#"{"text":"?","code":99}"#, Expected::Retry(Trouble::Unavailable));
        check(404, "", Expected::Held(Hold::NotFound));
        check(200, "", Expected::Accepted);
    }

    #[test]
    fn the_acknowledgement_is_read_and_the_code_is_in_the_message() {
        let body = br#"{"text":"Success","code":0,"ackId":7}"#;
        let judged = judge(Answer { status: 200, retry_after: None, body });
        assert_eq!(judged, Judged { verdict: Verdict::Accepted, ack_id: Some(7) });
        let body = br#"{"text":"Invalid token","code":4}"#;
        let judged = judge(Answer { status: 403, retry_after: None, body });
        let Verdict::Held { message, .. } = judged.verdict else { panic!() };
        assert_eq!(message, "code 4: Invalid token");
    }
}
