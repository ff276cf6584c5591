//! Reads beside the writer, so that a chart holds up nobody who sends.

use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OpenFlags};

use super::counts::{self, Asked, Count};
use super::{Error, Place, sqlite};
use crate::limits::BUSY_WITHIN;

/// A connection that cannot write.
#[derive(Debug, Clone)]
pub(super) struct Reader(Arc<Mutex<Connection>>);

impl Reader {
    /// Opens it; the writer has made the tables before.
    pub(super) fn open(place: &Place) -> Result<Self, Error> {
        let Place::Folder(folder) = place;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(folder.join(sqlite::FILE), flags)?;
        connection.busy_timeout(BUSY_WITHIN)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    pub(super) async fn counts(&self, asked: Asked) -> Result<Vec<Count>, Error> {
        self.read(move |connection| counts::select(connection, &asked)).await
    }

    pub(super) async fn versions(&self) -> Result<Vec<(String, String, i64)>, Error> {
        self.read(counts::versions).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let connection = Arc::clone(&self.0);
        let reading = move || read(&connection.lock().expect("no holder panics"));
        // It ends with the process only.
        tokio::task::spawn_blocking(reading).await.map_err(|_gone| Error::Closed)?
    }
}
