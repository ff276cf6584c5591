//! A report or an event as one line of text, `<14>signal=NAME;key=value;…`, for Splunk's raw inputs.
//!
//! `<14>` is what syslog calls facility 1, severity 6. Two dialects repeat to the byte what
//! programs before this one send, and refuse what would forge a field or a line in them; the third
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

mod flatten;
mod kong;
mod kongctl;
mod safe;

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};
use thiserror::Error;

/// Before every line: facility 1 (user), severity 6 (informational).
const PREFIX: &str = "<14>";
/// The name of the first pair; no field may have it.
const SIGNAL: &str = "signal";
/// Objects within objects that become pairs of their own; what is deeper becomes JSON text, or is
/// refused. A report has a section, a field and at most a record.
const NESTING_MAX: usize = 8;

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// What Kong's ingress controllers send.
    Kong,
    /// What Kong's command line sends.
    Kongctl,
    /// Nothing can be forged and nothing is lost.
    ///
    /// The line is printable ASCII. `;` stands between pairs and nowhere else, `=` between key and
    /// value and nowhere else. A key is split at each `.`; its parts hold letters, digits, `_`, `-`
    /// and `\uXXXX`. A value that is JSON is JSON, any other value is a text as it stands.
    #[default]
    Safe,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 3] = [Self::Kong, Self::Kongctl, Self::Safe];

    /// Gives the word by which a URL names it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kong => "kong",
            Self::Kongctl => "kongctl",
            Self::Safe => "safe",
        }
    }

    /// Writes a signal and what was collected as one line, its line break included.
    ///
    /// # Errors
    /// When the dialect has no way of writing a part of it that could not be taken for something
    /// else; [`Dialect::Safe`] always has.
    pub fn line(self, signal: &str, report: &Map<String, Value>) -> Result<String, Refused> {
        match self {
            Self::Kong => kong::line(signal, report),
            Self::Kongctl => kongctl::line(signal, report),
            Self::Safe => Ok(safe::line(signal, report)),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// A word that names no dialect.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("dialect `{word}` is not known; known are `kong`, `kongctl`, `safe`")]
pub struct UnknownDialect {
    /// As given.
    pub word: String,
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(word: &str) -> Result<Self, UnknownDialect> {
        let known = Self::ALL.into_iter().find(|dialect| dialect.word() == word);
        known.ok_or_else(|| UnknownDialect { word: word.to_owned() })
    }
}

/// Why a dialect cannot carry something.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum Refused {
    /// The signal would forge a field or a line.
    #[error("the signal holds {found:?}, which dialect `{dialect}` cannot carry")]
    Signal {
        /// The dialect.
        dialect: Dialect,
        /// The first character that cannot be carried.
        found: char,
    },
    /// A name would forge a field or a line.
    #[error("the name `{}` holds {found:?}, which dialect `{dialect}` cannot carry", name.escape_debug())]
    Name {
        /// The dialect.
        dialect: Dialect,
        /// The name.
        name: String,
        /// The first character that cannot be carried.
        found: char,
    },
    /// A name would forge the signal, or nothing.
    #[error("a field cannot be called `{name}` in dialect `{dialect}`")]
    Reserved {
        /// The dialect.
        dialect: Dialect,
        /// `signal`, or nothing.
        name: String,
    },
    /// A value would forge a field or a line.
    #[error("the value of `{field}` holds {found:?}, which dialect `{dialect}` cannot carry")]
    Value {
        /// The dialect.
        dialect: Dialect,
        /// The field's name.
        field: String,
        /// The first character that cannot be carried.
        found: char,
    },
    /// A value is an object in an object in an object, and so on.
    #[error("the value of `{field}` is nested too deeply for dialect `{dialect}`")]
    Nested {
        /// The dialect.
        dialect: Dialect,
        /// The field's name.
        field: String,
    },
}

impl Refused {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "the default dialect, `safe`, can carry anything"
    }
}

/// Tells whether a character ends a line somewhere, or moves a terminal.
fn breaks_line(character: char) -> bool {
    // Unicode's own separators end a line for some readers, and are no control characters.
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests;
