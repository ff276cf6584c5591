//! OTLP: partial success, and gRPC's own statuses.

use std::time::Duration;

use super::{Rejection, Trouble, Verdict};

/// A gRPC status, by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The number; 0 is success.
    pub code: u32,
    /// What it says.
    pub message: String,
    /// The delay of its `google.rpc.RetryInfo`, if it carries one.
    pub retry_delay: Option<Duration>,
}

/// Judges a gRPC status by OTLP's table.
#[must_use]
pub fn judge(status: Status) -> Verdict {
    let Status { code, message, retry_delay } = status;
    let message = format!("{}: {message}", name(code));
    let retry = |trouble, message| Verdict::Retry { trouble, after: retry_delay, message };
    match code {
        0 => Verdict::Accepted,
        // CANCELLED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS
        1 | 10 | 11 | 14 | 15 => retry(Trouble::Unavailable, message),
        4 => retry(Trouble::Timeout, message),
        // RESOURCE_EXHAUSTED may mean "never": only a server that names a delay means "later".
        8 if retry_delay.is_some() => retry(Trouble::Throttled, message),
        8 => Verdict::rejected(Rejection::TooLarge, message),
        3 | 9 => Verdict::rejected(Rejection::Malformed, message),
        5 | 12 => Verdict::rejected(Rejection::NotFound, message),
        7 | 16 => Verdict::rejected(Rejection::Unauthorized, message),
        _ => Verdict::rejected(Rejection::Other, message),
    }
}

/// Judges the `partial_success` of an answer that is otherwise a success: it is never tried again.
#[must_use]
pub fn judge_partial(rejected: i64, message: String) -> Verdict {
    match u64::try_from(rejected) {
        // A message without rejects is a warning; there is nobody to count.
        Ok(0) | Err(_) if message.is_empty() => Verdict::Accepted,
        Ok(rejected) => Verdict::PartlyAccepted { rejected, message },
        Err(_) => Verdict::PartlyAccepted { rejected: 0, message },
    }
}

fn name(code: u32) -> &'static str {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    usize::try_from(code).ok().and_then(|code| NAMES.get(code)).unwrap_or(&"UNKNOWN")
}

#[cfg(test)]
mod tests {
    use super::{Duration, Rejection, Status, Trouble, Verdict, judge, judge_partial};

    #[test]
    fn the_table_is_otlps() {
        for code in 0..=17 {
            for retry_delay in [None, Some(Duration::from_secs(2))] {
                let status = Status { code, message: "why".into(), retry_delay };
                let retried = match judge(status) {
                    Verdict::Retry { after, .. } => {
                        assert_eq!(after, retry_delay);
                        true
                    }
                    _ => false,
                };
                let expected =
                    [1, 4, 10, 11, 14, 15].contains(&code) || (code == 8 && retry_delay.is_some());
                assert_eq!(retried, expected, "{code} {retry_delay:?}");
            }
        }
        let status = Status { code: 16, message: "no token".into(), retry_delay: None };
        let expected = Verdict::rejected(Rejection::Unauthorized, "UNAUTHENTICATED: no token");
        assert_eq!(judge(status), expected);
        let status = Status { code: 4, message: String::new(), retry_delay: None };
        assert_eq!(judge(status), Verdict::retry(Trouble::Timeout, "DEADLINE_EXCEEDED: "));
    }

    #[test]
    fn a_partial_success_is_a_success_with_a_count() {
        assert_eq!(judge_partial(0, String::new()), Verdict::Accepted);
        let message = || "too old".to_owned();
        let expected = |rejected| Verdict::PartlyAccepted { rejected, message: message() };
        assert_eq!(judge_partial(3, message()), expected(3));
        assert_eq!(judge_partial(0, message()), expected(0));
        assert_eq!(judge_partial(-1, message()), expected(0));
    }
}
