//! Adds the user's own JSON object to a report, and marks it as the user's.

use ktel_model::report::Report;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::limits;

/// What to do when a key of the user is also the name of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Collision {
    /// Fail.
    #[default]
    Fail,
    /// Use the user's value.
    Override,
}

/// Why the user's text cannot be merged.
#[derive(Debug, Error)]
pub enum Error {
    /// It is too long.
    #[error("standard input has more than {} KiB", limits::USER_BYTES_MAX >> 10)]
    TooLong,
    /// It is not JSON.
    #[error("standard input is not JSON at line {line}, column {column}: {message}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// It is JSON, but not an object.
    #[error("standard input is {found}, not a JSON object")]
    NotAnObject {
        /// As in `an array`.
        found: &'static str,
    },
    /// A job has the same name.
    #[error("key \"{key}\" of standard input is also the name of a job that was run")]
    Collision {
        /// The key.
        key: String,
    },
}

impl Error {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::TooLong => None,
            Self::NotJson { .. } | Self::NotAnObject { .. } => {
                Some("pipe one object in, as in {\"build\": {\"runs\": 1}}")
            }
            Self::Collision { .. } => {
                Some("rename it, or use `--merge=override` to send it instead of the job's section")
            }
        }
    }
}

/// Parses the user's object. Callers do this before they read from the cluster.
///
/// # Errors
/// When it is too long, not JSON or not an object, with the place.
pub fn parse(text: &[u8]) -> Result<Map<String, Value>, Error> {
    if text.len() > limits::USER_BYTES_MAX {
        return Err(Error::TooLong);
    }
    let value: Value = serde_json::from_slice(text).map_err(|error| {
        let whole = error.to_string();
        let message = whole.split(" at line ").next().unwrap_or_default().to_owned();
        Error::NotJson { line: error.line(), column: error.column(), message }
    })?;
    match value {
        Value::Object(map) => Ok(map),
        other => Err(Error::NotAnObject { found: kind(&other) }),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Checks that no key is the name of a job. Callers do this before they read from the cluster.
///
/// # Errors
/// Names the first such key.
pub fn check<'a>(
    user: &Map<String, Value>,
    mut jobs: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    match jobs.find(|job| user.contains_key(*job)) {
        Some(key) => Err(Error::Collision { key: key.to_owned() }),
        None => Ok(()),
    }
}

/// Adds the user's parts after the sections of the jobs, in the user's order.
pub fn merge(report: &mut Report, user: Map<String, Value>) {
    for (key, value) in user {
        report.push_user(&key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::{check, merge, parse};
    use ktel_model::report::Report;
    use serde_json::{Map, json};

    #[test]
    fn an_error_says_where_and_what() {
        let table = [
            ("", "line 1, column 0: EOF while parsing a value"),
            ("{\n \"a\": }", "line 2, column 7: expected value"),
            ("[1]", "is an array, not a JSON object"),
            ("{} {}", "line 1, column 4: trailing characters"),
        ];
        for (text, expected) in table {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_collision_names_the_key() {
        let user = parse(br#"{"a": 1, "cluster-state": 2}"#).unwrap();
        let error = check(&user, ["cluster-state"].into_iter()).unwrap_err();
        assert!(error.to_string().contains("\"cluster-state\""), "{error}");
        assert!(check(&user, ["b"].into_iter()).is_ok());
    }

    #[test]
    fn a_key_that_overrides_a_job_keeps_the_place_of_the_job_and_is_marked() {
        let mut report = Report::default();
        report.push("a", Map::new());
        report.push("b", Map::new());
        merge(&mut report, parse(br#"{"z": 1, "a": 2, "c": 3}"#).unwrap());
        assert_eq!(
            report.to_json().to_string(),
            json!({"a": 2, "b": {}, "z": 1, "c": 3}).to_string()
        );
        assert_eq!(report.user(), ["z", "a", "c"]);
    }
}
