//! The store of records: `SQLite` in one folder, or `PostgreSQL`.
//!
//! One thread writes. It collects the queued requests into one transaction and answers them when that
//! transaction is synced. So many senders share one sync, and what was answered survives a crash.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;

use jiff::civil::Date;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, oneshot};

use self::engine::Engine;
use self::reader::ReadConnection;
use self::view::View;
use self::writer::{Append, Job};
use crate::anonymity::Population;
use crate::audit::{AuditEntry, AuditSummary, MINUTES_OF_A_DAY};
use crate::layout::Table;
use crate::limits::{
    AUDIT_KEEP_DAYS, AUDIT_ROWS_MAX, PUBLISH_TABLES_MAX, WRITER_QUEUE_MAX, WRITER_QUEUE_ROWS_MAX,
};
use crate::publication::Publisher;
use crate::receipt::SigningKey;
use crate::record::{Record, day_number};
use crate::token::TokenRecord;

pub use counts::{Asked, Count, Version};
pub use error::Error;
pub use keep::{Expired, Forgotten};
pub use outcome::Appended;
pub use place::Place;

mod audit;
pub(crate) mod counts;
mod engine;
pub(crate) mod error;
mod group;
pub(crate) mod keep;
pub(crate) mod outcome;
mod place;
mod postgres;
mod published;
mod reader;
mod schema_version;
mod sql;
mod sqlite;
mod view;
mod writer;

/// A store with its writer thread.
#[derive(Debug)]
pub struct Store {
    jobs: Option<SyncSender<Job>>,
    room: Arc<Semaphore>,
    writer: Option<JoinHandle<()>>,
    reader: ReadConnection,
}

impl Store {
    /// Opens a store and creates missing tables and columns.
    ///
    /// # Errors
    /// When it cannot be reached, or was written by another version of this program.
    pub fn open(place: &Place, tables: &[Arc<Table>]) -> Result<Self, Error> {
        let (jobs, waiting) = sync_channel(WRITER_QUEUE_MAX);
        let (opened, is_open) = channel();
        let (writes_to, tables) = (place.clone(), tables.to_vec());
        // The writer opens the database on its own thread: callers may be inside a runtime.
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
        is_open.recv().map_err(|_gone| Error::Closed)??;
        let room = Arc::new(Semaphore::new(WRITER_QUEUE_ROWS_MAX as usize));
        let reader = ReadConnection::open(place)?;
        Ok(Self { jobs: Some(jobs), room, writer: Some(writer), reader })
    }

    /// Stores a record, and returns when it is on disk.
    ///
    /// # Errors
    /// When it is not known to be stored. After [`Error::Uncertain`], [`Error::Closed`] and a timeout of
    /// the database it may be stored; its id makes a retry safe.
    pub async fn append(&self, record: Record) -> Result<Appended, Error> {
        let answers = self.append_all(vec![record]).await?;
        answers.into_iter().next().unwrap_or(Err(Error::Closed))
    }

    /// Stores records with one sync, and returns the result of each of them in their order.
    ///
    /// # Errors
    /// When none was stored: as [`Store::append`].
    pub async fn append_all(
        &self,
        records: Vec<Record>,
    ) -> Result<Vec<Result<Appended, Error>>, Error> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let rows: usize = records.iter().map(|record| record.sections.len().max(1)).sum();
        let rows = u32::try_from(rows).unwrap_or(u32::MAX).min(WRITER_QUEUE_ROWS_MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(rows);
        let room = room.map_err(|_full| Error::Busy)?;
        self.ask(|answer| Job::Append(Append { records, room, answer })).await
    }

    /// Deletes everything past its retention, in small transactions between which others write.
    ///
    /// # Errors
    /// When a transaction fails; what was deleted by then stays deleted.
    pub async fn expire(&self, today: Date) -> Result<Expired, Error> {
        let today = day_number(today);
        let before = (i64::from(today) - AUDIT_KEEP_DAYS) * MINUTES_OF_A_DAY;
        self.ask(|answer| Job::ExpireAudit { before, answer }).await?;
        let mut all = Expired::default();
        loop {
            let deleted = self.ask(|answer| Job::Expire { today, answer }).await?;
            if deleted.is_nothing() {
                return Ok(all);
            }
            all.add(deleted);
        }
    }

