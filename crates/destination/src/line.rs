//! A report or an event as one line of text, `<14>signal=NAME;key=value;…`, for Splunk's raw inputs.
//!
//! `<14>` is what syslog calls facility 1, severity 6. Two dialects repeat to the byte what
//! programs before this one send, and reject what would forge a field or a line in them; the third
//! can carry anything:
//!
//! - `kong`: the sections lose their names; the pairs of a section are sorted as whole texts, the
//!   sections by what they hold; values are written as Go's `%v` does; every pair ends in `;`.
//! - `kongctl`: sorted by key, `;` between pairs and none at the end; a value that is empty or holds
//!   a space, `;`, `"` or a line break stands in quotes.
//! - `safe`: keys are `section.field`, values are JSON or plain words, and every character that means
//!   something to a line, a pair or a terminal is written as `\uXXXX`; see [`Dialect::Safe`].
//!
//! ```
//! use ktel_destination::line::Dialect;
//! use serde_json::json;
//!
//! let report = json!({"platform": {"provider": "kind;signal=evil"}});
//! let report = report.as_object().expect("an object");
//! let line = Dialect::Safe.line("acme-ping", report).expect("safe can carry anything");
//! let pair = r#"platform.provider="kind\u003bsignal\u003devil""#;
//! assert_eq!(line, format!("<14>signal=acme-ping;{pair}\n"));
//! assert!(Dialect::Kong.line("acme-ping", report).is_err());
//! ```

mod dialect;
mod flatten;
mod kong;
mod kong_keys;
mod kongctl;
mod safe;

use std::borrow::Cow;

use serde_json::{Map, Value};

pub use dialect::{Dialect, LineError, UnknownDialect};

/// How the fields of our own jobs are called in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keys {
    /// As in the report.
    #[default]
    Own,
    /// As Kong's ingress controllers call the same facts; what they do not send is omitted.
    Kong,
}

impl Keys {
    /// Gives a report with these keys.
    #[must_use]
    pub fn translate<'r>(self, report: &'r Map<String, Value>) -> Cow<'r, Map<String, Value>> {
        match self {
            Self::Own => Cow::Borrowed(report),
            Self::Kong => Cow::Owned(kong_keys::translate(report)),
        }
    }
}

impl Dialect {
    /// Writes a signal and what was collected as one line, its line break included.
    ///
    /// # Errors
    /// When the dialect has no way of writing a part of it that could not be taken for something
    /// else; [`Dialect::Safe`] always has.
    pub fn line(self, signal: &str, report: &Map<String, Value>) -> Result<String, LineError> {
        match self {
            Self::Kong => kong::line(signal, report),
            Self::Kongctl => kongctl::line(signal, report),
            Self::Safe => Ok(safe::line(signal, report)),
        }
    }
}

#[cfg(test)]
mod tests;
