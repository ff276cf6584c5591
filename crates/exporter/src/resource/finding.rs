//! What is said of a resource: errors and warnings by field path.

use std::fmt;
use std::ops::Range;

use super::path::FieldPath;

/// Something that is wrong with a resource, or worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether what it is about is used.
    pub severity: Severity,
    /// Where it is.
    pub path: FieldPath,
    /// Which bytes of the text at the path, as it is written there; the whole value if there are none.
    pub bytes: Option<Range<usize>>,
    /// A word for machines, in the form of a condition's reason, such as `InvalidQuery`.
    pub reason: &'static str,
    /// What is wrong, and what to do about it, for people.
    pub message: String,
}

/// Whether the thing that a [`Finding`] is about is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is used, perhaps not as meant.
    Warning,
    /// It is not used.
    Error,
}

impl Finding {
    /// An error.
    pub fn error(path: FieldPath, reason: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, path, bytes: None, reason, message: message.into() }
    }

    /// A warning.
    pub fn warning(path: FieldPath, reason: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, reason, message) }
    }

    /// The same about a part of the text at the path.
    #[must_use]
    pub fn at(self, bytes: Range<usize>) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path, self.message)
    }
}
