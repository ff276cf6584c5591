//! The counts that charts are drawn from, kept in the transaction that stores what they count.
//!
//! Where a schema follows installations, only what an installation said last in a week counts:
//! what it said before is taken back.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::{Value, json};

use super::Error;
use crate::limits::COUNTS_MAX;
use crate::record::{Record, date_of, day_number};
use crate::tally::{Said, Who, week};

/// What is asked of the counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Of which product; of all, if none.
    pub product: Option<String>,
    /// In which version; in all, if none.
    pub version: Option<String>,
    /// From this week on.
    pub from: Date,
    /// Up to this week.
    pub to: Date,
}

/// One count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The Monday of its week.
    pub week: Date,
    /// Whose words.
    pub schema: String,
    /// What was said.
    pub said: Said,
    /// How often; of installations, by how many.
    pub number: i64,
    /// By how many records or installations.
    pub senders: i64,
}

pub(super) const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS ktel_counts (product TEXT NOT NULL, _week INTEGER NOT NULL, \
     version TEXT NOT NULL, schema TEXT NOT NULL, field TEXT NOT NULL, word TEXT NOT NULL, \
     number INTEGER NOT NULL, senders INTEGER NOT NULL, \
     PRIMARY KEY (product, _week, version, schema, field, word)) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS ktel_last (schema TEXT NOT NULL, installation TEXT NOT NULL, \
     _week INTEGER NOT NULL, product TEXT NOT NULL, version TEXT NOT NULL, said TEXT NOT NULL, \
     PRIMARY KEY (schema, installation, _week)) STRICT, WITHOUT ROWID",
];

/// Where a record counts.
struct Place<'a> {
    product: &'a str,
    week: i32,
    version: &'a str,
}

/// Counts what a record says.
pub(super) fn add(transaction: &Transaction<'_>, record: &Record) -> Result<(), rusqlite::Error> {
    let place = Place {
        product: record.product.as_deref().unwrap_or_default(),
        week: day_number(week(record.key.day)),
        version: record.tally.version.as_deref().unwrap_or_default(),
    };
    for (who, said) in &record.tally.said {
        if let Some(installation) = &who.installation {
            take_back(transaction, who, installation, place.week)?;
            remember(transaction, &place, (who, installation), said)?;
        }
        for (one, count) in said {
            let number = if who.installation.is_some() { 1 } else { *count };
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            change(transaction, &place, &who.schema, one, (number, 1))?;
        }
    }
    Ok(())
}

/// Takes back what an installation said before in the same week.
fn take_back(
    transaction: &Transaction<'_>,
    who: &Who,
    installation: &str,
    week: i32,
) -> Result<(), rusqlite::Error> {
    let last = "SELECT product, version, said FROM ktel_last \
                WHERE schema = ?1 AND installation = ?2 AND _week = ?3";
    let last: Option<(String, String, String)> = transaction
        .prepare_cached(last)?
        .query_row(params![who.schema, installation, week], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((product, version, said)) = last else { return Ok(()) };
    let place = Place { product: &product, week, version: &version };
    for one in read(&said) {
        change(transaction, &place, &who.schema, &one, (-1, -1))?;
    }
    Ok(())
}

fn remember(
    transaction: &Transaction<'_>,
    place: &Place<'_>,
    (who, installation): (&Who, &str),
    said: &BTreeMap<Said, u64>,
) -> Result<(), rusqlite::Error> {
    let words: Vec<Value> = said.keys().map(|one| json!([one.field, one.word])).collect();
    transaction
        .prepare_cached(
            "INSERT INTO ktel_last (schema, installation, _week, product, version, said) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (schema, installation, _week) DO UPDATE \
             SET product = excluded.product, version = excluded.version, said = excluded.said",
        )?
        .execute(params![
            who.schema,
            installation,
            place.week,
            place.product,
            place.version,
            Value::from(words).to_string()
        ])?;
    Ok(())
}

fn read(said: &str) -> Vec<Said> {
    let words: Vec<(String, String)> = serde_json::from_str(said).unwrap_or_default();
    words.into_iter().map(|(field, word)| Said { field, word }).collect()
}

fn change(
    transaction: &Transaction<'_>,
    place: &Place<'_>,
    schema: &str,
    Said { field, word }: &Said,
    (number, senders): (i64, i64),
) -> Result<(), rusqlite::Error> {
    let Place { product, week, version } = place;
    transaction
        .prepare_cached(
            "INSERT INTO ktel_counts (product, _week, version, schema, field, word, number, \
             senders) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
             ON CONFLICT (product, _week, version, schema, field, word) DO UPDATE \
             SET number = number + excluded.number, senders = senders + excluded.senders",
        )?
        .execute(params![product, week, version, schema, field, word, number, senders])?;
    Ok(())
}

/// Gives the counts of a product, a version and some weeks, versions added up.
pub(super) fn select(connection: &Connection, asked: &Asked) -> Result<Vec<Count>, Error> {
    let Asked { product, version, from, to } = asked;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT _week, schema, field, word, sum(number), sum(senders) FROM ktel_counts \
         WHERE product IN (SELECT DISTINCT product FROM ktel_counts WHERE ?1 IS NULL OR product = ?1) \
         AND _week BETWEEN ?2 AND ?3 AND (?4 IS NULL OR version = ?4) \
         GROUP BY _week, schema, field, word HAVING sum(senders) > 0 LIMIT {COUNTS_MAX}"
    ))?;
    let mut rows =
        statement.query(params![product, day_number(*from), day_number(*to), version])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        counts.push(Count {
            week: date_of(row.get(0)?),
            schema: row.get(1)?,
            said: Said { field: row.get(2)?, word: row.get(3)? },
            number: row.get(4)?,
            senders: row.get(5)?,
        });
    }
    Ok(counts)
}

/// Gives every product and its versions, with how many records or installations spoke of them.
pub(super) fn versions(connection: &Connection) -> Result<Vec<(String, String, i64)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT product, version, sum(senders) FROM ktel_counts WHERE field = '' \
         GROUP BY product, version HAVING sum(senders) > 0 ORDER BY product, version LIMIT 1000",
    )?;
    let mut rows = statement.query([])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        versions.push((row.get(0)?, row.get(1)?, row.get(2)?));
    }
    Ok(versions)
}
