//! Counts in `PostgreSQL`, whole groups of them in one statement.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tokio::try_join;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement, Transaction};

use super::session::Session;
use crate::anonymity::Population;
use crate::record::{Record, date_of, day_number};
use crate::store::counts::{
    self, Asked, Changes, Count, Installation, Last, SenderGroup, Version, installations,
};
use crate::store::error::Error;
use crate::tally::FieldWord;

/// Inserts a row for each installation without one, and waits for concurrent inserts of the same row.
const CLAIM: &str = "INSERT INTO ktel_last (schema, installation, _week, product, version, words, \
    authenticated, token_group) SELECT *, '', '', '[]', 0, 0 FROM unnest($1::text[], $2::text[], $3::integer[]) \
    ON CONFLICT DO NOTHING";
const LAST: &str = "SELECT product, version, words, authenticated, token_group, schema, \
    _week, installation FROM ktel_last \
    WHERE (schema, installation, _week) IN \
    (SELECT * FROM unnest($1::text[], $2::text[], $3::integer[])) \
    ORDER BY schema, installation, _week FOR UPDATE";
const REMEMBER: &str = "UPDATE ktel_last AS it \
    SET product = given.product, version = given.version, words = given.words, \
    authenticated = given.authenticated, token_group = given.token_group \
    FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], \
    $7::smallint[], $8::smallint[]) AS given (schema, installation, _week, product, version, \
    words, authenticated, token_group) \
    WHERE (it.schema, it.installation, it._week) = \
    (given.schema, given.installation, given._week)";
const CHANGE: &str = "INSERT INTO ktel_counts (product, _week, version, schema, field, word, \
    number, senders, authenticated, token_group) SELECT * FROM unnest($1::text[], \
    $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], \
    $9::smallint[], $10::smallint[]) ON CONFLICT (product, _week, version, schema, field, word, \
    authenticated, token_group) DO UPDATE \
    SET number = ktel_counts.number + excluded.number, \
    senders = ktel_counts.senders + excluded.senders";

/// What every group asks, prepared once.
pub(super) struct Statements {
    claim: Statement,
    last: Statement,
    remember: Statement,
    change: Statement,
}

impl Statements {
    pub(super) async fn prepare(session: &mut Session) -> Result<Self, Error> {
        Ok(Self {
            claim: session.prepare(CLAIM).await?,
            last: session.prepare(LAST).await?,
            remember: session.prepare(REMEMBER).await?,
            change: session.prepare(CHANGE).await?,
        })
    }

    /// Gives what changes with new records; asks the database only where they speak of installations.
    pub(super) async fn changes(
        &self,
        client: &Client,
        records: &[&Record],
    ) -> Result<Changes, Error> {
        let known = installations(records);
        let mut last = BTreeMap::new();
        if !known.is_empty() {
            let schemas: Vec<&str> = known.iter().map(|it| it.schema.as_str()).collect();
            let ids: Vec<&str> = known.iter().map(|it| it.id.as_str()).collect();
            let weeks: Vec<i32> = known.iter().map(|it| it.week).collect();
            let values: [&(dyn ToSql + Sync); 3] = [&schemas, &ids, &weeks];
            let claimed = client.execute(&self.claim, &values);
            let (_, rows) = try_join!(biased; claimed, client.query(&self.last, &values))?;
            for row in rows {
                last.insert(installation_of(&row, row.try_get(7)?)?, last_of(&row)?);
            }
        }
        Ok(Changes::of(records, last))
    }

    /// Counts what has changed.
    pub(super) async fn write(&self, client: &Client, changes: &Changes) -> Result<(), Error> {
        let remembered = remember(client, &self.remember, &changes.last);
        try_join!(biased; remembered, change(client, &self.change, changes))?;
        Ok(())
    }
}

/// Subtracts the last reports of an installation, and deletes them.
pub(super) async fn forget(transaction: &Transaction<'_>, id: &str) -> Result<(), Error> {
    let gone = "DELETE FROM ktel_last WHERE installation = $1 \
                RETURNING product, version, words, authenticated, token_group, schema, _week";
    let mut changes = Changes::default();
    for row in transaction.query(gone, &[&id]).await? {
        changes.count(&installation_of(&row, id.to_owned())?, &last_of(&row)?, -1);
    }
    change(transaction.client(), &transaction.prepare(CHANGE).await?, &changes).await
}

fn installation_of(row: &Row, id: String) -> Result<Installation, Error> {
    Ok(Installation { schema: row.try_get(5)?, id, week: row.try_get(6)? })
}

