//! Answers SQL of readers from groups that are large enough, and from nothing else.
//!
//! A question never meets the store. It is asked of a database of its own, in memory, which holds
//! what [`crate::anonymity::fold`] let through, and which nothing can be attached to.

use std::cell::Cell;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Row};
use serde_json::{Value, json};
use thiserror::Error;

use crate::limits::{QUERY_BYTES_MAX, QUERY_ROWS_MAX, QUERY_WITHIN, SQL_BYTES_MAX};

pub mod groups;
mod guard;
pub mod write;

/// A database with groups, as the bytes that it consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image(Arc<[u8]>);

/// What a question gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The names of the columns, all different.
    pub columns: Vec<String>,
    /// Numbers, texts and nulls.
    pub rows: Vec<Vec<Value>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// It is no SQL, or names what is not there.
    #[error("{message}")]
    Wrong {
        /// What the database says of it.
        message: String,
    },
    /// It does something else than read groups.
    #[error("one SELECT over the tables of groups is all that may be asked")]
    Forbidden,
    /// It takes too long, or too much memory.
    #[error("the question takes too much time or memory")]
    Heavy,
    /// It gives too much.
    #[error("the answer has more than {rows} rows or {bytes} bytes; ask with LIMIT, or for less")]
    Large {
        /// How many rows it may have.
        rows: usize,
        /// How many bytes it may have.
        bytes: usize,
    },
    /// Two columns would be told apart by their place only.
    #[error("two columns are called `{name}`; name one of them with AS")]
    Twice {
        /// The name.
        name: String,
    },
}

impl Image {
    fn of(connection: &mut Connection) -> Result<Self, rusqlite::Error> {
        Ok(Self(connection.serialize("main")?.as_ref().into()))
    }

    /// Answers one question. It takes up to [`QUERY_WITHIN`] of a thread.
    ///
    /// # Errors
    /// When it asks for what it may not have, or for too much.
    pub fn ask(&self, sql: &str) -> Result<Answer, Error> {
        if sql.len() > SQL_BYTES_MAX {
            let message = format!("the question has more than {SQL_BYTES_MAX} bytes");
            return Err(Error::Wrong { message });
        }
        let mut connection = Connection::open_in_memory().map_err(wrong)?;
        let bytes = &self.0[..];
        connection
            .deserialize_read_exact("main", bytes, bytes.len(), true)
            .and_then(|()| guard::set(&mut connection, QUERY_WITHIN))
            .map_err(wrong)?;
        answer(&connection, sql)
    }
}

fn answer(connection: &Connection, sql: &str) -> Result<Answer, Error> {
    let mut statement = connection.prepare(sql).map_err(wrong)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    if columns.is_empty() {
        return Err(Error::Wrong { message: "there is no question".to_owned() });
    }
    for (place, name) in columns.iter().enumerate() {
        if columns.iter().take(place).any(|other| other == name) {
            return Err(Error::Twice { name: name.clone() });
        }
    }
    let mut rows = statement.query([]).map_err(wrong)?;
    let (mut all, bytes) = (Vec::new(), Cell::new(0));
    while let Some(row) = rows.next().map_err(wrong)? {
        let values = (0..columns.len()).map(|index| value(row, index, &bytes));
        all.push(values.collect::<Result<Vec<_>, _>>().map_err(wrong)?);
        if all.len() > QUERY_ROWS_MAX || bytes.get() > QUERY_BYTES_MAX {
            return Err(Error::Large { rows: QUERY_ROWS_MAX, bytes: QUERY_BYTES_MAX });
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
            return Error::Heavy;
        }
        _ => match error {
            rusqlite::Error::MultipleStatement => return Error::Forbidden,
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            other => other.to_string(),
        },
    };
    // A table that the guard hides is refused in words of its own.
    if message.contains("prohibited") { Error::Forbidden } else { Error::Wrong { message } }
}

#[cfg(test)]
mod tests;
