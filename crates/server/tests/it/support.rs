//! What the tests share: records to store.

use std::sync::{Arc, LazyLock};

use jiff::civil::{Date, date};
use ktel_server::Catalog;
use ktel_server::cell::{Cell, Item};
use ktel_server::layout::Table;
use ktel_server::record::{Record, RecordKey, Section, Source};
use ktel_server::tally::Tally;

pub(crate) const TODAY: Date = date(2026, 11, 21);

/// Read once: the standard takes longer to parse than a thousand records to store.
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::built_in);

pub(crate) fn table(id: &str) -> Arc<Table> {
    Arc::clone(&CATALOG.find(id, None).expect("it is built in").table)
}

pub(crate) fn section(
    id: &str,
    cells: &[(&str, Cell)],
    items: &[(&str, &str, Option<Cell>)],
) -> Section {
    let table = table(id);
    let value = |name: &str| cells.iter().find(|(known, _)| *known == name);
    let cells =
        table.columns.iter().map(|column| value(&column.name).map(|(_, cell)| cell.clone()));
    let cells = cells.collect();
    let items = items.iter().map(|(field, word, value)| Item {
        field: (*field).to_owned(),
        word: (*word).to_owned(),
        value: value.clone(),
    });
    Section { table, cells, items: items.collect() }
}

pub(crate) fn record(id: &str, sections: Vec<Section>) -> Record {
    on(TODAY, id, sections)
}

pub(crate) fn on(day: Date, id: &str, sections: Vec<Section>) -> Record {
    let id = format!("{id:0>16}");
    Record {
        key: RecordKey { day, id },
        received: TODAY,
        product: Some("acme".into()),
        source: Source::Report,
        authenticated: true,
        token_group: 0,
        sections,
        tally: Tally::default(),
    }
}

pub(crate) fn pods(number: i64) -> Section {
    section("ktel/cluster-state", &[("pods", Cell::Integer(number))], &[])
}

/// Throws dice that fall the same in every run.
pub(crate) fn number(seed: &mut u64, sides: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % sides
}
