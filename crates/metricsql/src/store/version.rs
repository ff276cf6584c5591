//! The version of a store.

use std::fmt;
use std::str::FromStr;

/// The version of a store; patch releases do not change what a store survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
}

/// Text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no version; write one as `1.145`")]
pub struct InvalidVersion {
    /// The text.
    pub text: String,
}

impl Version {
    /// Makes a version.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    /// Reads `1.145`, `v1.145` or `v1.145.0-cluster`.
    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let mut numbers = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut next = || numbers.next().and_then(|number| number.parse().ok());
        match (next(), next()) {
            (Some(major), Some(minor)) => Ok(Self { major, minor }),
            _ => Err(InvalidVersion { text: crate::error::shown(text) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_releases_are_named_and_compared_by_number() {
        for text in ["1.145", "v1.145", "v1.145.0", "v1.145.2-cluster"] {
            assert_eq!(text.parse(), Ok(Version::new(1, 145)), "{text}");
        }
        for text in ["", "1", "v", "1.x", "latest"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert!(Version::new(1, 99) < Version::new(1, 145));
    }
}
