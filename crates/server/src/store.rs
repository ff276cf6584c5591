//! Where records are kept: `SQLite` in one folder, or `PostgreSQL`.
//!
//! One thread writes. It takes together what waits, writes it in one transaction, and answers only
//! when that is synced; so many senders share one sync, and what was answered survives a crash.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use serde_json::{Map, Value};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::layout::Table;
use crate::limits::QUEUE_MAX;
use crate::record::Record;
use crate::token::Stamp;
pub use counts::{Asked, Count};
use engine::Engine;
use reader::Reader;
use writer::Job;

mod counts;
mod engine;
mod group;
mod reader;
mod sql;
mod sqlite;
mod writer;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder, made if it is not there.
    Folder(PathBuf),
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once("://") {
            Some((scheme, _)) => Err(Error::Scheme { scheme: scheme.to_owned() }),
            None => Ok(Self::Folder(text.into())),
        }
    }
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is there now.
    New,
    /// It was there already.
    Repeated,
}

/// Why nothing could be stored or read.
#[derive(Debug, Clone, Error)]
pub enum Error {
    /// There is no store of this kind.
    #[error("a store `{scheme}://` is not known")]
    Scheme {
        /// What stands before the colon.
        scheme: String,
    },
    /// The folder cannot be made.
    #[error("make the folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: Arc<std::io::Error>,
    },
    /// A column is there already, and holds something else.
    #[error("column `{column}` of `{table}` holds `{found}`; a changed type needs a new model")]
    Changed {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What it holds.
        found: String,
    },
    /// `SQLite` says no.
    #[error("ask the database")]
    Sqlite(#[source] Arc<rusqlite::Error>),
    /// Nothing more fits on the disk.
    #[error("the disk is full")]
    Full,
    /// Too many wait for the writer.
    #[error("too many records wait to be written")]
    Busy,
    /// The writer has ended.
    #[error("the store is closed")]
    Closed,
}

/// A store with its writer.
#[derive(Debug)]
pub struct Store {
    jobs: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    reader: Reader,
}

impl Store {
    /// Opens a store, bringing its tables up to date.
    ///
    /// # Errors
    /// When it cannot be reached, or holds something else.
    pub fn open(place: &Place, tables: &[Arc<Table>]) -> Result<Self, Error> {
        let engine = Engine::open(place, tables)?;
        let reader = Reader::open(place)?;
        let (jobs, waiting) = sync_channel(QUEUE_MAX);
        let writer = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer::run(engine, &waiting))
            .map_err(|source| Error::Folder { path: "thread".into(), source: Arc::new(source) })?;
        Ok(Self { jobs: Some(jobs), writer: Some(writer), reader })
    }

    /// Stores a record, and answers when it cannot get lost any more.
    ///
    /// # Errors
    /// When it is not stored. After [`Error::Closed`] it may be; its id makes trying again safe.
    pub async fn append(&self, record: Record) -> Result<Stored, Error> {
        self.ask(|answer| Job::Append { record: Box::new(record), answer }).await
    }

    /// Tries whether records could be stored now.
    ///
    /// # Errors
    /// When they could not.
    pub async fn probe(&self) -> Result<(), Error> {
        self.ask(|answer| Job::Probe { answer }).await
    }

    /// Reads the newest rows of a table, newest first: its own columns, and those that all have.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn rows(&self, table: &Arc<Table>) -> Result<Vec<Map<String, Value>>, Error> {
        let view = View::All(Arc::clone(table));
        self.ask(|answer| Job::Rows { view, answer }).await
    }

    /// Reads the last row of every installation, where rows are a history.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn latest(&self, table: &Arc<Table>) -> Result<Vec<Map<String, Value>>, Error> {
        let view = View::Latest(Arc::clone(table));
        self.ask(|answer| Job::Rows { view, answer }).await
    }

    /// Reads the newest words of lists and maps.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn items(&self) -> Result<Vec<Map<String, Value>>, Error> {
        self.ask(|answer| Job::Rows { view: View::Items, answer }).await
    }

    /// Reads the newest records, without their rows.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn records(&self) -> Result<Vec<Map<String, Value>>, Error> {
        self.ask(|answer| Job::Rows { view: View::Records, answer }).await
    }

    /// Gives the counts that charts are drawn from.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn counts(&self, asked: Asked) -> Result<Vec<Count>, Error> {
        self.reader.counts(asked).await
    }

    /// Gives every product, its versions, and how many records or installations spoke of each.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn versions(&self) -> Result<Vec<(String, String, i64)>, Error> {
        self.reader.versions().await
    }

    /// Keeps the stamp of a token.
    ///
    /// # Errors
    /// When it is not kept.
    pub async fn add_token(&self, stamp: Stamp) -> Result<(), Error> {
        self.ask(|answer| Job::AddToken { stamp, answer }).await
    }

    /// Gives the stamps of all tokens.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn tokens(&self) -> Result<Vec<Stamp>, Error> {
        self.ask(|answer| Job::Tokens { answer }).await
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Job,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.try_send(job(answer)).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Closed,
        })?;
        answered.await.map_err(|_gone| Error::Closed)?
    }
}

impl Drop for Store {
    /// Writes what waits, and ends the writer.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so; there is nobody left to tell.
            drop(writer.join());
        }
    }
}

/// What can be read as rows.
#[derive(Debug, Clone)]
pub(crate) enum View {
    All(Arc<Table>),
    Latest(Arc<Table>),
    Items,
    Records,
}
