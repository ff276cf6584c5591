//! Where a store is, as an operator names it.

use std::path::PathBuf;
use std::str::FromStr;

use super::error::Error;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder, made if it is not there.
    Folder(PathBuf),
    /// A `PostgreSQL`; what it shows of itself is without its password.
    Postgres(Box<tokio_postgres::Config>),
}

impl Place {
    /// Whether a store is there. A database is asked when it is opened.
    #[must_use]
    pub fn exists(&self) -> bool {
        match self {
            Self::Folder(folder) => folder.join(super::sqlite::FILE).is_file(),
            Self::Postgres(_) => true,
        }
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once("://") {
            // The parser's own message could contain a part of the password.
            Some(("postgres" | "postgresql", _)) => match text.parse() {
                Ok(config) => Ok(Self::Postgres(Box::new(config))),
                Err(_unsaid) => Err(Error::Address),
            },
            Some((scheme, _)) => Err(Error::Scheme { scheme: scheme.to_owned() }),
            None => Ok(Self::Folder(text.into())),
        }
    }
}
