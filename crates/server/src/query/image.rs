//! A database of groups in memory, and the answers to questions about it.

use std::cell::Cell;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use super::answer::Answer;
use super::sandbox;
use crate::limits::{QUERY_BYTES_MAX, QUERY_ROWS_MAX, QUERY_WITHIN, SQL_BYTES_MAX};

/// A database with groups, serialized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image(Arc<[u8]>);

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Error {
    /// It is not valid SQL, or names a table or column that does not exist.
    #[error("{message}")]
    InvalidSql {
        /// The message of the database.
        message: String,
    },
    /// It does something other than read the tables.
    #[error("only one SELECT over the documented tables is allowed")]
    Forbidden,
    /// It takes too long, or too much memory.
    #[error("the query takes too much time or memory")]
    TooExpensive,
    /// No process could be started for it.
    #[error("the query could not be started; try again")]
    NoProcess,
    /// Its answer is too large.
    #[error("the answer has more than {rows} rows or {bytes} bytes; add LIMIT or select less")]
    TooLarge {
        /// How many rows it may have.
        rows: usize,
        /// How many bytes it may have.
        bytes: usize,
    },
    /// Two columns have the same name.
    #[error("two columns are called `{name}`; name one of them with AS")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
}

impl Image {
    pub(super) fn of(connection: &mut Connection) -> Result<Self, rusqlite::Error> {
        Ok(Self(connection.serialize("main")?.as_ref().into()))
    }

    pub(super) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Runs one query. It occupies its thread for at most [`QUERY_WITHIN`].
    ///
    /// # Errors
    /// When the query is not allowed, or too expensive.
    pub fn ask(&self, sql: &str) -> Result<Answer, Error> {
        if sql.len() > SQL_BYTES_MAX {
            let message = format!("the query has more than {SQL_BYTES_MAX} bytes");
            return Err(Error::InvalidSql { message });
        }
        let mut connection = Connection::open_in_memory().map_err(wrong)?;
        let bytes = &self.0[..];
        connection
            .deserialize_read_exact("main", bytes, bytes.len(), true)
            .and_then(|()| sandbox::set(&mut connection, QUERY_WITHIN))
            .map_err(wrong)?;
        answer(&connection, sql)
    }
}

fn answer(connection: &Connection, sql: &str) -> Result<Answer, Error> {
    let mut statement = connection.prepare(sql).map_err(wrong)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    if columns.is_empty() {
        return Err(Error::InvalidSql { message: "the query is empty".to_owned() });
    }
    for (place, name) in columns.iter().enumerate() {
        if columns.iter().take(place).any(|other| other == name) {
            return Err(Error::DuplicateColumn { name: name.clone() });
        }
    }
    let mut rows = statement.query([]).map_err(wrong)?;
    let (mut all, bytes) = (Vec::new(), Cell::new(0));
    while let Some(row) = rows.next().map_err(wrong)? {
        let values = (0..columns.len()).map(|index| value(row, index, &bytes));
        all.push(values.collect::<Result<Vec<_>, _>>().map_err(wrong)?);
        if all.len() > QUERY_ROWS_MAX || bytes.get() > QUERY_BYTES_MAX {
            return Err(Error::TooLarge { rows: QUERY_ROWS_MAX, bytes: QUERY_BYTES_MAX });
        }
    }
    Ok(Answer { columns, rows: all })
}

fn value(row: &Row<'_>, index: usize, bytes: &Cell<usize>) -> Result<Value, rusqlite::Error> {
    let value = match row.get_ref(index)? {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    };
    bytes.set(bytes.get() + value.as_str().map_or(8, |text| text.len() + 8));
    Ok(value)
}

fn wrong(error: rusqlite::Error) -> Error {
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::AuthorizationForStatementDenied) => return Error::Forbidden,
        Some(ErrorCode::OperationInterrupted | ErrorCode::OutOfMemory | ErrorCode::TooBig) => {
            return Error::TooExpensive;
        }
        _ => match error {
            rusqlite::Error::MultipleStatement => return Error::Forbidden,
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            other => other.to_string(),
        },
    };
    // SQLite reports a forbidden table or function in the message only.
    if message.contains("prohibited") { Error::Forbidden } else { Error::InvalidSql { message } }
}
