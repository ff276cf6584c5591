//! The audit log in `PostgreSQL`.

use tokio_postgres::Client;

use super::session::Session;
use crate::audit::{AuditEntry, AuditSummary};
use crate::store::error::Error;
use crate::store::sql::Dialect;

/// Adds an entry; it is on disk when this returns.
pub(super) async fn add(session: &mut Session, entry: &AuditEntry) -> Result<(), Error> {
    let AuditEntry { minute, actor, role, action, request, purpose, rows } = entry;
    let statement = session.prepare(&Dialect::Postgres.add_audit_entry()).await?;
    session
        .client
        .execute(&statement, &[minute, actor, role, action, request, purpose, rows])
        .await?;
    Ok(())
}

/// Reads the newest entries.
pub(crate) async fn audit_log(client: &Client, most: u32) -> Result<Vec<AuditEntry>, Error> {
    let rows = client.query(&Dialect::Postgres.audit_log(), &[&i64::from(most)]).await?;
    let entry = |row: &tokio_postgres::Row| {
        Ok(AuditEntry {
            minute: row.try_get(0)?,
            actor: row.try_get(1)?,
            role: row.try_get(2)?,
            action: row.try_get(3)?,
            request: row.try_get(4)?,
            purpose: row.try_get(5)?,
            rows: row.try_get(6)?,
        })
    };
    rows.iter().map(entry).collect()
}

/// Counts entries by role, action and purpose.
pub(crate) async fn audit_summary(client: &Client, since: i64) -> Result<Vec<AuditSummary>, Error> {
    let rows = client.query(&Dialect::Postgres.audit_summary(), &[&since]).await?;
    let one = |row: &tokio_postgres::Row| {
        let (role, action, purpose) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(AuditSummary { role, action, purpose, count: row.try_get(3)?, last: row.try_get(4)? })
    };
    rows.iter().map(one).collect()
}
