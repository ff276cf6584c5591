//! Where records are kept: `SQLite` in one folder, or `PostgreSQL`.
//!
//! One thread writes. It takes together what waits, writes it in one transaction, and answers only
//! when that is synced; so many senders share one sync, and what was answered survives a crash.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;

use jiff::civil::Date;
use serde_json::{Map, Value};
use thiserror::Error;
use tokio::sync::{Semaphore, oneshot};

use crate::audit::{Look, MINUTES_OF_A_DAY, Use};
use crate::layout::Table;
use crate::limits::{AUDIT_KEEP_DAYS, AUDIT_ROWS_MAX, JOBS_MAX, QUEUE_ROWS_MAX};
use crate::receipt::Key;
use crate::record::{Record, day_number};
use crate::token::Stamp;
use engine::Engine;
use reader::Reader;
use writer::{Append, Job};

pub use counts::{Asked, Count, Version};
pub use keep::{Expired, Forgotten};

mod audit;
mod counts;
mod engine;
mod group;
mod keep;
mod postgres;
mod reader;
mod sql;
mod sqlite;
mod writer;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder, made if it is not there.
    Folder(PathBuf),
    /// A `PostgreSQL`; what it shows of itself is without its password.
    Postgres(Box<tokio_postgres::Config>),
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once("://") {
            // Its own words of what is wrong could hold a part of the password.
            Some(("postgres" | "postgresql", _)) => match text.parse() {
                Ok(config) => Ok(Self::Postgres(Box::new(config))),
                Err(_unsaid) => Err(Error::Address),
            },
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
    /// The address of a database is none.
    #[error("read the address of the database as `postgres://USER:PASSWORD@HOST:PORT/DATABASE`")]
    Address,
    /// The writer cannot be started.
    #[error("start the store's thread")]
    Thread {
        /// Why not.
        source: Arc<std::io::Error>,
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
    /// `PostgreSQL` says no, or says nothing any more.
    #[error("ask the database")]
    Postgres(#[source] Arc<tokio_postgres::Error>),
    /// The connection broke while records were committed.
    #[error("the database may have stored the records or not")]
    Uncertain(#[source] Arc<tokio_postgres::Error>),
    /// No TLS to a database.
    #[error("set TLS up")]
    Tls(#[source] Arc<rustls::Error>),
    /// The key in the store is none; receipts signed by another would be worth nothing.
    #[error("read the key for receipts in the store")]
    Key,
    /// Nothing more fits on the disk.
    #[error("the disk is full")]
    Full,
    /// Too many wait for the writer, or the database is held by another.
    #[error("the store has too much to do")]
    Busy,
    /// The writer has ended.
    #[error("the store is closed")]
    Closed,
}

/// A store with its writer.
#[derive(Debug)]
pub struct Store {
    jobs: Option<SyncSender<Job>>,
    room: Arc<Semaphore>,
    writer: Option<JoinHandle<()>>,
    reader: Reader,
}

impl Store {
    /// Opens a store, bringing its tables up to date.
    ///
    /// # Errors
    /// When it cannot be reached, or holds something else.
    pub fn open(place: &Place, tables: &[Arc<Table>]) -> Result<Self, Error> {
        let (jobs, waiting) = sync_channel(JOBS_MAX);
        let (opened, whether) = channel();
        let (writes_to, tables) = (place.clone(), tables.to_vec());
        // A database is used on one thread from its opening on, and callers may be within a runtime.
        let writer = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || match Engine::open(&writes_to, &tables) {
                Ok(engine) => {
                    drop(opened.send(Ok(())));
                    writer::run(engine, &waiting);
                }
                Err(error) => drop(opened.send(Err(error))),
            })
            .map_err(|source| Error::Thread { source: Arc::new(source) })?;
        whether.recv().map_err(|_gone| Error::Closed)??;
        let room = Arc::new(Semaphore::new(QUEUE_ROWS_MAX as usize));
        let reader = Reader::open(place)?;
        Ok(Self { jobs: Some(jobs), room, writer: Some(writer), reader })
    }

    /// Stores a record, and answers when it cannot get lost any more.
    ///
    /// # Errors
    /// When it is not known to be stored. After [`Error::Uncertain`] it may be, and after
    /// [`Error::Closed`] or a database that did not answer in time; its id makes trying again safe.
    pub async fn append(&self, record: Record) -> Result<Stored, Error> {
        let answers = self.append_all(vec![record]).await?;
        answers.into_iter().next().unwrap_or(Err(Error::Closed))
    }

    /// Stores records with one sync, and answers for each of them in their order.
    ///
    /// # Errors
    /// When none was taken: as [`Store::append`].
    pub async fn append_all(
        &self,
        records: Vec<Record>,
    ) -> Result<Vec<Result<Stored, Error>>, Error> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let rows: usize = records.iter().map(|record| record.sections.len().max(1)).sum();
        let rows = u32::try_from(rows).unwrap_or(u32::MAX).min(QUEUE_ROWS_MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(rows);
        let room = room.map_err(|_full| Error::Busy)?;
        self.ask(|answer| Job::Append(Append { records, room, answer })).await
    }

    /// Deletes what is older than the standard allows, in small turns between which others write.
    ///
    /// # Errors
    /// When it stops half-way; what was deleted by then stays deleted.
    pub async fn expire(&self, today: Date) -> Result<Expired, Error> {
        let today = day_number(today);
        let before = (i64::from(today) - AUDIT_KEEP_DAYS) * MINUTES_OF_A_DAY;
        self.ask(|answer| Job::ExpireLooks { before, answer }).await?;
        let mut all = Expired::default();
        loop {
            let turn = self.ask(|answer| Job::Expire { today, answer }).await?;
            if turn.is_nothing() {
                return Ok(all);
            }
            all.add(turn);
        }
    }

    /// Erases every row of an installation, and the words and records that are nothing without it.
    ///
    /// # Errors
    /// When nothing is erased.
    pub async fn forget(&self, installation: &str) -> Result<Forgotten, Error> {
        let installation = installation.to_owned();
        self.ask(|answer| Job::Forget { installation, answer }).await
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

    /// Gives the counts of a period by product, the newest weeks first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn counts_by_product(
        &self,
        from: Date,
        to: Date,
    ) -> Result<Vec<(String, Count)>, Error> {
        self.reader.counts_by_product(from, to).await
    }

    /// Writes down who looks at what, before it is shown.
    ///
    /// # Errors
    /// When it is not written; then nothing may be shown.
    pub async fn look(&self, look: Look) -> Result<(), Error> {
        self.ask(|answer| Job::Look { look, answer }).await
    }

    /// Gives the newest looks, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn trail(&self) -> Result<Vec<Look>, Error> {
        self.reader.trail(AUDIT_ROWS_MAX).await
    }

    /// Gives how often was looked since a minute, by role, kind and purpose.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn uses(&self, since: i64) -> Result<Vec<Use>, Error> {
        self.reader.uses(since).await
    }

    /// Gives every product, its versions, and how many records or installations spoke of each.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn versions(&self) -> Result<Vec<Version>, Error> {
        self.reader.versions().await
    }

    /// Keeps the stamp of a token.
    ///
    /// # Errors
    /// When it is not kept.
    pub async fn add_token(&self, stamp: Stamp) -> Result<(), Error> {
        self.ask(|answer| Job::AddToken { stamp, answer }).await
    }

    /// Forgets the stamp of a token.
    ///
    /// # Errors
    /// When it is still kept.
    pub async fn remove_token(&self, stamp: Stamp) -> Result<(), Error> {
        self.ask(|answer| Job::RemoveToken { stamp, answer }).await
    }

    /// Gives the stamps of all tokens.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn tokens(&self) -> Result<Vec<Stamp>, Error> {
        self.ask(|answer| Job::Tokens { answer }).await
    }

    /// Gives the key that receipts are signed with: this one, if there is none yet.
    ///
    /// # Errors
    /// When it cannot be read or kept.
    pub async fn key(&self, made: Key) -> Result<Key, Error> {
        self.ask(|answer| Job::Key { made, answer }).await
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

/// Gives the records that were stored now.
fn new<'r>(records: &[&'r Record], stored: &[Stored]) -> Vec<&'r Record> {
    let all = records.iter().zip(stored);
    all.filter(|(_, stored)| **stored == Stored::New).map(|(record, _)| *record).collect()
}

/// What can be read as rows.
#[derive(Debug, Clone)]
pub(crate) enum View {
    All(Arc<Table>),
    Latest(Arc<Table>),
    Items,
    Records,
}
