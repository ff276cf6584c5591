//! Findings about a file of the standard: where, what, and how to fix it.

use std::fmt;

/// One finding about a file of the standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named by the caller.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether the file can be used in spite of it.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// Whether a file can be used in spite of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but should be changed soon.
    Warning,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(f, "{}:{}: {severity}: {}", self.file, self.line, self.message)?;
        write!(f, "  fix: {}", self.fix)
    }
}

/// A file of the standard that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {}", .first.file, .first.line, .first.message)]
pub struct Error {
    /// The first finding; linting the file shows all.
    pub first: Finding,
}

impl Error {
    /// Says what to do about it.
    pub fn hint(&self) -> &str {
        &self.first.fix
    }
}
