//! `SQLite` in one folder: a write-ahead log that is synced at every commit, and secure deletion.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params,
};
use serde_json::{Map, Value, json};

use super::error::Error;
use super::keep::{Expired, Forgotten};
use super::outcome::{Appended, new};
use super::schema_version;
use super::sql::{self, Dialect};
use super::view::View;
use crate::audit::AuditEntry;
use crate::cell::Cell;
use crate::layout::Table;
use crate::limits::{BUSY_WITHIN, SQLITE_LOG_PAGES_MAX, SQLITE_STATEMENTS_MAX};
use crate::publication::Publisher;
use crate::receipt::SigningKey;
use crate::record::{Record, Section, day_number};
use crate::token::{Role, TokenRecord};

pub(super) mod audit;
pub(super) mod counts;
mod erase;
pub(super) mod publish;

/// The database's name in its folder.
pub(super) const FILE: &str = "telemetry.sqlite";

#[derive(Debug)]
pub(super) struct Sqlite {
    connection: Connection,
    /// What inserts a row, by table.
    inserts: HashMap<String, String>,
}

impl Sqlite {
    pub(super) fn open(folder: &Path, tables: &[Arc<Table>]) -> Result<Self, Error> {
        make_private(folder).map_err(|source| Error::Folder {
            path: folder.to_owned(),
            source: Arc::new(source),
        })?;
        let mut connection = Connection::open(folder.join(FILE))?;
        connection.busy_timeout(BUSY_WITHIN)?;
        connection.set_prepared_statement_cache_capacity(SQLITE_STATEMENTS_MAX);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", SQLITE_LOG_PAGES_MAX)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        migrate(&mut connection, tables)?;
        let insert = |table: &Arc<Table>| (table.name.clone(), Dialect::Sqlite.insert(table));
        Ok(Self { connection, inserts: tables.iter().map(insert).collect() })
    }

    pub(super) fn commit(&mut self, records: &[&Record]) -> Result<Vec<Appended>, Error> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let stored = records.iter().map(|record| append(&transaction, &self.inserts, record));
        let stored: Vec<Appended> = stored.collect::<Result<_, _>>()?;
        counts::add(&transaction, &new(records, &stored))?;
        transaction.commit()?;
        Ok(stored)
    }

    pub(super) fn probe(&mut self) -> Result<(), Error> {
        self.connection.execute(sql::PROBE, [])?;
        Ok(())
    }

    pub(super) fn expire(&mut self, today: i32) -> Result<Expired, Error> {
        erase::expire(&mut self.connection, today)
    }

    pub(super) fn publish(
        &mut self,
        publisher: &Publisher,
        days: (i32, i32),
        most: usize,
    ) -> Result<usize, Error> {
        publish::publish(&mut self.connection, publisher, days, most)
    }

    pub(super) fn forget(&mut self, id: &str) -> Result<Forgotten, Error> {
        erase::forget(&mut self.connection, id)
    }

    pub(super) fn rows(&mut self, view: &View) -> Result<Vec<Map<String, Value>>, Error> {
        let mut statement = self.connection.prepare(&Dialect::Sqlite.select(view))?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut map = Map::new();
            for (index, name) in names.iter().enumerate() {
                map.insert(name.clone(), as_json(row.get_ref(index)?));
            }
            found.push(map);
        }
        Ok(found)
    }

    pub(super) fn add_audit_entry(&mut self, entry: &AuditEntry) -> Result<(), Error> {
        audit::add(&self.connection, entry)
    }

    pub(super) fn expire_audit(&mut self, before: i64) -> Result<(), Error> {
        self.connection.execute(&Dialect::Sqlite.expire_audit(), [before])?;
        Ok(())
    }

    pub(super) fn add_token(&mut self, token: &TokenRecord) -> Result<(), Error> {
        self.connection.execute(
            "INSERT INTO ktel_tokens (hash, role, product) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO NOTHING",
            params![token.hex(), token.role.as_str(), token.product],
        )?;
        Ok(())
    }

    pub(super) fn remove_token(&mut self, token: &TokenRecord) -> Result<(), Error> {
        self.connection.execute("DELETE FROM ktel_tokens WHERE hash = ?1", [token.hex()])?;
        Ok(())
    }

    pub(super) fn tokens(&mut self) -> Result<Vec<TokenRecord>, Error> {
        let mut statement =
            self.connection.prepare("SELECT hash, role, product FROM ktel_tokens")?;
        let mut rows = statement.query([])?;
        let mut tokens = Vec::new();
        while let Some(row) = rows.next()? {
            let (hash, role): (String, String) = (row.get(0)?, row.get(1)?);
            // A role of a newer version is not accepted.
            let Some(role) = Role::from_name(&role) else { continue };
            tokens.extend(TokenRecord::from_hex(&hash, role, row.get(2)?));
        }
        Ok(tokens)
    }

    pub(super) fn key(&mut self, made: &SigningKey) -> Result<SigningKey, Error> {
        let (secret, day) = made.row();
        self.connection.execute(
            "INSERT INTO ktel_keys (id, secret, made) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING",
            params![secret, day],
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (secret, day): (String, i32) = self.connection.query_row(sql::KEY, [], read)?;
        SigningKey::from_row(&secret, day).ok_or(Error::Key)
    }
}

