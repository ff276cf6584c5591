//! The header `Retry-After`: seconds, or a date in any of the three formats of HTTP.

use std::time::{Duration, SystemTime};

/// Reads it; none if it is not valid. A date in the past means now.
#[must_use]
pub fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than fit are cut to a limit anyway.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    // Neither a number nor a date: as if it were absent.
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::{Duration, SystemTime};

    #[test]
    fn seconds_and_all_three_dates_are_understood() {
        // 1994-11-06 08:49:37 UTC, the example of RFC 9110 §5.6.7.
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let now = date - Duration::from_secs(90);
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (value, expected) in [
            ("0", seconds(0)),
            (" 120 ", seconds(120)),
            ("99999999999999999999999", seconds(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", seconds(90)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", seconds(90)),
            ("Sun Nov  6 08:49:37 1994", seconds(90)),
            ("Sat, 05 Nov 1994 08:49:37 GMT", seconds(0)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(parse(value, now), expected, "{value}");
        }
    }
}
