//! What both databases keep of published tables.

use std::ops::Range;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_server::anonymity::Population;
use ktel_server::publication::Publisher;
use ktel_server::record::Record;
use ktel_server::store::Asked;
use ktel_server::tally::{CountSource, FieldWord};
use ktel_server::{Catalog, Store};

use crate::support::{TODAY, on};

pub(crate) const FLOOR: i64 = 10;
pub(crate) const SCHEMA: &str = "ktel/cluster-state";

pub(crate) fn publisher() -> Publisher {
    Publisher::new(Arc::new(Catalog::built_in()), FLOOR)
}

/// A report of a cluster with so many pods.
pub(crate) fn said(id: &str, day: Date, token_group: u8, pods: &str) -> Record {
    let mut record = Record { token_group, ..on(day, id, Vec::new()) };
    let word =
        |field: &str, word: &str| (FieldWord { field: field.to_owned(), word: word.to_owned() }, 1);
    let source = CountSource { schema: SCHEMA.to_owned(), installation: None };
    record.tally.counts.insert(source, [word("", ""), word("pods", pods)].into());
    record
}

pub(crate) async fn shown(store: &Store, population: Population) -> Vec<(String, String, i64)> {
    let from = TODAY.checked_sub(100.days()).unwrap();
    let to = TODAY.checked_add(100.days()).unwrap();
    let asked = Asked { population, product: None, version: None, from, to };
    let cells = store.published(asked).await.unwrap().into_iter();
    let mut cells: Vec<_> = cells.map(|it| (it.value.field, it.value.word, it.number)).collect();
    cells.sort();
    cells
}

pub(crate) async fn what_is_published_is_kept_in_steps(store: &Store) {
    let publisher = publisher();
    let shown = async || {
        let cells = shown(store, Population::Authenticated).await.into_iter();
        cells.map(|(_, word, number)| format!("{word} {number}")).collect::<Vec<_>>()
    };
    let mut serial = 0;
    let mut send = async |pods: &str, token_groups: Range<u8>| {
        let records = token_groups.map(|token_group| {
            serial += 1;
            said(&serial.to_string(), TODAY, token_group, pods)
        });
        store.append_all(records.collect()).await.unwrap();
    };
    let nothing = Vec::<String>::new();
    send("6-20", 0..10).await;
    send("6-20", 0..10).await;
    assert_eq!(store.publish(&publisher, TODAY).await.unwrap(), 0, "they have ten tokens");
    // The group of the last bit, the sign.
    send("6-20", 63..64).await;
    assert_eq!(store.publish(&publisher, TODAY).await.unwrap(), 1);
    assert_eq!(store.publish(&publisher, TODAY).await.unwrap(), 0, "nobody is new");
    assert_eq!(shown().await, nothing, "the last step is held back");
    send("1", 0..11).await;
    assert_eq!(store.publish(&publisher, TODAY).await.unwrap(), 1);
    assert_eq!(shown().await, [" 20", "6-20 20"]);
    send("6-20", 0..10).await;
    assert_eq!(store.publish(&publisher, TODAY).await.unwrap(), 0);
    // At the end of the week nothing is missing.
    let monday = TODAY.checked_add(2.days()).unwrap();
    assert_eq!(store.publish(&publisher, monday).await.unwrap(), 1);
    assert_eq!(shown().await, [" 40", "1 10", "6-20 30"]);
    // Late reports are published when they are enough.
    send("6-20", 0..10).await;
    assert_eq!(store.publish(&publisher, monday).await.unwrap(), 0);
    send("6-20", 10..11).await;
    assert_eq!(store.publish(&publisher, monday).await.unwrap(), 1);
    assert_eq!(shown().await, [" 50", "1 10", "6-20 40"]);
    let products = store.published_products(Population::Authenticated).await.unwrap();
    assert_eq!(products, ["acme"]);
    let period = (TODAY.checked_sub(100.days()).unwrap(), monday);
    let by_product = store.published_by_product(Population::Authenticated, period).await.unwrap();
    assert!(by_product.iter().all(|(product, _)| product == "acme"), "{by_product:?}");
    assert_eq!(by_product.len(), 3);
    assert!(crate::published::shown(store, Population::Unauthenticated).await.is_empty());
    let ages = TODAY.checked_add(3000.days()).unwrap();
    store.expire(ages).await.unwrap();
    assert_eq!(shown().await, nothing, "it goes with the counts");
}

pub(crate) async fn an_installation_that_changes_its_token_counts_once(store: &Store) {
    let publisher = publisher();
    let report = |id: &str, installation: u8, token_group: u8, authenticated: bool| {
        let record = said(id, TODAY, token_group, "1");
        let counts = record.tally.counts.into_values().map(|words| {
            let installation = Some(format!("installation {installation}"));
            (CountSource { schema: SCHEMA.to_owned(), installation }, words)
        });
        let tally = ktel_server::tally::Tally { version: None, counts: counts.collect() };
        Record { authenticated, ..Record { tally, ..said(id, TODAY, token_group, "1") } }
    };
    let monday = TODAY.checked_add(2.days()).unwrap();
    for installation in 0..9 {
        let id = installation.to_string();
        store.append(report(&id, installation, installation, true)).await.unwrap();
        // The same installation, with another token.
        let id = format!("{installation}again");
        store.append(report(&id, installation, 20 + installation, true)).await.unwrap();
    }
    assert_eq!(store.publish(&publisher, monday).await.unwrap(), 0, "they are nine");
    for installation in 9..12 {
        let id = installation.to_string();
        store.append(report(&id, installation, installation, true)).await.unwrap();
    }
    // Senders without a secret are counted there afterwards.
    for installation in 0..2 {
        let id = format!("{installation}public");
        store.append(report(&id, installation, 0, false)).await.unwrap();
    }
    assert_eq!(store.publish(&publisher, monday).await.unwrap(), 0, "they are ten without one");
    store.append(report("12", 12, 12, true)).await.unwrap();
    assert_eq!(store.publish(&publisher, monday).await.unwrap(), 1);
    let cells = shown(store, Population::Authenticated).await;
    assert_eq!(cells.iter().map(|(.., number)| *number).collect::<Vec<_>>(), [10, 10]);
    store.forget("installation 5").await.unwrap();
    assert_eq!(store.publish(&publisher, monday).await.unwrap(), 0);
    assert_eq!(shown(store, Population::Authenticated).await, cells, "it stays, and names nobody");
}
