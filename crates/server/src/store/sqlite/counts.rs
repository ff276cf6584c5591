//! Counts in `SQLite`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::record::{Record, date_of, day_number};
use crate::store::counts::{
    self, Asked, Changes, Count, Installation, Last, VERSIONS, Version, installations,
};
use crate::store::error::Error;
use crate::tally::FieldWord;

/// Counts what new records say.
pub(super) fn add(transaction: &Transaction<'_>, records: &[&Record]) -> Result<(), Error> {
    let mut last = BTreeMap::new();
    for installation in installations(records) {
        let Installation { schema, id, week } = &installation;
        let asked = "SELECT product, version, words FROM ktel_last \
                     WHERE schema = ?1 AND installation = ?2 AND _week = ?3";
        let found = transaction
            .prepare_cached(asked)?
            .query_row(params![schema, id, week], |row| last_of(row, 0))
            .optional()?;
        if let Some(found) = found {
            last.insert(installation, found);
        }
    }
    let changes = Changes::of(records, last);
    for (installation, last) in &changes.last {
        let Installation { schema, id, week } = installation;
        transaction
            .prepare_cached(
                "INSERT INTO ktel_last (schema, installation, _week, product, version, words) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE \
                 SET product = excluded.product, version = excluded.version, words = excluded.words",
            )?
            .execute(params![
                schema,
                id,
                week,
                last.product,
                last.version,
                counts::write(&last.words)
            ])?;
    }
    change(transaction, &changes)
}

/// Subtracts the last reports of an installation, and deletes them.
pub(super) fn forget(transaction: &Transaction<'_>, id: &str) -> Result<(), Error> {
    let mut changes = Changes::default();
    let mut statement = transaction.prepare_cached(
        "SELECT product, version, words, schema, _week FROM ktel_last WHERE installation = ?1",
    )?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        let (schema, id) = (row.get(3)?, id.to_owned());
        changes.count(&Installation { schema, id, week: row.get(4)? }, &last_of(row, 0)?, -1);
    }
    transaction.execute("DELETE FROM ktel_last WHERE installation = ?1", [id])?;
    change(transaction, &changes)
}

fn last_of(row: &Row<'_>, first: usize) -> Result<Last, rusqlite::Error> {
    let words: String = row.get(first + 2)?;
    let (product, version) = (row.get(first)?, row.get(first + 1)?);
    Ok(Last { product, version, words: counts::read(&words) })
}

fn change(transaction: &Transaction<'_>, changes: &Changes) -> Result<(), Error> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO ktel_counts (product, _week, version, schema, field, word, number, senders) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE \
         SET number = number + excluded.number, senders = senders + excluded.senders",
    )?;
    for (key, (number, senders)) in &changes.counts {
        let FieldWord { field, word } = &key.value;
        let (product, version) = (&key.product, &key.version);
        let place = params![product, key.week, version, key.schema, field, word, number, senders];
        statement.execute(place)?;
    }
    Ok(())
}

/// Gives the counts that are asked for.
pub(crate) fn select(connection: &Connection, asked: &Asked) -> Result<Vec<Count>, Error> {
    let sql = counts::select(asked, |number| format!("?{number}"));
    let mut statement = connection.prepare_cached(&sql)?;
    let (from, to) = (day_number(asked.from), day_number(asked.to));
    let mut values: Vec<&dyn ToSql> = vec![&from, &to];
    values.extend(asked.product.iter().map(|it| it as &dyn ToSql));
    values.extend(asked.version.iter().map(|it| it as &dyn ToSql));
    let counts = statement.query_map(&*values, count)?;
    Ok(counts.collect::<Result<_, _>>()?)
}

/// Gives the counts of a period, by product.
pub(crate) fn select_by_product(
    connection: &Connection,
    (from, to): (Date, Date),
) -> Result<Vec<(String, Count)>, Error> {
    let sql = counts::select_by_product(|number| format!("?{number}"));
    let mut statement = connection.prepare_cached(&sql)?;
    let period = [day_number(from), day_number(to)];
    let counts = statement.query_map(period, |row| Ok((row.get(6)?, count(row)?)))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

fn count(row: &Row<'_>) -> Result<Count, rusqlite::Error> {
    Ok(Count {
        week: date_of(row.get(0)?),
        schema: row.get(1)?,
        value: FieldWord { field: row.get(2)?, word: row.get(3)? },
        number: row.get(4)?,
        senders: row.get(5)?,
    })
}

/// Gives every product and its versions.
pub(crate) fn versions(connection: &Connection) -> Result<Vec<Version>, Error> {
    let mut statement = connection.prepare_cached(VERSIONS)?;
    let versions = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(versions.collect::<Result<_, _>>()?)
}
