//! The audit log in `SQLite`.

use rusqlite::{Connection, params};

use crate::audit::{AuditEntry, AuditSummary};
use crate::store::error::Error;
use crate::store::sql::Dialect;

/// Adds an entry; it is on disk when this returns.
pub(super) fn add(connection: &Connection, entry: &AuditEntry) -> Result<(), Error> {
    let AuditEntry { minute, actor, role, action, request, purpose, rows } = entry;
    let values = params![minute, actor, role, action, request, purpose, rows];
    connection.prepare_cached(&Dialect::Sqlite.add_audit_entry())?.execute(values)?;
    Ok(())
}

/// Reads the newest entries.
pub(crate) fn audit_log(connection: &Connection, most: u32) -> Result<Vec<AuditEntry>, Error> {
    let mut statement = connection.prepare_cached(&Dialect::Sqlite.audit_log())?;
    let entries = statement.query_map([most], |row| {
        Ok(AuditEntry {
            minute: row.get(0)?,
            actor: row.get(1)?,
            role: row.get(2)?,
            action: row.get(3)?,
            request: row.get(4)?,
            purpose: row.get(5)?,
            rows: row.get(6)?,
        })
    })?;
    Ok(entries.collect::<Result<_, _>>()?)
}

/// Counts entries by role, action and purpose.
pub(crate) fn audit_summary(
    connection: &Connection,
    since: i64,
) -> Result<Vec<AuditSummary>, Error> {
    let mut statement = connection.prepare_cached(&Dialect::Sqlite.audit_summary())?;
    let summary = statement.query_map([since], |row| {
        let (role, action, purpose) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(AuditSummary { role, action, purpose, count: row.get(3)?, last: row.get(4)? })
    })?;
    Ok(summary.collect::<Result<_, _>>()?)
}
