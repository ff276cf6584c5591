//! The dialects of lines, and what they cannot carry.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Before every line: facility 1 (user), severity 6 (informational).
pub(super) const PREFIX: &str = "<14>";

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
pub enum LineError {
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

impl LineError {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        "the default dialect, `safe`, can carry anything"
    }
}

/// Tells whether a character ends a line somewhere, or moves a terminal.
pub(super) fn breaks_line(character: char) -> bool {
    // Unicode's own separators end a line for some readers, and are no control characters.
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}
