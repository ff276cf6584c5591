//! A group of records as arrays, one for each column: one statement for each table, however many
//! rows.

use std::collections::{BTreeMap, HashMap};

use futures::future::try_join_all;
use tokio::{join, try_join};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::counts;
use super::session::Session;
use crate::cell::Cell;
use crate::layout::{ColumnKind, Table};
use crate::record::{Record, day_number};
use crate::store::error::Error;
use crate::store::outcome::{Appended, new};
use crate::store::sql::Dialect;

/// Numbers the records in the order in which they came, and inserts them in the order of their keys:
/// two processes that insert the same ones never wait for each other.
const RECORDS: &str = "WITH numbered AS MATERIALIZED (SELECT nextval('ktel_sequence') AS number, \
    given.* FROM unnest($1::integer[], $2::text[], $3::integer[], $4::text[], $5::text[], \
    $6::smallint[]) AS given (_day, id, received, product, source, authenticated)) \
    INSERT INTO ktel_records (_day, _sequence, id, received, product, source, authenticated) \
    SELECT _day, number, id, received, product, source, authenticated FROM numbered \
    ORDER BY _day, id, number ON CONFLICT DO NOTHING RETURNING _day, id, _sequence";
const ITEMS: &str = "INSERT INTO ktel_items (_day, _sequence, _position, field, word, number, \
    bucket) SELECT * FROM unnest($1::integer[], $2::bigint[], $3::integer[], $4::text[], \
    $5::text[], $6::bigint[], $7::text[])";

/// Writes records in one transaction.
///
/// What does not wait for an answer of the database is sent one behind the other, and waited for together:
/// a group of records goes to and fro twice, and twice more where installations are followed.
pub(super) async fn commit(
    session: &mut Session,
    records: &[&Record],
) -> Result<Vec<Appended>, Error> {
    let insert = session.prepare(RECORDS).await?;
    let insert_items = session.prepare(ITEMS).await?;
    let mut inserts = HashMap::new();
    for table in records.iter().flat_map(|it| &it.sections).map(|it| &it.table) {
        if !inserts.contains_key(table.name.as_str()) {
            let statement = session.prepare(&Dialect::Postgres.insert(table)).await?;
            inserts.insert(table.name.as_str(), statement);
        }
    }
    let counting = counts::Statements::prepare(session).await?;
    let client = &session.client;
    let written = async {
        let begin = async { Ok(client.batch_execute("BEGIN").await?) };
        let ((), sequences) = try_join!(biased; begin, keys(client, &insert, records))?;
        let (stored, rows, items) = sort(records, &sequences);
        let changes = counting.changes(client, &new(records, &stored)).await?;
        let rows = rows.values().filter_map(|rows| {
            let statement = inserts.get(rows.table.name.as_str())?;
            Some(rows.insert(client, statement))
        });
        // In this order: behind a statement that fails in the database, a transaction does not commit; and
        // where one could not even be sent, COMMIT is not.
        let is_sent = std::cell::Cell::new(true);
        let behind = async {
            let rows = try_join_all(rows);
            let items = items.insert(client, &insert_items);
            let all = try_join!(biased; rows, items, counting.write(client, &changes));
            is_sent.set(all.is_ok());
            all
        };
        let commit = async {
            if is_sent.get() { Ok(client.batch_execute("COMMIT").await?) } else { Ok(()) }
        };
        let (behind, committed) = join!(biased; behind, commit);
        behind.and(committed).map_err(|error| match error {
            // Nobody knows whether the database heard the last of it.
            Error::Postgres(cause) if cause.code().is_none() => Error::Uncertain(cause),
            known => known,
        })?;
        Ok(stored)
    };
    let written = written.await;
    if written.is_err() {
        // On a connection that broke it cannot be said, and need not.
        drop(client.batch_execute("ROLLBACK").await);
    }
    written
}

/// Inserts the records themselves, and gives the numbers of those that are new.
async fn keys(
    client: &Client,
    insert: &Statement,
    records: &[&Record],
) -> Result<Vec<Option<i64>>, Error> {
    let each = || records.iter();
    let days: Vec<i32> = each().map(|it| day_number(it.key.day)).collect();
    let ids: Vec<&str> = each().map(|it| it.key.id.as_str()).collect();
    let received: Vec<i32> = each().map(|it| day_number(it.received)).collect();
    let products: Vec<Option<&str>> = each().map(|it| it.product.as_deref()).collect();
    let sources: Vec<&str> = each().map(|it| it.source.as_str()).collect();
    let authenticated: Vec<i16> = each().map(|it| i16::from(it.authenticated)).collect();
    let values: [&(dyn ToSql + Sync); 6] =
        [&days, &ids, &received, &products, &sources, &authenticated];
    let rows = client.query(insert, &values).await?;
    let mut places = HashMap::with_capacity(records.len());
    for (place, key) in days.iter().copied().zip(ids).enumerate() {
        // Of two that are the same, the first is the new one.
        places.entry(key).or_insert(place);
    }
    let mut sequences = vec![None; records.len()];
    for row in &rows {
        let key: (i32, &str) = (row.try_get(0)?, row.try_get(1)?);
        let place = places.get(&key).and_then(|place| sequences.get_mut(*place));
        if let Some(sequence) = place {
            *sequence = Some(row.try_get(2)?);
        }
    }
    Ok(sequences)
}

