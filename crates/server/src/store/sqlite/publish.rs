//! Published tables in `SQLite`.

use jiff::civil::Date;
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use crate::anonymity::{NewSenders, Population, Reported, Step, TokenGroups};
use crate::publication::{Candidate, Publisher, TableKey};
use crate::record::{date_of, day_number};
use crate::store::counts::{self, Asked, Count};
use crate::store::error::Error;
use crate::store::published::is_shown;
use crate::store::sql::Dialect;
use crate::tally::FieldWord;

/// Lets some tables take a step, and gives how many did.
pub(super) fn publish(
    connection: &mut Connection,
    publisher: &Publisher,
    (from, today): (i32, i32),
    most: usize,
) -> Result<usize, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let due: Vec<(Candidate, Step)> = candidates(&transaction, from)?
        .into_iter()
        .filter_map(|candidate| {
            let step = publisher.step(&candidate, today)?;
            Some((candidate, step))
        })
        .take(most)
        .collect();
    for (Candidate { key, .. }, step) in &due {
        take(&transaction, publisher, key, *step)?;
    }
    transaction.commit()?;
    Ok(due.len())
}

fn candidates(transaction: &Transaction<'_>, from: i32) -> Result<Vec<Candidate>, Error> {
    let mut statement = transaction.prepare_cached(&Dialect::Sqlite.candidates())?;
    let rows = statement.query_map([from], |row| {
        let population = Population::of(row.get(3)?);
        let (product, week, schema) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Candidate {
            key: TableKey { population, product, week, schema },
            new: NewSenders { all: row.get(4)?, tokens: TokenGroups::from_bits(row.get(5)?) },
            holds_back: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn take(
    transaction: &Transaction<'_>,
    publisher: &Publisher,
    key: &TableKey,
    step: Step,
) -> Result<(), Error> {
    let TableKey { population, product, week, schema } = key;
    let authenticated = counts::column(*population);
    let table = params![product, week, schema, authenticated];
    let mut statement = transaction.prepare_cached(&Dialect::Sqlite.reported())?;
    let reported = statement.query_map(table, |row| {
        let value = FieldWord { field: row.get(0)?, word: row.get(1)? };
        let (number, senders) = (row.get(2)?, row.get(3)?);
        let tokens = TokenGroups::from_bits(row.get(4)?);
        Ok(Reported { value, number, senders, tokens })
    })?;
    let reported: Vec<Reported> = reported.collect::<Result<_, _>>()?;
    for sql in Dialect::Sqlite.make_room(step).into_iter().chain(Dialect::Sqlite.remember_step()) {
        transaction.prepare_cached(&sql)?.execute(table)?;
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO ktel_published (product, _week, schema, authenticated, is_shown, field, word, \
         is_other, number, senders) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for cell in publisher.cells(key, &reported) {
        let FieldWord { field, word } = &cell.value;
        insert.execute(params![
            product,
            week,
            schema,
            authenticated,
            is_shown(step),
            field,
            word,
            cell.is_other,
            cell.number,
            cell.senders
        ])?;
    }
    Ok(())
}

/// Gives the published cells that are asked for.
pub(crate) fn select(connection: &Connection, asked: &Asked) -> Result<Vec<Count>, Error> {
    let mut statement = connection.prepare_cached(&Dialect::Sqlite.published(asked))?;
    let (from, to) = (day_number(asked.from), day_number(asked.to));
    let authenticated = counts::column(asked.population);
    let mut values: Vec<&dyn ToSql> = vec![&from, &to, &authenticated];
    values.extend(asked.product.iter().map(|it| it as &dyn ToSql));
    let cells = statement.query_map(&*values, count)?;
    Ok(cells.collect::<Result<_, _>>()?)
}

/// Gives the published cells of a period, by product.
pub(crate) fn select_by_product(
    connection: &Connection,
    population: Population,
    (from, to): (Date, Date),
) -> Result<Vec<(String, Count)>, Error> {
    let mut statement = connection.prepare_cached(&Dialect::Sqlite.published_by_product())?;
    let values = params![day_number(from), day_number(to), counts::column(population)];
    let cells = statement.query_map(values, |row| Ok((row.get(7)?, count(row)?)))?;
    Ok(cells.collect::<Result<_, _>>()?)
}

fn count(row: &Row<'_>) -> Result<Count, rusqlite::Error> {
    Ok(Count {
        week: date_of(row.get(0)?),
        schema: row.get(1)?,
        value: FieldWord { field: row.get(2)?, word: row.get(3)? },
        number: row.get(4)?,
        senders: row.get(5)?,
        is_other: row.get(6)?,
    })
}

/// Gives the products with published cells.
pub(crate) fn products(
    connection: &Connection,
    population: Population,
) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached(&Dialect::Sqlite.published_products())?;
    let products = statement.query_map([counts::column(population)], |row| row.get(0))?;
    Ok(products.collect::<Result<_, _>>()?)
}