fn append(
    transaction: &Transaction<'_>,
    inserts: &HashMap<String, String>,
    record: &Record,
) -> Result<Appended, rusqlite::Error> {
    let Record { key, received, product, source, authenticated, sections, .. } = record;
    let day = day_number(key.day);
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO ktel_records (_day, id, received, product, source, authenticated) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            day,
            key.id,
            day_number(*received),
            product,
            source.as_str(),
            authenticated
        ])?;
    if inserted == 0 {
        return Ok(Appended::Repeated);
    }
    let sequence = transaction.last_insert_rowid();
    for (position, Section { table, cells, items }) in sections.iter().enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let mut insert = transaction.prepare_cached(&inserts[&table.name])?;
        let own: [&dyn ToSql; 4] = [&day, &sequence, &position, product];
        let cells = cells.iter().map(|cell| cell as &dyn ToSql);
        insert.execute(rusqlite::params_from_iter(own.into_iter().chain(cells)))?;
        for item in items {
            let (number, bucket) = item.columns();
            transaction
                .prepare_cached(
                    "INSERT INTO ktel_items (_day, _sequence, _position, field, word, number, \
                     bucket) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![day, sequence, position, item.field, item.word, number, bucket])?;
        }
    }
    Ok(Appended::New)
}

fn migrate(connection: &mut Connection, tables: &[Arc<Table>]) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    check_version(&transaction)?;
    transaction.execute_batch(Dialect::Sqlite.fixed())?;
    transaction.execute_batch(&schema_version::insert())?;
    for table in tables {
        transaction.execute_batch(&Dialect::Sqlite.create(table))?;
        for column in &table.columns {
            let found: Result<String, _> = transaction.query_row(
                "SELECT type FROM pragma_table_info(?1) WHERE name = ?2",
                params![table.name, column.name],
                |row| row.get(0),
            );
            match found {
                Ok(found) if found == Dialect::Sqlite.type_name(column.kind) => {}
                Ok(found) => {
                    let (table, column) = (table.name.clone(), column.name.clone());
                    return Err(Error::Changed { table, column, found });
                }
                Err(rusqlite::Error::QueryReturnedNoRows) => {
                    transaction.execute_batch(&Dialect::Sqlite.add(table, column))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        for statement in sql::latest(table).into_iter().flatten() {
            transaction.execute_batch(&statement)?;
        }
        transaction.execute(
            "INSERT INTO ktel_tables (name, keep_days, ids) VALUES (?1, ?2, ?3) \
             ON CONFLICT (name) DO UPDATE SET keep_days = excluded.keep_days, ids = excluded.ids",
            params![table.name, table.keep_days, table.ids.join(" ")],
        )?;
        let counted = params![table.schema, table.counts_keep_days];
        transaction.execute(Dialect::Sqlite.count_retention(), counted)?;
    }
    transaction.commit()?;
    Ok(())
}

fn check_version(transaction: &Transaction<'_>) -> Result<(), Error> {
    let has_table = |name: &str| {
        let select = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
        transaction.query_row(select, [name], |row| row.get::<_, bool>(0))
    };
    let recorded = if has_table("ktel_schema")? {
        transaction.query_row(schema_version::SELECT, [], |row| row.get(0)).optional()?
    } else {
        None
    };
    schema_version::check(recorded, has_table(sql::RECORDS)?)
}

/// Makes a folder that only its owner can look into; one that is there is left as it is.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn as_json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Boolean(flag) => flag.to_sql(),
            Self::Integer(number) => number.to_sql(),
            Self::Real(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}
