//! Published tables in `PostgreSQL`. One process at a time publishes.

use jiff::civil::Date;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Transaction};

use super::migrate::locked;
use super::session::Session;
use crate::anonymity::{NewSenders, Population, Reported, Step, TokenGroups};
use crate::publication::{Candidate, Publisher, TableKey};
use crate::record::{date_of, day_number};
use crate::store::counts::{self, Asked, Count};
use crate::store::error::Error;
use crate::store::published::is_shown;
use crate::store::sql::Dialect;
use crate::tally::FieldWord;

const INSERT: &str = "INSERT INTO ktel_published (product, _week, schema, authenticated, is_shown, \
    field, word, is_other, number, senders) SELECT $1::text, $2::integer, $3::text, \
    $4::smallint, $5::smallint, * FROM unnest($6::text[], $7::text[], $8::smallint[], $9::bigint[], $10::bigint[])";

/// Lets some tables take a step, and gives how many did.
pub(super) async fn publish(
    session: &mut Session,
    publisher: &Publisher,
    (from, today): (i32, i32),
    most: usize,
) -> Result<usize, Error> {
    let transaction = locked(session).await?;
    let due: Vec<(Candidate, Step)> = candidates(&transaction, from)
        .await?
        .into_iter()
        .filter_map(|candidate| {
            let step = publisher.step(&candidate, today)?;
            Some((candidate, step))
        })
        .take(most)
        .collect();
    for (Candidate { key, .. }, step) in &due {
        take(&transaction, publisher, key, *step).await?;
    }
    transaction.commit().await?;
    Ok(due.len())
}

async fn candidates(transaction: &Transaction<'_>, from: i32) -> Result<Vec<Candidate>, Error> {
    let mut all = Vec::new();
    for row in transaction.query(&Dialect::Postgres.candidates(), &[&from]).await? {
        let population = Population::of(row.try_get::<_, i16>(3)? != 0);
        let (product, week, schema) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        all.push(Candidate {
            key: TableKey { population, product, week, schema },
            new: NewSenders {
                all: row.try_get(4)?,
                tokens: TokenGroups::from_bits(row.try_get(5)?),
            },
            holds_back: row.try_get::<_, i32>(6)? != 0,
        });
    }
    Ok(all)
}

async fn take(
    transaction: &Transaction<'_>,
    publisher: &Publisher,
    key: &TableKey,
    step: Step,
) -> Result<(), Error> {
    let TableKey { population, product, week, schema } = key;
    let authenticated = counts::column(*population);
    let table: [&(dyn ToSql + Sync); 4] = [product, week, schema, &authenticated];
    let mut reported = Vec::new();
    for row in transaction.query(&Dialect::Postgres.reported(), &table).await? {
        let value = FieldWord { field: row.try_get(0)?, word: row.try_get(1)? };
        let (number, senders) = (row.try_get(2)?, row.try_get(3)?);
        let tokens = TokenGroups::from_bits(row.try_get(4)?);
        reported.push(Reported { value, number, senders, tokens });
    }
    for sql in
        Dialect::Postgres.make_room(step).into_iter().chain(Dialect::Postgres.remember_step())
    {
        transaction.execute(&sql, &table).await?;
    }
    let cells = publisher.cells(key, &reported);
    let fields: Vec<&str> = cells.iter().map(|it| it.value.field.as_str()).collect();
    let words: Vec<&str> = cells.iter().map(|it| it.value.word.as_str()).collect();
    let others: Vec<i16> = cells.iter().map(|it| i16::from(it.is_other)).collect();
    let numbers: Vec<i64> = cells.iter().map(|it| it.number).collect();
    let senders: Vec<i64> = cells.iter().map(|it| it.senders).collect();
    let is_shown = is_shown(step);
    let own: [&(dyn ToSql + Sync); 6] = [&is_shown, &fields, &words, &others, &numbers, &senders];
    let values: Vec<&(dyn ToSql + Sync)> = table.into_iter().chain(own).collect();
    transaction.execute(INSERT, &values).await?;
    Ok(())
}

/// Gives the published cells that are asked for.
pub(crate) async fn select(client: &Client, asked: &Asked) -> Result<Vec<Count>, Error> {
    let (from, to) = (day_number(asked.from), day_number(asked.to));
    let authenticated = counts::column(asked.population);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&from, &to, &authenticated];
    values.extend(asked.product.iter().map(|it| it as &(dyn ToSql + Sync)));
    let rows = client.query(&Dialect::Postgres.published(asked), &values).await?;
    rows.iter().map(count).collect()
}

/// Gives the published cells of a period, by product.
pub(crate) async fn select_by_product(
    client: &Client,
    population: Population,
    (from, to): (Date, Date),
) -> Result<Vec<(String, Count)>, Error> {
    let authenticated = counts::column(population);
    let values: [&(dyn ToSql + Sync); 3] = [&day_number(from), &day_number(to), &authenticated];
    let rows = client.query(&Dialect::Postgres.published_by_product(), &values).await?;
    rows.iter().map(|row| Ok((row.try_get(7)?, count(row)?))).collect()
}

fn count(row: &Row) -> Result<Count, Error> {
    Ok(Count {
        week: date_of(row.try_get(0)?),
        schema: row.try_get(1)?,
        value: FieldWord { field: row.try_get(2)?, word: row.try_get(3)? },
        number: row.try_get(4)?,
        senders: row.try_get(5)?,
        is_other: row.try_get::<_, i16>(6)? != 0,
    })
}

/// Gives the products with published cells.
pub(crate) async fn products(
    client: &Client,
    population: Population,
) -> Result<Vec<String>, Error> {
    let authenticated = counts::column(population);
    let rows = client.query(&Dialect::Postgres.published_products(), &[&authenticated]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
