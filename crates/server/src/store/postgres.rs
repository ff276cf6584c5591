//! `PostgreSQL` and compatible databases: any number of processes may write to one database.
//!
//! The connection is driven on the thread of the writer. A lost connection is opened again, and an
//! uncommitted transaction is repeated. If it may have been committed, the sender gets an error, since its
//! id makes a retry safe.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_postgres::config::Config;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use self::months::Month;
use self::session::{Session, is_connection_lost, is_duplicate, is_partition_missing};

use super::error::Error;
use super::keep::{Expired, Forgotten};
use super::outcome::Appended;
use super::sql::{self, Dialect, ITEMS, RECORDS};
use super::view::View;
use crate::audit::AuditEntry;
use crate::layout::Table;
use crate::limits::DATABASE_REQUEST_TIMEOUT;
use crate::publication::Publisher;
use crate::receipt::SigningKey;
use crate::record::Record;
use crate::token::{Role, TokenRecord};

pub(super) mod audit;
pub(super) mod counts;
mod erase;
mod insert;
mod migrate;
mod months;
pub(super) mod publish;
mod session;
mod tls;

#[derive(Debug)]
pub(super) struct Postgres {
    runtime: Runtime,
    connection: LazySession,
    /// The partitions that are known to exist. Another process may drop one.
    months: HashSet<(String, Month)>,
}

/// A connection that is opened when needed.
#[derive(Debug)]
struct LazySession {
    config: Config,
    session: Option<Session>,
}

impl Postgres {
    pub(super) fn open(config: &Config, tables: &[Arc<Table>]) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| Error::Thread { source: Arc::new(source) })?;
        let mut connection = LazySession { config: config.clone(), session: None };
        runtime.block_on(
            connection.with_retry(async |session| migrate::migrate(session, tables).await),
        )?;
        Ok(Self { runtime, connection, months: HashSet::new() })
    }

    pub(super) fn commit(&mut self, records: &[&Record]) -> Result<Vec<Appended>, Error> {
        let Self { runtime, connection, months } = self;
        runtime.block_on(async {
            partition(connection, months, records).await?;
            let stored =
                connection.with_retry(async |session| insert::commit(session, records).await).await;
            match stored {
                Err(error) if is_partition_missing(&error) => {
                    months.clear();
                    partition(connection, months, records).await?;
                    connection
                        .with_retry(async |session| insert::commit(session, records).await)
                        .await
                }
                stored => stored,
            }
        })
    }

    pub(super) fn probe(&mut self) -> Result<(), Error> {
        self.runtime.block_on(self.connection.with_retry(async |session| {
            session.client.execute(sql::PROBE, &[]).await?;
            Ok(())
        }))
    }

    pub(super) fn expire(&mut self, today: i32) -> Result<Expired, Error> {
        self.runtime.block_on(
            self.connection.with_retry(async |session| erase::expire(session, today).await),
        )
    }

    pub(super) fn publish(
        &mut self,
        publisher: &Publisher,
        days: (i32, i32),
        most: usize,
    ) -> Result<usize, Error> {
        self.runtime.block_on(
            self.connection
                .with_retry(async |session| publish::publish(session, publisher, days, most).await),
        )
    }

    pub(super) fn forget(&mut self, id: &str) -> Result<Forgotten, Error> {
        self.runtime
            .block_on(self.connection.with_retry(async |session| erase::forget(session, id).await))
    }

    pub(super) fn rows(&mut self, view: &View) -> Result<Vec<Map<String, Value>>, Error> {
        let asked = Dialect::Postgres.select(view);
        self.runtime.block_on(self.connection.with_retry(async |session| {
            let rows = session.client.query(&asked, &[]).await?;
            rows.iter().map(as_json).collect()
        }))
    }

    pub(super) fn add_audit_entry(&mut self, entry: &AuditEntry) -> Result<(), Error> {
        self.runtime
            .block_on(self.connection.with_retry(async |session| audit::add(session, entry).await))
    }

    pub(super) fn expire_audit(&mut self, before: i64) -> Result<(), Error> {
        self.runtime.block_on(self.connection.with_retry(async |session| {
            session.client.execute(&Dialect::Postgres.expire_audit(), &[&before]).await?;
            Ok(())
        }))
    }

    pub(super) fn add_token(&mut self, token: &TokenRecord) -> Result<(), Error> {
        let insert = "INSERT INTO ktel_tokens (hash, role, product) VALUES ($1, $2, $3) \
                      ON CONFLICT DO NOTHING";
        self.runtime.block_on(self.connection.with_retry(async |session| {
            let (hash, role) = (token.hex(), token.role.as_str());
            session.client.execute(insert, &[&hash, &role, &token.product]).await?;
            Ok(())
        }))
    }

    pub(super) fn remove_token(&mut self, token: &TokenRecord) -> Result<(), Error> {
        let delete = "DELETE FROM ktel_tokens WHERE hash = $1";
        self.runtime.block_on(self.connection.with_retry(async |session| {
            session.client.execute(delete, &[&token.hex()]).await?;
            Ok(())
        }))
    }

    pub(super) fn tokens(&mut self) -> Result<Vec<TokenRecord>, Error> {
        let asked = "SELECT hash, role, product FROM ktel_tokens";
        self.runtime.block_on(self.connection.with_retry(async |session| {
            let mut tokens = Vec::new();
            for row in session.client.query(asked, &[]).await? {
                let (hash, role): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
                // A role of a newer version is not accepted.
                let Some(role) = Role::from_name(role) else { continue };
                tokens.extend(TokenRecord::from_hex(hash, role, row.try_get(2)?));
            }
            Ok(tokens)
        }))
    }

    pub(super) fn key(&mut self, made: &SigningKey) -> Result<SigningKey, Error> {
        let insert = "INSERT INTO ktel_keys (id, secret, made) VALUES (1, $1, $2) \
                      ON CONFLICT DO NOTHING";
        self.runtime.block_on(self.connection.with_retry(async |session| {
            let (secret, day) = made.row();
            session.client.execute(insert, &[&secret, &day]).await?;
            let row = session.client.query_one(sql::KEY, &[]).await?;
            SigningKey::from_row(row.try_get(0)?, row.try_get(1)?).ok_or(Error::Key)
        }))
    }
}

