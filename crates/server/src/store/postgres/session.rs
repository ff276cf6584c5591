//! One connection to `PostgreSQL`: made, set up for writing durably, and told when it is lost.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_postgres::config::{Config, Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, Statement};
use tracing::warn;

use super::tls::{self, Tls};
use crate::limits::{BUSY_WITHIN, CONNECT_WITHIN, TURN_WITHIN};
use crate::store::Error;

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
        session.demand().await?;
        Ok(session)
    }

    /// Sets limits, and sees to it that a commit is on disk when it is answered.
    async fn demand(&self) -> Result<(), Error> {
        let (lock, turn) = (BUSY_WITHIN.as_millis(), TURN_WITHIN.as_millis());
        let limits = format!(
            "SET lock_timeout = {lock}; SET statement_timeout = {turn}; \
             SET idle_in_transaction_session_timeout = {turn}"
        );
        self.client.batch_execute(&limits).await?;
        // `remote_apply` promises more, and stays.
        let durable = "SELECT set_config('synchronous_commit', 'on', false) \
                       WHERE current_setting('synchronous_commit') <> 'remote_apply'";
        self.client.execute(durable, &[]).await?;
        let fsync: String = self.client.query_one("SHOW fsync", &[]).await?.try_get(0)?;
        if fsync != "on" {
            warn!("the database runs with fsync off: a crash of its machine may lose what it has");
        }
        Ok(())
    }

    pub(super) fn is_lost(&self) -> bool {
        self.client.is_closed()
    }

    /// Prepares a statement once. There are a few for each schema.
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
    // Whoever asks meanwhile is told by its own answer.
    if let Err(error) = connection.await {
        warn!(error = &error as &dyn std::error::Error, "the connection to the database ended");
    }
}

/// Tells whether an address needs no network.
pub(super) fn is_local(config: &Config) -> bool {
    let near = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(near)
        && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::DISK_FULL => Self::Full,
            Some(code) if passes(code) => Self::Busy,
            Some(_) | None => Self::Postgres(Arc::new(error)),
        }
    }
}

/// Tells whether what stands in the way goes by itself: locks, time limits, too many connections.
fn passes(code: &SqlState) -> bool {
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

/// Tells whether the connection broke, rather than a statement.
pub(super) fn broke(error: &Error) -> bool {
    let Error::Postgres(error) = error else { return false };
    let ended = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN];
    error.is_closed()
        || error.code().is_some_and(|code| ended.contains(code))
        || std::error::Error::source(&**error).is_some_and(|cause| cause.is::<std::io::Error>())
}

/// Tells whether a row found no partition: another process has dropped it.
pub(super) fn found_no_partition(error: &Error) -> bool {
    matches!(error, Error::Postgres(error) if error.code() == Some(&SqlState::CHECK_VIOLATION))
}

/// Tells whether two processes made the same thing at once, and the other was first.
pub(super) fn came_second(error: &Error) -> bool {
    let codes = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_OBJECT];
    matches!(error, Error::Postgres(error) if error.code().is_some_and(|it| codes.contains(it)))
}
