//! Where a store is, as an operator names it.

use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::config::Host;

use super::error::Error;

/// The port of a database whose address names none.
const POSTGRES_PORT: u16 = 5432;

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

    /// Names the hosts and ports of a database, and nothing else of its address: it may hold a password.
    #[must_use]
    pub fn hosts(&self) -> Option<String> {
        let Self::Postgres(config) = self else { return None };
        let port = |at: usize| {
            let ports = config.get_ports();
            ports.get(at).or(ports.first()).copied().unwrap_or(POSTGRES_PORT)
        };
        let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| match host {
            Host::Tcp(name) => format!("`{name}:{}`", port(at)),
            Host::Unix(folder) => format!("`{}`", folder.display()),
        });
        Some(hosts.collect::<Vec<_>>().join(", "))
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
