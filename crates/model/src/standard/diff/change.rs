//! Differences, and how much they matter.

use std::collections::BTreeSet;
use std::fmt;

/// One difference between two versions of a schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// How much it matters to those who send data.
    pub severity: Impact,
    /// What is different.
    pub what: String,
}

/// How much a change matters, most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    /// More is collected, in more detail, for longer, or with less consent.
    Widened,
    /// Readers of the data may fail, and the version does not announce it.
    Breaking,
    /// Less is collected.
    Narrowed,
    /// The same is collected, and described differently.
    Wording,
}

impl Impact {
    /// Names it in lower case.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Widened => "widened",
            Self::Breaking => "breaking",
            Self::Narrowed => "narrowed",
            Self::Wording => "wording",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let impact = match self.severity {
            Impact::Widened => "WIDENED ",
            Impact::Breaking => "BREAKING",
            Impact::Narrowed => "narrowed",
            Impact::Wording => "wording ",
        };
        write!(f, "{impact}  {}", self.what)
    }
}

/// Collects changes.
#[derive(Default)]
pub(super) struct Changes(pub(super) Vec<Change>);

impl Changes {
    pub(super) fn note(&mut self, severity: Impact, what: impl Into<String>) {
        self.0.push(Change { severity, what: what.into() });
    }

    /// Notes whether an ordered value grew or shrank.
    pub(super) fn ordered<T: Ord>(&mut self, old: &T, new: &T, what: impl Into<String>) {
        match new.cmp(old) {
            std::cmp::Ordering::Greater => self.note(Impact::Widened, what),
            std::cmp::Ordering::Less => self.note(Impact::Narrowed, what),
            std::cmp::Ordering::Equal => {}
        }
    }

    /// Notes added and removed elements.
    pub(super) fn sets<T: Ord + fmt::Display>(
        &mut self,
        old: &BTreeSet<T>,
        new: &BTreeSet<T>,
        (more, less): (&str, &str),
    ) {
        for added in new.difference(old) {
            self.note(Impact::Widened, format!("{more} `{added}`"));
        }
        for removed in old.difference(new) {
            self.note(Impact::Narrowed, format!("{less} `{removed}`"));
        }
    }

    pub(super) fn wording<T: PartialEq>(&mut self, old: &T, new: &T, what: &str) {
        if old != new {
            self.note(Impact::Wording, format!("{what} is worded differently"));
        }
    }
}
