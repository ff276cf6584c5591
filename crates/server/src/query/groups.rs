//! Makes the database that questions are asked of: what charts show, by product and week.
//!
//! Each product's week is folded by itself, and there is no second division of the same senders
//! (as by version) whose sums could be taken from the first.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_model::Schema;
use rusqlite::{Connection, Transaction, params};

use super::Image;
use crate::Catalog;
use crate::anonymity::{Folded, Group, fold};
use crate::dashboard::{Unit, fold_pair, overlap};
use crate::limits::{COUNTS_MAX, QUERY_WEEKS};
use crate::pair::{Pair, Shape, pairs};
use crate::store::{Count, Error, Store};
use crate::tally::{ALL, week};

/// What there is to read.
pub const TABLES: [&str; 8] = [
    "about",
    "by_week",
    "fields",
    "flows_by_week",
    "grids_by_week",
    "installs_by_week",
    "schemas",
    "values_by_week",
];

/// The tables, with what their columns hold.
pub const DEFINITIONS: &str = "\
CREATE TABLE about (what TEXT, value TEXT);
CREATE TABLE schemas (schema TEXT, title TEXT, kind TEXT, unit TEXT, question TEXT, owner TEXT, kept TEXT, kept_in_sums TEXT);
CREATE TABLE fields (schema TEXT, field TEXT, why TEXT, example TEXT);
CREATE TABLE by_week (schema TEXT, product TEXT, week TEXT, unit TEXT, number INTEGER, senders INTEGER);
CREATE VIEW installs_by_week AS SELECT schema, product, week, number AS installations
  FROM by_week WHERE unit = 'installations';
CREATE TABLE values_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, word TEXT, folded INTEGER, number INTEGER, senders INTEGER);
CREATE TABLE flows_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, before TEXT, after TEXT, folded INTEGER, number INTEGER, senders INTEGER);
CREATE TABLE grids_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, word TEXT, against TEXT, against_word TEXT, folded INTEGER, number INTEGER, senders INTEGER);";

/// What was said of one product in one week.
type Cell<'c> = (&'c str, Date);

/// Reads the counts of the last weeks, and makes groups of at least `floor` senders of them.
///
/// # Errors
/// When the counts cannot be read.
pub async fn make(
    store: &Store,
    catalog: &Catalog,
    floor: i64,
    today: Date,
) -> Result<Image, Error> {
    let from = week(today).checked_sub((i64::from(QUERY_WEEKS) - 1).weeks()).unwrap_or(Date::MIN);
    let counts = store.counts_by_product(from, today).await?;
    let catalog = catalog.clone();
    // It ends with the process only.
    tokio::task::spawn_blocking(move || Ok(image(&catalog, whole_weeks(counts), floor, from)?))
        .await
        .map_err(|_gone| Error::Closed)?
}

/// Leaves the oldest week out where the counts were cut: a part of a week would be a wrong number.
fn whole_weeks(mut counts: Vec<(String, Count)>) -> Vec<(String, Count)> {
    if counts.len() >= COUNTS_MAX as usize
        && let Some(oldest) = counts.iter().map(|(_, count)| count.week).min()
    {
        tracing::warn!(%oldest, "there are too many counts; questions reach back to the week after");
        counts.retain(|(_, count)| count.week > oldest);
    }
    counts
}

/// Makes groups of counts.
///
/// # Errors
/// When the database in memory cannot be made.
pub(super) fn image(
    catalog: &Catalog,
    counts: Vec<(String, Count)>,
    floor: i64,
    from: Date,
) -> Result<Image, rusqlite::Error> {
    let mut connection = Connection::open_in_memory()?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(DEFINITIONS)?;
    let oldest = counts.iter().map(|(_, count)| count.week).min().unwrap_or(from);
    for (what, value) in [("floor", floor.to_string()), ("from", oldest.to_string())] {
        transaction.execute("INSERT INTO about VALUES (?1, ?2)", [what, &value])?;
    }
    let mut by_schema: BTreeMap<&str, BTreeMap<Cell<'_>, Vec<&Count>>> = BTreeMap::new();
    for (product, count) in &counts {
        let cells = by_schema.entry(&count.schema).or_default();
        cells.entry((product, count.week)).or_default().push(count);
    }
    for entry in catalog.entries() {
        let schema = &entry.schema;
        describe(&transaction, schema)?;
        for (cell, counts) in by_schema.get(schema.id().as_str()).into_iter().flatten() {
            fill(&transaction, schema, *cell, counts, floor)?;
        }
    }
    transaction.commit()?;
    Image::of(&mut connection)
}

