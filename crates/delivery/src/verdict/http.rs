//! Plain HTTP: a status that judges the parcel rejects it. Any other error holds it: a wrong address, a
//! wrong token, and a receiver that fails.

use super::rejected::Rejected;
use super::{Answer, Hold, Rejection, Trouble, Verdict};

/// Judges an answer. HTTP allows to repeat a request after 408, and 507 is a temporary condition.
#[must_use]
pub fn judge(answer: Answer<'_>) -> Verdict {
    let trouble = match answer.status {
        408 => Trouble::Timeout,
        507 => Trouble::Unavailable,
        _ => return judge_as_otlp(answer),
    };
    Verdict::Retry { trouble, after: answer.retry_after, message: answer.says() }
}

/// Judges a status as OTLP does: it allows retries after 429, 502, 503 and 504, and after no other.
///
/// OTLP forbids to retry a 500, and to hold is not to retry: this delivery sends it no more. It is kept
/// because a 500 says that the receiver failed, not that the parcel is bad, so that to drop it would
/// lose a valid report. As the parcel may be what makes the receiver fail, the others pass it.
pub(super) fn judge_as_otlp(answer: Answer<'_>) -> Verdict {
    let retry =
        |trouble| Verdict::Retry { trouble, after: answer.retry_after, message: answer.says() };
    let held = |hold| Verdict::held(hold, answer.says());
    let rejected = |rejection| Verdict::rejected(rejection, answer.says());
    match answer.status {
        200..=299 => Verdict::Accepted,
        429 => retry(Trouble::Throttled),
        502..=504 => retry(Trouble::Unavailable),
        300..=399 => held(Hold::Redirected),
        401 => held(Hold::Unauthorized),
        403 => held(Hold::Forbidden),
        404 | 405 | 410 => held(Hold::NotFound),
        407 => held(Hold::ProxyUnauthorized),
        413 => rejected(Rejection::TooLarge),
        400 | 422 => rejected(Rejection::Malformed),
        // It wants to be paid, or another length, address, encoding, host, protocol, size of the headers,
        // version of HTTP, or a login to the network. Every parcel would be answered so.
        402 | 411 | 414 | 415 | 421 | 426 | 431 | 505 | 511 => held(Hold::Misconfigured),
        _ => held(Hold::Unprocessed),
    }
}

/// Judges the answer of a receiver that takes items and may reject some of them. It cannot reject more
/// than were `sent`. `sent` is called only if the receiver rejects any.
#[must_use]
pub fn judge_items(answer: Answer<'_>, sent: impl FnOnce() -> u64) -> Verdict {
    let verdict = judge(answer);
    if verdict != Verdict::Accepted {
        return verdict;
    }
    let Rejected { count, why } = Rejected::read(answer.body);
    if count == 0 {
        return verdict;
    }
    match count.min(sent()) {
        0 => verdict,
        rejected => {
            let why = why.unwrap_or_default();
            let message = Answer { body: why.as_bytes(), ..answer }.says();
            Verdict::PartlyAccepted { rejected, message }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Hold, Rejection, Trouble, Verdict, judge, judge_as_otlp, judge_items};
    use std::time::Duration;

    #[test]
    fn only_four_statuses_are_retried_and_two_more_where_otlp_does_not_forbid_it() {
        for status in 100..=599 {
            let answer = Answer { status, retry_after: None, body: b"" };
            let is_retried = |verdict| matches!(verdict, Verdict::Retry { .. });
            let otlp = [429, 502, 503, 504].contains(&status);
            assert_eq!(is_retried(judge_as_otlp(answer)), otlp, "{status}");
            assert_eq!(is_retried(judge(answer)), otlp || [408, 507].contains(&status), "{status}");
            assert_eq!(judge(answer).is_accepted(), (200..300).contains(&status), "{status}");
        }
    }

    #[test]
    fn a_slow_body_and_a_full_disk_are_tried_again_when_the_receiver_says() {
        let after = Some(Duration::from_secs(3));
        for (status, trouble) in [(408, Trouble::Timeout), (507, Trouble::Unavailable)] {
            let message = format!("status {status}: later");
            let expected = Verdict::Retry { trouble, after, message };
            assert_eq!(judge(Answer { status, retry_after: after, body: b"later" }), expected);
        }
    }

    #[test]
    fn the_reason_is_told_and_the_receiver_may_name_a_time() {
        let after = Some(Duration::from_secs(3));
        let busy = Answer { status: 429, retry_after: after, body: b"\n slow\x07 down\nmore" };
        let expected = Verdict::Retry {
            trouble: Trouble::Throttled,
            after,
            message: "status 429: slow down".into(),
        };
        assert_eq!(judge(busy), expected);
    }

    #[test]
    fn a_status_holds_for_a_mistake_of_the_configuration_and_rejects_for_one_of_the_parcel() {
        for status in 300..=599 {
            let says = format!("status {status}");
            let held = |hold| Verdict::held(hold, says.clone());
            let rejected = |rejection| Verdict::rejected(rejection, says.clone());
            let expected = match status {
                301 | 302 | 303 | 304 | 307 | 308 => held(Hold::Redirected),
                401 => held(Hold::Unauthorized),
                403 => held(Hold::Forbidden),
                404 | 405 | 410 => held(Hold::NotFound),
                407 => held(Hold::ProxyUnauthorized),
                400 | 422 => rejected(Rejection::Malformed),
                413 => rejected(Rejection::TooLarge),
                402 | 411 | 414 | 415 | 421 | 426 | 431 | 505 | 511 => held(Hold::Misconfigured),
                408 | 429 | 502..=504 | 507 | 300..=399 => continue,
                _ => held(Hold::Unprocessed),
            };
            assert_eq!(judge(Answer { status, retry_after: None, body: b"" }), expected);
        }
    }

    #[test]
    fn only_what_the_receiver_judged_about_the_parcel_is_rejected() {
        let rejected = |status: &u16| {
            let answer = Answer { status: *status, retry_after: None, body: b"" };
            matches!(judge(answer), Verdict::Rejected { .. })
        };
        let statuses: Vec<u16> = (0..=u16::MAX).filter(rejected).collect();
        assert_eq!(statuses, [400, 413, 422]);
    }

    #[test]
    fn rejected_items_are_counted_up_to_what_was_sent() {
        let body = br#"{"stored":1,"rejected":[{"message":"too\u0007 old\nmore"},{},{}]}"#;
        let ok = Answer { status: 200, retry_after: None, body };
        let message = || "status 200: too old".to_owned();
        for (sent, rejected) in [(1, 1), (2, 2), (3, 3), (1000, 3)] {
            let expected = Verdict::PartlyAccepted { rejected, message: message() };
            assert_eq!(judge_items(ok, || sent), expected, "{sent}");
        }
        assert_eq!(judge_items(ok, || 0), Verdict::Accepted);
        let silent = Answer { body: br#"{"rejected":[{}]}"#, ..ok };
        let expected = Verdict::PartlyAccepted { rejected: 1, message: "status 200".into() };
        assert_eq!(judge_items(silent, || 7), expected);
        for status in (100..=599).filter(|status| !(200..300).contains(status)) {
            let answer = Answer { status, ..ok };
            assert_eq!(judge_items(answer, || 7), judge(answer), "only a success is partial");
        }
    }
}
