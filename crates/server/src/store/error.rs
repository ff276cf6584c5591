//! Why a store failed.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

/// Why the store failed.
#[derive(Debug, Clone, Error)]
pub enum Error {
    /// The scheme of the address is not supported.
    #[error("`{scheme}://` is no store; name a folder or postgres://")]
    Scheme {
        /// The scheme of the address.
        scheme: String,
    },
    /// The address of the database is malformed.
    #[error("read the address of the database as `postgres://USER:PASSWORD@HOST:PORT/DATABASE`")]
    Address,
    /// The thread or the runtime of the writer cannot be started.
    #[error("start the thread of the store")]
    Thread {
        /// The cause.
        source: Arc<std::io::Error>,
    },
    /// The folder cannot be created.
    #[error("create the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: Arc<std::io::Error>,
    },
    /// The store was written by another version of this program.
    #[error(
        "the store has schema version {found}, and this program needs {needed}; export what you need \
         with the version of ktel that wrote it (`ktel query --rows TABLE`), then delete the store \
         and start again, or keep using that version"
    )]
    SchemaVersion {
        /// The version of the store.
        found: i32,
        /// The version that this program reads and writes.
        needed: i32,
    },
    /// A column exists with another type.
    #[error(
        "column `{column}` of `{table}` has the type `{found}`; to change the type of a field, \
         raise the model version of its schema"
    )]
    Changed {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// `SQLite` failed.
    #[error("use the SQLite database")]
    Sqlite(#[source] Arc<rusqlite::Error>),
    /// `PostgreSQL` failed, or the connection was lost.
    #[error("use the PostgreSQL database")]
    Postgres(#[source] Arc<tokio_postgres::Error>),
    /// The connection broke while records were committed.
    #[error("the connection was lost during COMMIT; the records may or may not be stored")]
    Uncertain(#[source] Arc<tokio_postgres::Error>),
    /// TLS to the database cannot be configured.
    #[error("configure TLS to the database")]
    Tls(#[source] Arc<rustls::Error>),
    /// The signing key in the store is invalid. A new one would make earlier receipts worthless.
    #[error("read the signing key of receipts in the store")]
    Key,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The queue of the writer is full, or another process locks the database.
    #[error("the store is busy")]
    Busy,
    /// The writer has ended.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Whether one record may be the cause, so that the others could be written without it.
    pub(crate) fn is_of_one_record(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            // Classes 22 (data), 23 (integrity) and 54 (program limits): the values of a record.
            Self::Postgres(error) => error.code().is_some_and(|code| {
                ["22", "23", "54"].iter().any(|class| code.code().starts_with(class))
            }),
            Self::Scheme { .. }
            | Self::Address
            | Self::Thread { .. }
            | Self::Folder { .. }
            | Self::SchemaVersion { .. }
            | Self::Changed { .. }
            | Self::Uncertain(_)
            | Self::Tls(_)
            | Self::Key
            | Self::Full
            | Self::Busy
            | Self::Closed => false,
        }
    }
}