fn describe(transaction: &Transaction<'_>, schema: &Schema) -> Result<(), rusqlite::Error> {
    let kind = format!("{:?}", schema.kind).to_ascii_lowercase();
    let (id, unit) = (schema.id(), Unit::of(schema, Date::MIN).word());
    let (question, retention) = (&schema.purpose.question, &schema.retention);
    transaction
        .prepare_cached("INSERT INTO schemas VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![
            id,
            schema.title,
            kind,
            unit,
            question,
            schema.owner,
            retention.raw,
            retention.aggregate
        ])?;
    for (path, field) in schema.all_fields() {
        transaction
            .prepare_cached("INSERT INTO fields VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, path, field.why, field.example.to_string()])?;
    }
    Ok(())
}

fn fill(
    transaction: &Transaction<'_>,
    schema: &Schema,
    (product, week): Cell<'_>,
    counts: &[&Count],
    floor: i64,
) -> Result<(), rusqlite::Error> {
    let (id, week) = (schema.id(), week.to_string());
    let mut by_field: BTreeMap<&str, Vec<Group>> = BTreeMap::new();
    for count in counts {
        let (word, number, senders) = (count.said.word.clone(), count.number, count.senders);
        by_field.entry(&count.said.field).or_default().push(Group { word, number, senders });
    }
    for all in by_field.remove(ALL).into_iter().flatten().filter(|all| all.senders >= floor) {
        let unit = Unit::of(schema, Date::MIN).word();
        transaction
            .prepare_cached("INSERT INTO by_week VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![id, product, week, unit, all.number, all.senders])?;
    }
    let mut alone = BTreeMap::new();
    for (path, field) in schema.all_fields() {
        let Some(groups) = by_field.remove(path.as_str()) else { continue };
        let mut insert = transaction
            .prepare_cached("INSERT INTO values_by_week VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        let folded = fold(groups, overlap(&field.of, schema), floor);
        for (word, folded, number, senders) in rows(&folded) {
            insert.execute(params![id, product, week, path, word, folded, number, senders])?;
        }
        alone.insert(path, folded);
    }
    for pair in pairs(schema) {
        let Some(groups) = by_field.remove(pair.name.as_str()) else { continue };
        let sides = alone.get(&pair.first).zip(alone.get(&pair.second));
        let Some((first, second)) = sides else { continue };
        let folded = fold_pair(&pair, groups, [first, second], schema, floor);
        // One list of values for both; each table takes those that it has columns for.
        let insert = match pair.shape {
            Shape::Flow => {
                "INSERT INTO flows_by_week VALUES (?1, ?2, ?3, ?4, ?6, ?8, ?9, ?10, ?11)"
            }
            Shape::Grid => {
                "INSERT INTO grids_by_week VALUES (?1, ?2, ?3, ?7, ?8, ?5, ?6, ?9, ?10, ?11)"
            }
        };
        let mut insert = transaction.prepare_cached(insert)?;
        let Pair { name, first: across, second: up, .. } = &pair;
        for (word, folded, number, senders) in rows(&folded) {
            let (one, other) = pair.sides(word).unwrap_or((word, word));
            insert.execute(params![
                id, product, week, name, across, one, up, other, folded, number, senders
            ])?;
        }
    }
    Ok(())
}

/// Gives the rows of folded groups: the word, whether it stands for several, how often, and by how many.
fn rows(folded: &Folded) -> impl Iterator<Item = (&str, bool, i64, Option<i64>)> {
    let Folded { groups, other, too_few: _ } = folded;
    let shown = groups.iter().map(|it| (it.word.as_str(), false, it.number, Some(it.senders)));
    // By how many the rest was said is not known where one can be in several groups.
    shown.chain(other.map(|number| ("other", true, number, None)))
}