/// A separate connection for reading, opened when needed and again when it was lost.
#[derive(Debug)]
pub(super) struct Reading(tokio::sync::Mutex<LazySession>);

impl Reading {
    pub(super) fn of(config: &Config) -> Self {
        Self(tokio::sync::Mutex::new(LazySession { config: config.clone(), session: None }))
    }

    /// Reads within the time of a request.
    pub(super) async fn read<T>(
        &self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = self.0.lock().await;
        let client = &connection.ready().await?.client;
        let read = timeout(DATABASE_REQUEST_TIMEOUT, ask(client)).await;
        connection.after(read)
    }
}

impl LazySession {
    /// Returns an open connection.
    async fn ready(&mut self) -> Result<&Session, Error> {
        if self.session.as_ref().is_none_or(Session::is_lost) {
            self.session = Some(Session::open(&self.config).await?);
        }
        Ok(self.session.as_ref().expect("it was just opened"))
    }

    /// Closes a connection that failed or timed out, so that the next reader gets a new one.
    fn after<T>(&mut self, read: Result<Result<T, Error>, Elapsed>) -> Result<T, Error> {
        let read = read.unwrap_or(Err(Error::Busy));
        if read.is_err() {
            self.session = None;
        }
        read
    }

    /// Runs a request, and repeats it once on a new connection if the old one was lost.
    async fn with_retry<T>(
        &mut self,
        mut ask: impl AsyncFnMut(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut again = self.session.is_some();
        loop {
            if self.session.as_ref().is_none_or(Session::is_lost) {
                self.session = Some(Session::open(&self.config).await?);
            }
            let session = self.session.as_mut().expect("it was just opened");
            match timeout(DATABASE_REQUEST_TIMEOUT, ask(session)).await {
                Ok(Err(error)) if is_connection_lost(&error) => {
                    self.session = None;
                    if !again {
                        return Err(error);
                    }
                    again = false;
                }
                Ok(Err(error @ Error::Uncertain(_))) => {
                    self.session = None;
                    return Err(error);
                }
                Ok(answer) => return answer,
                Err(_elapsed) => {
                    self.session = None;
                    return Err(Error::Busy);
                }
            }
        }
    }
}

/// Creates the partitions of records, except those that are known to exist.
async fn partition(
    connection: &mut LazySession,
    known: &mut HashSet<(String, Month)>,
    records: &[&Record],
) -> Result<(), Error> {
    let mut needed = BTreeSet::new();
    for record in records {
        let month = Month::of(record.key.day);
        let tables = record.sections.iter().map(|section| section.table.name.as_str());
        needed.extend([RECORDS, ITEMS].into_iter().chain(tables).map(|table| (table, month)));
    }
    for (table, month) in needed {
        let key = (table.to_owned(), month);
        if known.contains(&key) {
            continue;
        }
        // Each in a transaction of its own, so that two writers cannot deadlock.
        let make = month.create(table);
        let made = connection.with_retry(async |session| {
            let transaction = migrate::locked(session).await?;
            transaction.batch_execute(&make).await?;
            transaction.commit().await?;
            Ok(())
        });
        match made.await {
            Err(error) if is_duplicate(&error) => {}
            made => made?,
        }
        known.insert(key);
    }
    Ok(())
}

fn as_json(row: &Row) -> Result<Map<String, Value>, Error> {
    let mut map = Map::new();
    for (index, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT2 => json!(row.try_get::<_, Option<i16>>(index)?),
            Type::INT4 => json!(row.try_get::<_, Option<i32>>(index)?),
            Type::INT8 => json!(row.try_get::<_, Option<i64>>(index)?),
            Type::FLOAT8 => json!(row.try_get::<_, Option<f64>>(index)?),
            Type::TEXT => json!(row.try_get::<_, Option<&str>>(index)?),
            // No table here has any other.
            _ => Value::Null,
        };
        map.insert(column.name().to_owned(), value);
    }
    Ok(map)
}
