//! Values as a status has them: whole seconds, bounded clean text.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::ErrorStatus;
use crate::limits::ERROR_BYTES_MAX;
use crate::report::Problem;
use crate::time::Millis;

pub(super) fn error(problem: &Problem) -> ErrorStatus {
    ErrorStatus {
        reason: problem.reason.to_owned(),
        code: problem.status.map(i32::from),
        message: cut(&problem.message, ERROR_BYTES_MAX),
        time: time(problem.time),
    }
}

/// A status has whole seconds: what was read back has to equal what was written.
pub(super) fn time(millis: Millis) -> Time {
    let seconds = millis.0.div_euclid(1000);
    // Beyond the calendar there is no text for it; the nearest one is.
    let timestamp = jiff::Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    Time(timestamp)
}

pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Makes a text one line of at most so many bytes.
pub(super) fn cut(text: &str, bytes_max: usize) -> String {
    let clean = text.replace(|c: char| c.is_control(), " ");
    if clean.len() <= bytes_max {
        return clean;
    }
    let mut cut = String::new();
    for c in clean.chars() {
        if cut.len() + c.len_utf8() + '…'.len_utf8() > bytes_max {
            break;
        }
        cut.push(c);
    }
    cut + "…"
}