/// The rows of one table.
struct Rows<'r> {
    table: &'r Table,
    days: Vec<i32>,
    sequences: Vec<i64>,
    positions: Vec<i32>,
    products: Vec<Option<&'r str>>,
    columns: Vec<Column<'r>>,
}

/// The values of one column.
enum Column<'r> {
    Boolean(Vec<Option<i16>>),
    Integer(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Text(Vec<Option<&'r str>>),
}

#[derive(Default)]
struct Items<'r> {
    days: Vec<i32>,
    sequences: Vec<i64>,
    positions: Vec<i32>,
    fields: Vec<&'r str>,
    words: Vec<&'r str>,
    numbers: Vec<Option<i64>>,
    buckets: Vec<Option<&'r str>>,
}

/// What became of each record, and the rows of those that are new.
type Sorted<'r> = (Vec<Appended>, BTreeMap<&'r str, Rows<'r>>, Items<'r>);

fn sort<'r>(records: &[&'r Record], sequences: &[Option<i64>]) -> Sorted<'r> {
    let (mut stored, mut rows, mut items) = (Vec::new(), BTreeMap::new(), Items::default());
    for (record, sequence) in records.iter().zip(sequences) {
        let Some(sequence) = *sequence else {
            stored.push(Appended::Repeated);
            continue;
        };
        let day = day_number(record.key.day);
        stored.push(Appended::New);
        for (position, section) in (0..).zip(&record.sections) {
            let table = &*section.table;
            let rows = rows.entry(table.name.as_str()).or_insert_with(|| Rows::new(table));
            rows.days.push(day);
            rows.sequences.push(sequence);
            rows.positions.push(position);
            rows.products.push(record.product.as_deref());
            for (index, column) in rows.columns.iter_mut().enumerate() {
                column.push(section.cells.get(index).and_then(Option::as_ref));
            }
            for item in &section.items {
                items.days.push(day);
                items.sequences.push(sequence);
                items.positions.push(position);
                items.fields.push(&item.field);
                items.words.push(&item.word);
                let (number, bucket) = item.columns();
                items.numbers.push(number);
                items.buckets.push(bucket);
            }
        }
    }
    (stored, rows, items)
}

impl<'r> Rows<'r> {
    fn new(table: &'r Table) -> Self {
        let column = |kind| match kind {
            ColumnKind::Boolean => Column::Boolean(Vec::new()),
            ColumnKind::Integer => Column::Integer(Vec::new()),
            ColumnKind::Real => Column::Real(Vec::new()),
            ColumnKind::Text => Column::Text(Vec::new()),
        };
        let columns = table.columns.iter().map(|it| column(it.kind)).collect();
        let (days, sequences, positions) = Default::default();
        Self { table, days, sequences, positions, products: Vec::new(), columns }
    }

    async fn insert(&self, client: &Client, statement: &Statement) -> Result<(), Error> {
        let Self { table: _, days, sequences, positions, products, columns } = self;
        let own: [&(dyn ToSql + Sync); 4] = [days, sequences, positions, products];
        let columns = columns.iter().map(|column| -> &(dyn ToSql + Sync) {
            match column {
                Column::Boolean(values) => values,
                Column::Integer(values) => values,
                Column::Real(values) => values,
                Column::Text(values) => values,
            }
        });
        let values: Vec<&(dyn ToSql + Sync)> = own.into_iter().chain(columns).collect();
        client.execute(statement, &values).await?;
        Ok(())
    }
}

impl<'r> Column<'r> {
    /// Adds a value; one of another type, which no layout makes, leaves its place empty.
    fn push(&mut self, cell: Option<&'r Cell>) {
        match (self, cell) {
            (Self::Boolean(values), Some(Cell::Boolean(flag))) => {
                values.push(Some(i16::from(*flag)));
            }
            (Self::Integer(values), Some(Cell::Integer(number))) => values.push(Some(*number)),
            (Self::Real(values), Some(Cell::Real(number))) => values.push(Some(*number)),
            (Self::Text(values), Some(Cell::Text(text))) => values.push(Some(text)),
            (Self::Boolean(values), _) => values.push(None),
            (Self::Integer(values), _) => values.push(None),
            (Self::Real(values), _) => values.push(None),
            (Self::Text(values), _) => values.push(None),
        }
    }
}

impl Items<'_> {
    async fn insert(&self, client: &Client, statement: &Statement) -> Result<(), Error> {
        let Self { days, sequences, positions, fields, words, numbers, buckets } = self;
        if days.is_empty() {
            return Ok(());
        }
        let values: [&(dyn ToSql + Sync); 7] =
            [days, sequences, positions, fields, words, numbers, buckets];
        client.execute(statement, &values).await?;
        Ok(())
    }
}