fn last_of(row: &Row) -> Result<Last, Error> {
    let words: &str = row.try_get(2)?;
    let (product, version) = (row.try_get(0)?, row.try_get(1)?);
    let authenticated = row.try_get::<_, i16>(3)? != 0;
    let sender = SenderGroup { authenticated, token_group: row.try_get(4)? };
    Ok(Last { product, version, sender, words: counts::read(words) })
}

async fn remember(
    client: &Client,
    statement: &Statement,
    last: &BTreeMap<Installation, Last>,
) -> Result<(), Error> {
    if last.is_empty() {
        return Ok(());
    }
    let schemas: Vec<&str> = last.keys().map(|it| it.schema.as_str()).collect();
    let ids: Vec<&str> = last.keys().map(|it| it.id.as_str()).collect();
    let weeks: Vec<i32> = last.keys().map(|it| it.week).collect();
    let products: Vec<&str> = last.values().map(|it| it.product.as_str()).collect();
    let versions: Vec<&str> = last.values().map(|it| it.version.as_str()).collect();
    let words: Vec<String> = last.values().map(|it| counts::write(&it.words)).collect();
    let senders = || last.values().map(|it| it.sender);
    let authenticated: Vec<i16> = senders().map(|it| it.authenticated.into()).collect();
    let token_groups: Vec<i16> = senders().map(|it| it.token_group).collect();
    let values: [&(dyn ToSql + Sync); 8] =
        [&schemas, &ids, &weeks, &products, &versions, &words, &authenticated, &token_groups];
    client.execute(statement, &values).await?;
    Ok(())
}

async fn change(client: &Client, statement: &Statement, changes: &Changes) -> Result<(), Error> {
    if changes.counts.is_empty() {
        return Ok(());
    }
    let keys = || changes.counts.keys();
    let products: Vec<&str> = keys().map(|it| it.product.as_str()).collect();
    let weeks: Vec<i32> = keys().map(|it| it.week).collect();
    let versions: Vec<&str> = keys().map(|it| it.version.as_str()).collect();
    let schemas: Vec<&str> = keys().map(|it| it.schema.as_str()).collect();
    let fields: Vec<&str> = keys().map(|it| it.value.field.as_str()).collect();
    let words: Vec<&str> = keys().map(|it| it.value.word.as_str()).collect();
    let numbers: Vec<i64> = changes.counts.values().map(|(number, _)| *number).collect();
    let senders: Vec<i64> = changes.counts.values().map(|(_, senders)| *senders).collect();
    let authenticated: Vec<i16> = keys().map(|it| it.sender.authenticated.into()).collect();
    let token_groups: Vec<i16> = keys().map(|it| it.sender.token_group).collect();
    let values: [&(dyn ToSql + Sync); 10] = [
        &products,
        &weeks,
        &versions,
        &schemas,
        &fields,
        &words,
        &numbers,
        &senders,
        &authenticated,
        &token_groups,
    ];
    client.execute(statement, &values).await?;
    Ok(())
}

/// Gives the counts that are asked for.
pub(crate) async fn select(client: &Client, asked: &Asked) -> Result<Vec<Count>, Error> {
    let sql = counts::select(asked, |number| format!("${number}"));
    let (from, to) = (day_number(asked.from), day_number(asked.to));
    let authenticated = counts::column(asked.population);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&from, &to, &authenticated];
    values.extend(asked.product.iter().map(|it| it as &(dyn ToSql + Sync)));
    values.extend(asked.version.iter().map(|it| it as &(dyn ToSql + Sync)));
    let rows = client.query(&sql, &values).await?;
    rows.iter().map(count).collect()
}

/// Gives the counts of a period, by product.
pub(crate) async fn select_by_product(
    client: &Client,
    population: Population,
    (from, to): (Date, Date),
) -> Result<Vec<(String, Count)>, Error> {
    let sql = counts::select_by_product(|number| format!("${number}"));
    let authenticated = counts::column(population);
    let values: [&(dyn ToSql + Sync); 3] = [&day_number(from), &day_number(to), &authenticated];
    let rows = client.query(&sql, &values).await?;
    rows.iter().map(|row| Ok((row.try_get(6)?, count(row)?))).collect()
}

fn count(row: &Row) -> Result<Count, Error> {
    Ok(Count {
        week: date_of(row.try_get(0)?),
        schema: row.try_get(1)?,
        value: FieldWord { field: row.try_get(2)?, word: row.try_get(3)? },
        is_other: false,
        number: row.try_get(4)?,
        senders: row.try_get(5)?,
    })
}

/// Gives every product and its versions.
pub(crate) async fn versions(
    client: &Client,
    population: Population,
) -> Result<Vec<Version>, Error> {
    let sql = counts::versions(|number| format!("${number}"));
    let rows = client.query(&sql, &[&counts::column(population)]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