    /// Erases all rows of an installation, their items, and records without other rows.
    ///
    /// # Errors
    /// When nothing was erased.
    pub async fn forget(&self, installation: &str) -> Result<Forgotten, Error> {
        let installation = installation.to_owned();
        self.ask(|answer| Job::Forget { installation, answer }).await
    }

    /// Checks with a small write whether the store is writable.
    ///
    /// # Errors
    /// When it is not.
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

    /// Lets every table take a step that is due, in small transactions between which others write. Gives how
    /// many did.
    ///
    /// # Errors
    /// When a transaction fails; what was published by then stays published.
    pub async fn publish(&self, publisher: &Publisher, today: Date) -> Result<usize, Error> {
        let today = day_number(today);
        let mut all = 0;
        loop {
            let publisher = publisher.clone();
            let some = self.ask(|answer| Job::Publish { publisher, today, answer }).await?;
            all += some;
            if some < PUBLISH_TABLES_MAX {
                return Ok(all);
            }
        }
    }

    /// Reads published cells. They are not divided by version.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn published(&self, asked: Asked) -> Result<Vec<Count>, Error> {
        self.reader.published(asked).await
    }

    /// Reads the published cells of a period by product, the newest weeks first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn published_by_product(
        &self,
        population: Population,
        period: (Date, Date),
    ) -> Result<Vec<(String, Count)>, Error> {
        self.reader.published_by_product(population, period).await
    }

    /// Reads the products that have published cells.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn published_products(&self, population: Population) -> Result<Vec<String>, Error> {
        self.reader.published_products(population).await
    }

    /// Reads the counts that an administrator's charts are drawn from.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn counts(&self, asked: Asked) -> Result<Vec<Count>, Error> {
        self.reader.counts(asked).await
    }

    /// Reads the counts of a period by product, the newest weeks first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn counts_by_product(
        &self,
        population: Population,
        period: (Date, Date),
    ) -> Result<Vec<(String, Count)>, Error> {
        self.reader.counts_by_product(population, period).await
    }

    /// Adds an entry to the audit log, before the data is returned.
    ///
    /// # Errors
    /// When it is not written; then no data may be returned.
    pub async fn add_audit_entry(&self, entry: AuditEntry) -> Result<(), Error> {
        self.ask(|answer| Job::AddAuditEntry { entry, answer }).await
    }

    /// Reads the newest entries of the audit log, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn audit_log(&self) -> Result<Vec<AuditEntry>, Error> {
        self.reader.audit_log(AUDIT_ROWS_MAX).await
    }

    /// Counts the entries of the audit log since a minute, by role, action and purpose.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn audit_summary(&self, since: i64) -> Result<Vec<AuditSummary>, Error> {
        self.reader.audit_summary(since).await
    }

    /// Reads all products and versions, and how many records or installations named each.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn versions(&self, population: Population) -> Result<Vec<Version>, Error> {
        self.reader.versions(population).await
    }

    /// Stores the hash of a token.
    ///
    /// # Errors
    /// When it is not stored.
    pub async fn add_token(&self, token: TokenRecord) -> Result<(), Error> {
        self.ask(|answer| Job::AddToken { token, answer }).await
    }

    /// Removes a token.
    ///
    /// # Errors
    /// When it is not removed.
    pub async fn remove_token(&self, token: TokenRecord) -> Result<(), Error> {
        self.ask(|answer| Job::RemoveToken { token, answer }).await
    }

    /// Reads all tokens.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn tokens(&self) -> Result<Vec<TokenRecord>, Error> {
        self.ask(|answer| Job::Tokens { answer }).await
    }

    /// Reads the key that signs receipts; stores this one if there is none yet.
    ///
    /// # Errors
    /// When it cannot be read or stored.
    pub async fn key(&self, made: SigningKey) -> Result<SigningKey, Error> {
        self.ask(|answer| Job::Key { made, answer }).await
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Job,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.try_send(job(answer)).map_err(|rejected| match rejected {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Closed,
        })?;
        answered.await.map_err(|_gone| Error::Closed)?
    }
}

impl Drop for Store {
    /// Writes what is queued, and ends the writer.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A panic of the writer was reported by its thread.
            drop(writer.join());
        }
    }
}
