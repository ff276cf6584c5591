//! One connection to `PostgreSQL`, with its durability settings and timeouts.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, Statement};
use tracing::warn;

use super::tls::{self, Tls};
use crate::limits::{BUSY_WITHIN, CONNECT_WITHIN, DATABASE_REQUEST_TIMEOUT};
use crate::store::error::Error;

/// A connection with the task that drives it, which ends with it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Client,
    statements: HashMap<String, Statement>,
    _driver: JoinSet<()>,
}

impl Session {
    pub(super) async fn open(config: &Config) -> Result<Self, Error> {
        let mut config = config.clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WITHIN);
        }
        if config.get_application_name().is_none() {
            config.application_name("ktel");
        }
        let mut driver = JoinSet::new();
        let client = if tls::is_wanted(&config) {
            config.ssl_mode(SslMode::Require);
            let (client, connection) = config.connect(Tls::new()?).await?;
            driver.spawn(run(connection));
            client
        } else {
            config.ssl_mode(SslMode::Disable);
            let (client, connection) = config.connect(NoTls).await?;
            driver.spawn(run(connection));
            client
        };
        let session = Self { client, statements: HashMap::new(), _driver: driver };
        session.configure().await?;
        Ok(session)
    }

    /// Sets timeouts, and makes commits return when they are on disk.
    async fn configure(&self) -> Result<(), Error> {
        let (lock, timeout) = (BUSY_WITHIN.as_millis(), DATABASE_REQUEST_TIMEOUT.as_millis());
        let limits = format!(
            "SET lock_timeout = {lock}; SET statement_timeout = {timeout}; \
             SET idle_in_transaction_session_timeout = {timeout}"
        );
        self.client.batch_execute(&limits).await?;
        // `remote_apply` is stricter, and is kept.
        let durable = "SELECT set_config('synchronous_commit', 'on', false) \
                       WHERE current_setting('synchronous_commit') <> 'remote_apply'";
        self.client.execute(durable, &[]).await?;
        let fsync: String = self.client.query_one("SHOW fsync", &[]).await?.try_get(0)?;
        if fsync != "on" {
            warn!("the database runs with fsync=off: a crash of its host may lose data");
        }
        Ok(())
    }

    pub(super) fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    /// Prepares a statement once. The number of statements is bounded by the number of schemas.
    pub(super) async fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

async fn run(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    // Pending requests get errors of their own.
    if let Err(error) = connection.await {
        warn!(error = &error as &dyn std::error::Error, "the connection to the database ended");
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::DISK_FULL => Self::Full,
            Some(code) if is_transient(code) => Self::Busy,
            Some(_) | None => Self::Postgres(Arc::new(error)),
        }
    }
}

/// Whether a later attempt may succeed: locks, timeouts, too many connections.
fn is_transient(code: &SqlState) -> bool {
    [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::OUT_OF_MEMORY,
        SqlState::CANNOT_CONNECT_NOW,
    ]
    .contains(code)
}

/// Whether the connection was lost, rather than a statement failed.
pub(super) fn is_connection_lost(error: &Error) -> bool {
    let Error::Postgres(error) = error else { return false };
    let ended = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN];
    error.is_closed()
        || error.code().is_some_and(|code| ended.contains(code))
        || std::error::Error::source(&**error).is_some_and(|cause| cause.is::<std::io::Error>())
}

/// Whether the partition of a row is missing: another process has dropped it.
pub(super) fn is_partition_missing(error: &Error) -> bool {
    matches!(error, Error::Postgres(error) if error.code() == Some(&SqlState::CHECK_VIOLATION))
}

/// Whether another process created the same object at the same time.
pub(super) fn is_duplicate(error: &Error) -> bool {
    let codes = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_OBJECT];
    matches!(error, Error::Postgres(error) if error.code().is_some_and(|it| codes.contains(it)))
}
