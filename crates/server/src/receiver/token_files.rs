//! Tokens that an operator provides as files in a folder, such as a mounted Secret.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error as ThisError;

use crate::limits::{TOKEN_FILE_BYTES_MAX, TOKEN_LENGTH_MIN};
use crate::store::Store;
use crate::token::{Role, TokenRecord};

/// Why files of tokens cannot be used.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The folder has no file with the name of a role.
    #[error("`{}` has no token", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// A file cannot be read.
    #[error("read the token `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A token is short enough to be guessed.
    #[error("the token in `{}` can be guessed: it is too short", path.display())]
    Short {
        /// The file.
        path: PathBuf,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::error::Error),
}

impl Error {
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Empty { .. } => {
                Some("its files are called ingest, public, reader and admin; one of them is enough")
            }
            Self::Short { .. } => Some("`openssl rand -hex 32` generates one"),
            Self::Read { .. } | Self::Store(_) => None,
        }
    }
}

/// The roles that a file can have. A product key is of one product, so it has no file.
const ROLES: [Role; 4] = [Role::Ingest, Role::Public, Role::Reader, Role::Admin];

/// Adds the token of every file that has the name of a role.
pub(super) async fn add(store: &Store, folder: &Path) -> Result<(), Error> {
    let mut any = false;
    for role in ROLES {
        let Some(token) = read(&folder.join(role.as_str()))? else { continue };
        store.add_token(TokenRecord::of(&token, role, None)).await?;
        any = true;
    }
    if any { Ok(()) } else { Err(Error::Empty { folder: folder.to_owned() }) }
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    let mut text = String::new();
    let file = File::open(path);
    let read = file.and_then(|file| file.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Read { path: path.to_owned(), source }),
        Ok(_) => {}
    }
    let token = text.trim();
    if token.len() < TOKEN_LENGTH_MIN {
        return Err(Error::Short { path: path.to_owned() });
    }
    Ok(Some(token.to_owned()))
}
