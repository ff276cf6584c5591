//! A string where a value can stand.

use crate::span::Place;

/// A string, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StringLiteral {
    text: String,
    place: Place,
}

impl StringLiteral {
    /// Makes a string that stands nowhere.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), place: Place::default() }
    }

    /// Gives the string, without quotes and escapes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Gives where it stands. What is computed of several stands where all of them stand.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}
