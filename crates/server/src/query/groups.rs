//! Builds the database of queries: what charts show, by product and week.
//!
//! Suppression is applied to each product and week separately. There is no second division of the same
//! senders (such as by version), so that no differences between two divisions can be computed.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_model::Schema;
use rusqlite::{Connection, Transaction, params};

use super::image::Image;
use super::tables::DEFINITIONS;
use crate::anonymity::{Group, Published, suppress};
use crate::catalog::Catalog;
use crate::dashboard::{Unit, overlap, suppress_pair};
use crate::limits::{COUNTS_MAX, QUERY_WEEKS};
use crate::pair::{Pair, Shape, pairs};
use crate::store::Store;
use crate::store::counts::Count;
use crate::store::error::Error;
use crate::tally::{ALL, week};

/// One product in one week.
type ProductWeek<'c> = (&'c str, Date);

/// Reads the counts of the last weeks, and makes groups of at least `min_group_size` senders of them.
///
/// # Errors
/// When the counts cannot be read.
pub async fn make(
    store: &Store,
    catalog: &Catalog,
    min_group_size: i64,
    today: Date,
) -> Result<Image, Error> {
    let from = week(today).checked_sub((i64::from(QUERY_WEEKS) - 1).weeks()).unwrap_or(Date::MIN);
    let counts = store.counts_by_product(from, today).await?;
    let catalog = catalog.clone();
    // It ends with the process only.
    tokio::task::spawn_blocking(move || {
        Ok(image(&catalog, whole_weeks(counts), min_group_size, from)?)
    })
    .await
    .map_err(|_gone| Error::Closed)?
}

/// Omits the oldest week if the counts were truncated: a partial week would be wrong.
fn whole_weeks(mut counts: Vec<(String, Count)>) -> Vec<(String, Count)> {
    if counts.len() >= COUNTS_MAX as usize
        && let Some(oldest) = counts.iter().map(|(_, count)| count.week).min()
    {
        tracing::warn!(%oldest, "too many counts; queries start with the week after");
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
    min_group_size: i64,
    from: Date,
) -> Result<Image, rusqlite::Error> {
    let mut connection = Connection::open_in_memory()?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(DEFINITIONS)?;
    let oldest = counts.iter().map(|(_, count)| count.week).min().unwrap_or(from);
    for (what, value) in
        [("min_group_size", min_group_size.to_string()), ("from", oldest.to_string())]
    {
        transaction.execute("INSERT INTO about VALUES (?1, ?2)", [what, &value])?;
    }
    let mut by_schema: BTreeMap<&str, BTreeMap<ProductWeek<'_>, Vec<&Count>>> = BTreeMap::new();
    for (product, count) in &counts {
        let cells = by_schema.entry(&count.schema).or_default();
        cells.entry((product, count.week)).or_default().push(count);
    }
    for entry in catalog.entries() {
        let schema = &entry.schema;
        describe(&transaction, schema)?;
        for (cell, counts) in by_schema.get(schema.id().as_str()).into_iter().flatten() {
            fill(&transaction, schema, *cell, counts, min_group_size)?;
        }
    }
    transaction.commit()?;
    Image::of(&mut connection)
}

fn describe(transaction: &Transaction<'_>, schema: &Schema) -> Result<(), rusqlite::Error> {
    let kind = format!("{:?}", schema.kind).to_ascii_lowercase();
    let (id, unit) = (schema.id(), Unit::of(schema, Date::MIN).as_str());
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
    (product, week): ProductWeek<'_>,
    counts: &[&Count],
    min_group_size: i64,
) -> Result<(), rusqlite::Error> {
    let (id, week) = (schema.id(), week.to_string());
    let mut by_field: BTreeMap<&str, Vec<Group>> = BTreeMap::new();
    for count in counts {
        let (word, number, senders) = (count.value.word.clone(), count.number, count.senders);
        by_field.entry(&count.value.field).or_default().push(Group { word, number, senders });
    }
    for all in
        by_field.remove(ALL).into_iter().flatten().filter(|all| all.senders >= min_group_size)
    {
        let unit = Unit::of(schema, Date::MIN).as_str();
        transaction
            .prepare_cached("INSERT INTO by_week VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![id, product, week, unit, all.number, all.senders])?;
    }
    let mut alone = BTreeMap::new();
    for (path, field) in schema.all_fields() {
        let Some(groups) = by_field.remove(path.as_str()) else { continue };
        let mut insert = transaction
            .prepare_cached("INSERT INTO values_by_week VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        let published = suppress(groups, overlap(&field.of, schema), min_group_size);
        for (word, published, number, senders) in rows(&published) {
            insert.execute(params![id, product, week, path, word, published, number, senders])?;
        }
        alone.insert(path, published);
    }
    for pair in pairs(schema) {
        let Some(groups) = by_field.remove(pair.name.as_str()) else { continue };
        let sides = alone.get(&pair.first).zip(alone.get(&pair.second));
        let Some((first, second)) = sides else { continue };
        let published = suppress_pair(&pair, groups, [first, second], schema, min_group_size);
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
        for (word, published, number, senders) in rows(&published) {
            let (one, other) = pair.sides(word).unwrap_or((word, word));
            insert.execute(params![
                id, product, week, name, across, one, up, other, published, number, senders
            ])?;
        }
    }
    Ok(())
}

/// The rows of groups: the word, whether it combines suppressed groups, the number, and the senders.
fn rows(published: &Published) -> impl Iterator<Item = (&str, bool, i64, Option<i64>)> {
    let Published { groups, other, too_few: _ } = published;
    let shown = groups.iter().map(|it| (it.word.as_str(), false, it.number, Some(it.senders)));
    // The senders of the rest are unknown if one sender can be in several groups.
    shown.chain(other.map(|number| ("other", true, number, None)))
}
