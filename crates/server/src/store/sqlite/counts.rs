//! Counts in `SQLite`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::anonymity::Population;
use crate::record::{Record, date_of, day_number};
use crate::store::counts::{
    self, Asked, Changes, Count, Installation, Last, SenderGroup, Version, installations,
};
use crate::store::error::Error;
use crate::tally::FieldWord;

/// Counts what new records say.
pub(super) fn add(transaction: &Transaction<'_>, records: &[&Record]) -> Result<(), Error> {
    let mut last = BTreeMap::new();
    for installation in installations(records) {
        let Installation { schema, id, week } = &installation;
        let asked = "SELECT product, version, words, authenticated, token_group FROM ktel_last \
                     WHERE schema = ?1 AND installation = ?2 AND _week = ?3";
        let found = transaction
            .prepare_cached(asked)?
            .query_row(params![schema, id, week], last_of)
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
                "INSERT INTO ktel_last (schema, installation, _week, product, version, \
                 words, authenticated, token_group) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                 ON CONFLICT DO UPDATE SET product = excluded.product, \
                 version = excluded.version, words = excluded.words, \
                 authenticated = excluded.authenticated, token_group = excluded.token_group",
            )?
            .execute(params![
                schema,
                id,
                week,
                last.product,
                last.version,
                counts::write(&last.words),
                last.sender.authenticated,
                last.sender.token_group
            ])?;
    }
    change(transaction, &changes)
}

/// Subtracts the last reports of an installation, and deletes them.
pub(super) fn forget(transaction: &Transaction<'_>, id: &str) -> Result<(), Error> {
    let mut changes = Changes::default();
    let mut statement = transaction.prepare_cached(
        "SELECT product, version, words, authenticated, token_group, schema, _week \
         FROM ktel_last WHERE installation = ?1",
    )?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        let (schema, id) = (row.get(5)?, id.to_owned());
        changes.count(&Installation { schema, id, week: row.get(6)? }, &last_of(row)?, -1);
    }
    transaction.execute("DELETE FROM ktel_last WHERE installation = ?1", [id])?;
    change(transaction, &changes)
}

fn last_of(row: &Row<'_>) -> Result<Last, rusqlite::Error> {
    let words: String = row.get(2)?;
    let sender = SenderGroup { authenticated: row.get(3)?, token_group: row.get(4)? };
    let (product, version) = (row.get(0)?, row.get(1)?);
    Ok(Last { product, version, sender, words: counts::read(&words) })
}

fn change(transaction: &Transaction<'_>, changes: &Changes) -> Result<(), Error> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO ktel_counts (product, _week, version, schema, field, word, number, senders, \
         authenticated, token_group) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE \
         SET number = number + excluded.number, senders = senders + excluded.senders",
    )?;
    for (key, (number, senders)) in &changes.counts {
        let FieldWord { field, word } = &key.value;
        let (product, version) = (&key.product, &key.version);
        let SenderGroup { authenticated, token_group } = key.sender;
        let (week, schema) = (key.week, &key.schema);
        statement.execute(params![
            product,
            week,
            version,
            schema,
            field,
            word,
            number,
            senders,
            authenticated,
            token_group
        ])?;
    }
    Ok(())
}

/// Gives the counts that are asked for.
pub(crate) fn select(connection: &Connection, asked: &Asked) -> Result<Vec<Count>, Error> {
    let sql = counts::select(asked, |number| format!("?{number}"));
    let mut statement = connection.prepare_cached(&sql)?;
    let (from, to) = (day_number(asked.from), day_number(asked.to));
    let authenticated = counts::column(asked.population);
    let mut values: Vec<&dyn ToSql> = vec![&from, &to, &authenticated];
    values.extend(asked.product.iter().map(|it| it as &dyn ToSql));
    values.extend(asked.version.iter().map(|it| it as &dyn ToSql));
    let counts = statement.query_map(&*values, count)?;
    Ok(counts.collect::<Result<_, _>>()?)
}

/// Gives the counts of a period, by product.
pub(crate) fn select_by_product(
    connection: &Connection,
    population: Population,
    (from, to): (Date, Date),
) -> Result<Vec<(String, Count)>, Error> {
    let sql = counts::select_by_product(|number| format!("?{number}"));
    let mut statement = connection.prepare_cached(&sql)?;
    let values = params![day_number(from), day_number(to), counts::column(population)];
    let counts = statement.query_map(values, |row| Ok((row.get(6)?, count(row)?)))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

fn count(row: &Row<'_>) -> Result<Count, rusqlite::Error> {
    Ok(Count {
        week: date_of(row.get(0)?),
        schema: row.get(1)?,
        value: FieldWord { field: row.get(2)?, word: row.get(3)? },
        is_other: false,
        number: row.get(4)?,
        senders: row.get(5)?,
    })
}

/// Gives every product and its versions.
pub(crate) fn versions(
    connection: &Connection,
    population: Population,
) -> Result<Vec<Version>, Error> {
    let sql = counts::versions(|number| format!("?{number}"));
    let mut statement = connection.prepare_cached(&sql)?;
    let authenticated = [counts::column(population)];
    let versions =
        statement.query_map(authenticated, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(versions.collect::<Result<_, _>>()?)
}
