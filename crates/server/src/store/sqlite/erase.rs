//! Ends the life of rows in `SQLite`: what is old in small transactions, what is to be forgotten
//! at once, and no copy of it is left in the log.

use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior, params};
use tracing::warn;

use super::counts;
use crate::limits::EXPIRE_ROWS_MAX;
use crate::store::error::Error;
use crate::store::keep::{Expired, Forgotten, Kept, RowKey, longest};
use crate::store::sql::{Dialect, has_no_rows};

/// Deletes some of what is too old, in one small transaction.
pub(super) fn expire(connection: &mut Connection, today: i32) -> Result<Expired, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables = kept(&transaction)?;
    let mut expired = Expired::default();
    for table in &tables {
        let before = today.saturating_sub(table.keep_days);
        let gone = delete(&transaction, &Dialect::Sqlite.expire(&table.name), &before)?;
        if !gone.is_empty() {
            expired.rows = gone.len() as u64;
            expired.records = settle(&transaction, &tables, &gone)?.1;
            break;
        }
    }
    if expired.is_nothing() {
        // A record that never had a row is not met above.
        let before = today.saturating_sub(longest(&tables));
        expired.records = transaction.execute(
            "DELETE FROM ktel_records WHERE _sequence IN (SELECT _sequence FROM ktel_records \
             WHERE _day < ?1 LIMIT ?2)",
            params![before, EXPIRE_ROWS_MAX],
        )? as u64;
        // Counts are kept longer than the last reports of installations.
        transaction.execute("DELETE FROM ktel_last WHERE _week < ?1", [before])?;
        for expire in Dialect::Sqlite.expire_counts() {
            expired.counts += transaction.execute(&expire, [today])? as u64;
        }
    }
    transaction.commit()?;
    Ok(expired)
}

/// Deletes everything of an installation, and what its pages looked like before.
pub(super) fn forget(connection: &mut Connection, id: &str) -> Result<Forgotten, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables = kept(&transaction)?;
    let mut forgotten = Forgotten::default();
    let mut all = Vec::new();
    for table in &tables {
        for column in &table.ids {
            let gone = delete(&transaction, &Dialect::Sqlite.forget(&table.name, column), &id)?;
            if !gone.is_empty() {
                *forgotten.rows.entry(table.name.clone()).or_default() += gone.len() as u64;
            }
            all.extend(gone);
        }
    }
    (forgotten.items, forgotten.records) = settle(&transaction, &tables, &all)?;
    counts::forget(&transaction, id)?;
    transaction.commit()?;
    let blocked: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if blocked != 0 {
        warn!("a reader keeps old pages in the log; they go when it ends");
    }
    Ok(forgotten)
}

fn kept(transaction: &Transaction<'_>) -> Result<Vec<Kept>, Error> {
    let mut statement =
        transaction.prepare_cached("SELECT name, keep_days, ids FROM ktel_tables ORDER BY name")?;
    let rows = statement.query_map([], |row| {
        let ids: String = row.get(2)?;
        Ok(Kept::new(row.get(0)?, row.get(1)?, &ids))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn delete(
    transaction: &Transaction<'_>,
    sql: &str,
    which: &dyn ToSql,
) -> Result<Vec<RowKey>, Error> {
    let mut statement = transaction.prepare_cached(sql)?;
    let keys = statement.query_map([which], |row| {
        Ok(RowKey { day: row.get(0)?, sequence: row.get(1)?, position: row.get(2)? })
    })?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Deletes the words of rows that are gone, and the records that have none left; counts both.
fn settle(
    transaction: &Transaction<'_>,
    tables: &[Kept],
    gone: &[RowKey],
) -> Result<(u64, u64), Error> {
    let mut items = transaction.prepare_cached(
        "DELETE FROM ktel_items WHERE _day = ?1 AND _sequence = ?2 AND _position = ?3",
    )?;
    let unless = has_no_rows(tables.iter().map(|table| table.name.as_str()));
    let mut records = transaction.prepare_cached(&format!(
        "DELETE FROM ktel_records AS it WHERE it._day = ?1 AND it._sequence = ?2{unless}"
    ))?;
    let mut counts = (0, 0);
    for RowKey { day, sequence, position } in gone {
        counts.0 += items.execute(params![day, sequence, position])? as u64;
        counts.1 += records.execute(params![day, sequence])? as u64;
    }
    Ok(counts)
}
