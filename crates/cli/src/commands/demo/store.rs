//! Stores what the made-up installations sent, as the receiver would have in the weeks before.

use std::path::Path;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_model::Schema;
use ktel_model::standard::schema::Form;
use ktel_server::catalog::Entry;
use ktel_server::end_of_life::EndOfLife;
use ktel_server::limits::MIN_GROUP_SIZE_DEFAULT;
use ktel_server::publication::Publisher;
use ktel_server::record::{Record, RecordKey, Section, Source};
use ktel_server::store::Place;
use ktel_server::tally::Tally;
use ktel_server::{Catalog, Store};
use serde_json::{Map, Value};

use super::installations::{GATEWAY, Sent, all, id};
use crate::limits::DEMO_RECORDS_AT_ONCE;

/// The product that the installations are of.
pub(super) const PRODUCT: &str = "example-gateway";
/// How many groups of tokens the installations have: as a receiver divides them.
const TOKEN_GROUPS: u64 = ktel_server::limits::TOKEN_GROUPS as u64;

/// The schemas of the gateway.
pub(super) fn schemas() -> Vec<Schema> {
    [("gateway.yaml", include_str!("gateway.yaml")), ("upgrade.yaml", include_str!("upgrade.yaml"))]
        .map(|(name, text)| Schema::parse(text, name).expect("a test parses it"))
        .into()
}

/// When versions of the gateway reach their end of life.
pub(super) fn end_of_life(today: Date) -> EndOfLife {
    let mut ends = EndOfLife::default();
    for (version, weeks) in [("1.4", -5_i64), ("1.5", 12), ("1.6", 30)] {
        if let Ok(day) = today.checked_add(weeks.weeks()) {
            ends.add(GATEWAY, "version", version, day);
        }
    }
    ends
}

/// Stores and publishes everything.
pub(super) async fn fill(
    folder: &Path,
    report: &Map<String, Value>,
    today: Date,
) -> anyhow::Result<()> {
    let catalog = Catalog::new(schemas())?;
    let store = Store::open(&Place::Folder(folder.to_owned()), &catalog.tables())?;
    let mut records = Vec::with_capacity(DEMO_RECORDS_AT_ONCE);
    for sent in all(today, report) {
        records.push(record(&catalog, &sent));
        if records.len() == DEMO_RECORDS_AT_ONCE {
            append(&store, std::mem::take(&mut records)).await?;
        }
    }
    append(&store, records).await?;
    let publisher = Publisher::new(Arc::new(catalog), i64::from(MIN_GROUP_SIZE_DEFAULT));
    store.publish(&publisher, today).await?;
    Ok(())
}

async fn append(store: &Store, records: Vec<Record>) -> anyhow::Result<()> {
    for stored in store.append_all(records).await? {
        stored?;
    }
    Ok(())
}

fn record(catalog: &Catalog, sent: &Sent) -> Record {
    let Sent { day, installation, sections } = sent;
    let mut tally = Tally::default();
    let mut rows = Vec::new();
    for (schema, section) in sections {
        let Some(entry) = catalog.find(schema, None) else { continue };
        rows.push(row(entry, section, *day));
        let who = (schema == GATEWAY).then(|| id(*installation));
        tally.add(&entry.schema, who, section, *day);
    }
    Record {
        key: RecordKey { day: *day, id: format!("{installation:08}-{day}") },
        received: *day,
        product: Some(PRODUCT.to_owned()),
        source: Source::Report,
        authenticated: true,
        token_group: u8::try_from(installation % TOKEN_GROUPS).unwrap_or(0),
        sections: rows,
        tally,
    }
}

fn row(entry: &Entry, section: &Map<String, Value>, day: Date) -> Section {
    let (cells, items) = entry.table.row(&entry.schema.apply(section, Form::Exact, day).sent);
    Section { table: Arc::clone(&entry.table), cells, items }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use ktel_server::Store;
    use ktel_server::anonymity::Population;
    use ktel_server::store::{Asked, Place};
    use serde_json::json;

    use super::{Catalog, PRODUCT, fill, schemas};

    #[tokio::test]
    async fn readers_see_the_installations_of_every_week_that_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let report = json!({"cluster-state": {"pods": 10}});
        let today = date(2026, 11, 18);
        fill(folder.path(), report.as_object().unwrap(), today).await.unwrap();
        let catalog = Catalog::new(schemas()).unwrap();
        let place = Place::Folder(folder.path().to_owned());
        let store = Store::open(&place, &catalog.tables()).unwrap();
        let (population, from, to) = (Population::Authenticated, date(2026, 1, 1), today);
        let product = Some(PRODUCT.to_owned());
        let asked = Asked { population, product, version: None, from, to };
        let cells = store.published(asked).await.unwrap();
        let of = |schema: &str| {
            let all =
                cells.iter().filter(|cell| cell.schema == schema && cell.value.field.is_empty());
            all.map(|cell| cell.number).collect::<Vec<_>>()
        };
        let installations = of("example/gateway");
        assert_eq!(installations.len(), 12, "the running week is one step late: {installations:?}");
        assert!(
            installations.iter().all(|number| (200..=300).contains(number)),
            "{installations:?}"
        );
        assert_eq!(of("ktel/cluster-state").len(), 12);
        assert!(!of("example/upgrade").is_empty());
    }
}
