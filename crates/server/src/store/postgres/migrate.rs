//! Creates missing tables and columns. The row of `ktel_lock` is the lock: one process at a time.

use std::sync::Arc;

use tokio_postgres::Transaction;

use super::session::{Session, is_duplicate};
use crate::layout::Table;
use crate::limits::LOCK_TABLE_TRIES_MAX;
use crate::store::error::Error;
use crate::store::schema_version;
use crate::store::sql::{self, Dialect};

const LOCK: &str = "CREATE TABLE IF NOT EXISTS ktel_lock (id integer PRIMARY KEY); \
                    INSERT INTO ktel_lock (id) VALUES (1) ON CONFLICT DO NOTHING";

pub(super) async fn migrate(session: &mut Session, tables: &[Arc<Table>]) -> Result<(), Error> {
    let mut tries = 1;
    while let Err(error) = session.client.batch_execute(LOCK).await.map_err(Error::from) {
        if !is_duplicate(&error) || tries == LOCK_TABLE_TRIES_MAX {
            return Err(error);
        }
        tries += 1;
    }
    let transaction = locked(session).await?;
    check_version(&transaction).await?;
    transaction.batch_execute(Dialect::Postgres.fixed()).await?;
    transaction.batch_execute(&schema_version::insert()).await?;
    for table in tables {
        transaction.batch_execute(&Dialect::Postgres.create(table)).await?;
        columns(&transaction, table).await?;
        for statement in sql::latest(table).into_iter().flatten() {
            transaction.batch_execute(&statement).await?;
        }
        let keep_days = i32::try_from(table.keep_days).unwrap_or(i32::MAX);
        transaction
            .execute(
                "INSERT INTO ktel_tables (name, keep_days, ids) VALUES ($1, $2, $3) ON CONFLICT \
                 (name) DO UPDATE SET keep_days = excluded.keep_days, ids = excluded.ids",
                &[&table.name, &keep_days, &table.ids.join(" ")],
            )
            .await?;
        let counts_days = i32::try_from(table.counts_keep_days).unwrap_or(i32::MAX);
        transaction
            .execute(Dialect::Postgres.count_retention(), &[&table.schema, &counts_days])
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn check_version(transaction: &Transaction<'_>) -> Result<(), Error> {
    let has_table = async |name: &str| {
        let select = "SELECT to_regclass($1::text) IS NOT NULL";
        Ok::<bool, Error>(transaction.query_one(select, &[&name]).await?.try_get(0)?)
    };
    let recorded = if has_table("ktel_schema").await? {
        let row = transaction.query_opt(schema_version::SELECT, &[]).await?;
        row.map(|row| row.try_get(0)).transpose()?
    } else {
        None
    };
    schema_version::check(recorded, has_table(sql::RECORDS).await?)
}

/// Begins a transaction in which no other process changes tables or deletes.
pub(super) async fn locked(session: &mut Session) -> Result<Transaction<'_>, Error> {
    let transaction = session.client.transaction().await?;
    transaction.batch_execute("SELECT id FROM ktel_lock WHERE id = 1 FOR UPDATE").await?;
    Ok(transaction)
}

/// Adds the columns of a newer schema, and fails if a column exists with another type.
async fn columns(transaction: &Transaction<'_>, table: &Table) -> Result<(), Error> {
    let asked = "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute \
                 WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
    let mut there = std::collections::HashMap::new();
    for row in transaction.query(asked, &[&table.name]).await? {
        there.insert(row.try_get::<_, String>(0)?, row.try_get::<_, String>(1)?);
    }
    for column in &table.columns {
        match there.remove(&column.name) {
            Some(found) if found == Dialect::Postgres.type_name(column.kind) => {}
            Some(found) => {
                let (table, column) = (table.name.clone(), column.name.clone());
                return Err(Error::Changed { table, column, found });
            }
            None => transaction.batch_execute(&Dialect::Postgres.add(table, column)).await?,
        }
    }
    Ok(())
}
