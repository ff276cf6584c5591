//! Builds the database of queries: for readers the published tables, for administrators all counts.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_model::Schema;
use rusqlite::{Connection, Transaction, params};

use super::image::Image;
use super::tables::{definitions, prefix};
use crate::anonymity::Population;
use crate::catalog::Catalog;
use crate::dashboard::Unit;
use crate::limits::{COUNTS_MAX, QUERY_WEEKS};
use crate::pair::{Pair, Shape, pairs};
use crate::store::Store;
use crate::store::counts::Count;
use crate::store::error::Error;
use crate::tally::{ALL, week};

/// What a query sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sight {
    /// Published tables, whose numbers are multiples of this, if it is known.
    Published(Option<i64>),
    /// Groups of any size.
    Everything,
}

/// One product of one population.
type OfProduct<'p> = (Population, &'p str);

/// Reads the counts of the last weeks, and makes a database of them.
///
/// # Errors
/// When the counts cannot be read.
pub async fn make(
    store: &Store,
    catalog: &Arc<Catalog>,
    sight: Sight,
    today: Date,
) -> Result<Image, Error> {
    let from = week(today).checked_sub((i64::from(QUERY_WEEKS) - 1).weeks()).unwrap_or(Date::MIN);
    let mut all = Vec::new();
    for population in Population::ALL {
        let period = (from, today);
        let counts = match sight {
            Sight::Published(_) => store.published_by_product(population, period).await?,
            Sight::Everything => store.counts_by_product(population, period).await?,
        };
        all.push((population, whole_weeks(counts)));
    }
    let catalog = Arc::clone(catalog);
    // It ends with the process only.
    tokio::task::spawn_blocking(move || Ok(image(&catalog, all, sight, from)?))
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

/// Makes a database of counts by product.
///
/// # Errors
/// When the database in memory cannot be made.
pub(super) fn image(
    catalog: &Catalog,
    all: Vec<(Population, Vec<(String, Count)>)>,
    sight: Sight,
    from: Date,
) -> Result<Image, rusqlite::Error> {
    let mut connection = Connection::open_in_memory()?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(&definitions())?;
    let weeks = all.iter().flat_map(|(_, counts)| counts).map(|(_, count)| count.week);
    let oldest = weeks.min().unwrap_or(from);
    let min_group_size = match sight {
        Sight::Published(floor) => floor,
        Sight::Everything => Some(1),
    };
    let floor = min_group_size.map(|floor| ("min_group_size", floor.to_string()));
    for (what, value) in floor.into_iter().chain([("from", oldest.to_string())]) {
        transaction.execute("INSERT INTO about VALUES (?1, ?2)", [what, &value])?;
    }
    for entry in catalog.entries() {
        describe(&transaction, &entry.schema)?;
    }
    for (population, counts) in all {
        // Each count is dropped when it is written, so that memory holds all of them once.
        for (product, count) in counts {
            let Some(entry) = catalog.find(&count.schema, None) else { continue };
            fill(&transaction, &entry.schema, (population, &product), &count)?;
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

/// Adds one count to the table that it belongs to.
fn fill(
    transaction: &Transaction<'_>,
    schema: &Schema,
    (population, product): OfProduct<'_>,
    count: &Count,
) -> Result<(), rusqlite::Error> {
    let Count { week, schema: id, value, is_other, number, senders } = count;
    let (prefix, week) = (prefix(population), week.to_string());
    let (field, word) = (&value.field, &value.word);
    if field == ALL {
        let unit = Unit::of(schema, Date::MIN).as_str();
        let insert = format!("INSERT INTO {prefix}by_week VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        let row = params![id, product, week, unit, number, senders];
        transaction.prepare_cached(&insert)?.execute(row)?;
        return Ok(());
    }
    if schema.field(field).is_some() {
        let insert =
            format!("INSERT INTO {prefix}values_by_week VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        let row = params![id, product, week, field, word, is_other, number, senders];
        transaction.prepare_cached(&insert)?.execute(row)?;
        return Ok(());
    }
    // A field of an older version of the schema is not described, so it is not shown either.
    let Some(pair) = pairs(schema).find(|pair| pair.name == *field) else { return Ok(()) };
    // One list of values for both; each table takes those that it has columns for.
    let insert = match pair.shape {
        Shape::Flow => "flows_by_week VALUES (?1, ?2, ?3, ?4, ?6, ?8, ?9, ?10, ?11)",
        Shape::Grid => "grids_by_week VALUES (?1, ?2, ?3, ?7, ?8, ?5, ?6, ?9, ?10, ?11)",
    };
    let mut insert = transaction.prepare_cached(&format!("INSERT INTO {prefix}{insert}"))?;
    let (one, other) = pair.sides(word).unwrap_or((word, word));
    let Pair { name, first: across, second: up, .. } = &pair;
    let row = params![id, product, week, name, across, one, up, other, is_other, number, senders];
    insert.execute(row)?;
    Ok(())
}
