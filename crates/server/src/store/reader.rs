//! Reads on separate connections, so that charts do not delay ingestion.

use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::civil::Date;
use rusqlite::{Connection, OpenFlags};

use super::counts::{Asked, Count, Version};
use super::error::Error;
use super::place::Place;
use super::{postgres, sqlite};
use crate::anonymity::Population;
use crate::audit::{AuditEntry, AuditSummary};
use crate::limits::BUSY_WITHIN;

/// A connection that cannot write.
#[derive(Debug)]
pub(super) enum ReadConnection {
    Sqlite(Arc<Mutex<Connection>>),
    Postgres(Box<postgres::Reading>),
}

impl ReadConnection {
    /// Opens it; the writer has made the tables before.
    pub(super) fn open(place: &Place) -> Result<Self, Error> {
        match place {
            Place::Folder(folder) => Ok(Self::Sqlite(Arc::new(Mutex::new(open(folder)?)))),
            Place::Postgres(config) => Ok(Self::Postgres(Box::new(postgres::Reading::of(config)))),
        }
    }

    pub(super) async fn counts(&self, asked: Asked) -> Result<Vec<Count>, Error> {
        match self {
            Self::Sqlite(connection) => {
                beside(connection, move |it| sqlite::counts::select(it, &asked)).await
            }
            Self::Postgres(reading) => {
                reading.read(async |it| postgres::counts::select(it, &asked).await).await
            }
        }
    }

    pub(super) async fn counts_by_product(
        &self,
        population: Population,
        period: (Date, Date),
    ) -> Result<Vec<(String, Count)>, Error> {
        match self {
            Self::Sqlite(connection) => {
                let read = move |it: &Connection| {
                    sqlite::counts::select_by_product(it, population, period)
                };
                beside(connection, read).await
            }
            Self::Postgres(reading) => {
                reading
                    .read(async |it| {
                        postgres::counts::select_by_product(it, population, period).await
                    })
                    .await
            }
        }
    }

    pub(super) async fn published(&self, asked: Asked) -> Result<Vec<Count>, Error> {
        match self {
            Self::Sqlite(connection) => {
                beside(connection, move |it| sqlite::publish::select(it, &asked)).await
            }
            Self::Postgres(reading) => {
                reading.read(async |it| postgres::publish::select(it, &asked).await).await
            }
        }
    }

    pub(super) async fn published_by_product(
        &self,
        population: Population,
        period: (Date, Date),
    ) -> Result<Vec<(String, Count)>, Error> {
        match self {
            Self::Sqlite(connection) => {
                let read = move |it: &Connection| {
                    sqlite::publish::select_by_product(it, population, period)
                };
                beside(connection, read).await
            }
            Self::Postgres(reading) => {
                reading
                    .read(async |it| {
                        postgres::publish::select_by_product(it, population, period).await
                    })
                    .await
            }
        }
    }

    pub(super) async fn published_products(
        &self,
        population: Population,
    ) -> Result<Vec<String>, Error> {
        match self {
            Self::Sqlite(connection) => {
                beside(connection, move |it| sqlite::publish::products(it, population)).await
            }
            Self::Postgres(reading) => {
                reading.read(async |it| postgres::publish::products(it, population).await).await
            }
        }
    }

    /// Reads the newest entries of the audit log.
    pub(super) async fn audit_log(&self, most: u32) -> Result<Vec<AuditEntry>, Error> {
        match self {
            Self::Sqlite(connection) => {
                beside(connection, move |it| sqlite::audit::audit_log(it, most)).await
            }
            Self::Postgres(reading) => {
                reading.read(async |it| postgres::audit::audit_log(it, most).await).await
            }
        }
    }

    /// Gives how often was looked since a minute, by role, kind and purpose.
    pub(super) async fn audit_summary(&self, since: i64) -> Result<Vec<AuditSummary>, Error> {
        match self {
            Self::Sqlite(connection) => {
                beside(connection, move |it| sqlite::audit::audit_summary(it, since)).await
            }
            Self::Postgres(reading) => {
                reading.read(async |it| postgres::audit::audit_summary(it, since).await).await
            }
        }
    }

    pub(super) async fn versions(&self, population: Population) -> Result<Vec<Version>, Error> {
        match self {
            Self::Sqlite(connection) => {
                beside(connection, move |it| sqlite::counts::versions(it, population)).await
            }
            Self::Postgres(reading) => {
                reading.read(async |it| postgres::counts::versions(it, population).await).await
            }
        }
    }
}

fn open(folder: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(sqlite::FILE), flags)?;
    connection.busy_timeout(BUSY_WITHIN)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Reads on a thread that may wait for the disk.
async fn beside<T: Send + 'static>(
    connection: &Arc<Mutex<Connection>>,
    read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let connection = Arc::clone(connection);
    let reading = move || read(&connection.lock().expect("no holder panics"));
    // The task ends early only when the process does.
    tokio::task::spawn_blocking(reading).await.map_err(|_gone| Error::Closed)?
}
