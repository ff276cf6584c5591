//! Ends the life of rows in `PostgreSQL`: whole months where nothing of them is kept any longer,
//! and ranges in small transactions for the rest.

use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;

use super::counts;
use super::migrate::locked;
use super::months::Month;
use super::session::Session;
use crate::limits::EXPIRE_ROWS_MAX;
use crate::store::error::Error;
use crate::store::keep::{Expired, Forgotten, Kept, RowKey, longest};
use crate::store::sql::{Dialect, ITEMS, RECORDS, has_no_rows};

/// Deletes some of what is too old.
pub(super) async fn expire(session: &mut Session, today: i32) -> Result<Expired, Error> {
    let transaction = locked(session).await?;
    let tables = kept(&transaction).await?;
    let before = today.saturating_sub(longest(&tables));
    let mut expired = Expired::default();
    // Rows go before their records: what is looked at meanwhile has a record.
    let names = tables.iter().map(|table| table.name.as_str()).chain([ITEMS, RECORDS]);
    for name in names {
        if let Some(month) = oldest(&transaction, name).await?
            && month.is_before(before)
        {
            transaction.batch_execute(&month.drop(name)).await?;
            transaction.commit().await?;
            expired.partitions = 1;
            return Ok(expired);
        }
    }
    for table in &tables {
        let before = today.saturating_sub(table.keep_days);
        let sql = Dialect::Postgres.expire(&table.name);
        let gone = delete(&transaction, &sql, &before).await?;
        if !gone.is_empty() {
            expired.rows = gone.len() as u64;
            expired.records = settle(&transaction, &tables, &gone).await?.1;
            break;
        }
    }
    if expired == Expired::default() {
        // A record that never had a row is not met above.
        expired.records = transaction
            .execute(
                "DELETE FROM ktel_records WHERE (_day, _sequence) IN (SELECT _day, _sequence \
                 FROM ktel_records WHERE _day < $1 LIMIT $2)",
                &[&before, &i64::from(EXPIRE_ROWS_MAX)],
            )
            .await?;
        // Counts are kept longer than the last reports of installations.
        transaction.execute("DELETE FROM ktel_last WHERE _week < $1", &[&before]).await?;
        for expire in Dialect::Postgres.expire_counts() {
            expired.counts += transaction.execute(&expire, &[&today]).await?;
        }
    }
    transaction.commit().await?;
    Ok(expired)
}

/// Deletes everything of an installation, in one transaction.
pub(super) async fn forget(session: &mut Session, id: &str) -> Result<Forgotten, Error> {
    let transaction = locked(session).await?;
    let tables = kept(&transaction).await?;
    let mut forgotten = Forgotten::default();
    let mut all = Vec::new();
    for table in &tables {
        for column in &table.ids {
            let sql = Dialect::Postgres.forget(&table.name, column);
            let gone = delete(&transaction, &sql, &id).await?;
            if !gone.is_empty() {
                *forgotten.rows.entry(table.name.clone()).or_default() += gone.len() as u64;
            }
            all.extend(gone);
        }
    }
    (forgotten.items, forgotten.records) = settle(&transaction, &tables, &all).await?;
    counts::forget(&transaction, id).await?;
    transaction.commit().await?;
    Ok(forgotten)
}

async fn kept(transaction: &Transaction<'_>) -> Result<Vec<Kept>, Error> {
    let asked = "SELECT name, keep_days, ids FROM ktel_tables ORDER BY name";
    let mut tables = Vec::new();
    for row in transaction.query(asked, &[]).await? {
        tables.push(Kept::new(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    Ok(tables)
}

/// Gives the oldest month of a table.
async fn oldest(transaction: &Transaction<'_>, table: &str) -> Result<Option<Month>, Error> {
    let asked = "SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid \
                 WHERE inhparent = $1::text::regclass";
    let mut oldest = None;
    for row in transaction.query(asked, &[&table]).await? {
        let month = Month::of_name(table, row.try_get(0)?);
        oldest = oldest.into_iter().chain(month).min();
    }
    Ok(oldest)
}

async fn delete(
    transaction: &Transaction<'_>,
    sql: &str,
    which: &(dyn ToSql + Sync),
) -> Result<Vec<RowKey>, Error> {
    let mut keys = Vec::new();
    for row in transaction.query(sql, &[which]).await? {
        let (day, sequence, position) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        keys.push(RowKey { day, sequence, position });
    }
    Ok(keys)
}

/// Deletes the words of rows that are gone, and the records that have none left; counts both.
async fn settle(
    transaction: &Transaction<'_>,
    tables: &[Kept],
    gone: &[RowKey],
) -> Result<(u64, u64), Error> {
    let days: Vec<i32> = gone.iter().map(|key| key.day).collect();
    let sequences: Vec<i64> = gone.iter().map(|key| key.sequence).collect();
    let positions: Vec<i32> = gone.iter().map(|key| key.position).collect();
    let items = transaction
        .execute(
            "DELETE FROM ktel_items AS it USING unnest($1::integer[], $2::bigint[], \
             $3::integer[]) AS gone (day, sequence, position) WHERE it._day = gone.day \
             AND it._sequence = gone.sequence AND it._position = gone.position",
            &[&days, &sequences, &positions],
        )
        .await?;
    let unless = has_no_rows(tables.iter().map(|table| table.name.as_str()));
    let records = transaction
        .execute(
            &format!(
                "DELETE FROM ktel_records AS it USING unnest($1::integer[], $2::bigint[]) AS \
                 gone (day, sequence) WHERE it._day = gone.day \
                 AND it._sequence = gone.sequence{unless}"
            ),
            &[&days, &sequences],
        )
        .await?;
    Ok((items, records))
}
