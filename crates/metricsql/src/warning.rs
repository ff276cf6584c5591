//! What parses, but was probably not meant.

use std::fmt;

use crate::Span;

/// Everything a query deserves a word about, in the order of the query.
pub type Warnings = Vec<Warning>;

/// A word about a query that parses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// Where it is.
    pub span: Span,
}

/// What a warning is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// A value in the quotes of a word processor; MetricsQL itself rejects it.
    TypographicQuotes {
        /// The line the quotes are on, from 1.
        line: usize,
        /// The column of the opening quote in characters, from 1.
        column: usize,
        /// What to write instead.
        fix: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            WarningKind::TypographicQuotes { line, column, fix } => {
                write!(f, "typographic quotes at {line}:{column}; write {fix}")
            }
        }
    }
}
