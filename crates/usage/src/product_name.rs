//! The name of a product, in a form that may stand in paths, variables and file names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::PRODUCT_NAME_BYTES_MAX;

/// A product's name: lower-case letters, digits and `-`, as in `ktel-demo`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProductName(String);

/// A text that is not a product name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{}` cannot be the name of a product; use lower-case letters, digits and `-`", name.escape_debug())]
pub struct InvalidName {
    /// As given.
    pub name: String,
}

impl ProductName {
    /// Gives the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProductName {
    type Error = InvalidName;

    fn try_from(name: String) -> Result<Self, InvalidName> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let edge = |c: Option<char>| c.is_some_and(|c| c != '-');
        let edges = edge(name.chars().next()) && edge(name.chars().next_back());
        if edges && name.len() <= PRODUCT_NAME_BYTES_MAX && name.chars().all(allowed) {
            Ok(Self(name))
        } else {
            Err(InvalidName { name })
        }
    }
}

impl FromStr for ProductName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        name.to_owned().try_into()
    }
}

impl From<ProductName> for String {
    fn from(name: ProductName) -> Self {
        name.0
    }
}

impl fmt::Display for ProductName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ProductName;

    #[test]
    fn a_name_has_only_the_allowed_characters() {
        for name in ["ktel-demo", "kongctl", "k9s", "a"] {
            assert_eq!(name.parse::<ProductName>().unwrap().as_str(), name);
        }
        let long = "a".repeat(65);
        for name in ["", ".", "..", "a/b", "A", "a_b", "-a", "a-", "é", "a b", &long] {
            assert!(name.parse::<ProductName>().is_err(), "{name}");
        }
    }
}
