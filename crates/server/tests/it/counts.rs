//! The counts of charts are those of a look at everything that ever came.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_server::Store;
use ktel_server::anonymity::Population;
use ktel_server::record::{Record, RecordKey, Source};
use ktel_server::store::Asked;
use ktel_server::tally::{CountSource, FieldWord, Tally, week};

use crate::query;
use crate::support::{TODAY, number};

/// What a chart shows: by week, schema, field and word, how often and by how many.
type Counts = BTreeMap<(Date, String, String, String), (i64, i64)>;

fn record(seed: &mut u64, serial: usize) -> Record {
    let mut dice = |sides| number(seed, sides);
    let day = TODAY.checked_sub(i64::try_from(dice(30)).unwrap().days()).unwrap();
    let mut tally = Tally { version: Some(format!("1.{}", dice(2))), ..Tally::default() };
    for schema in ["acme/stats", "ktel/command"] {
        if dice(3) == 0 {
            continue;
        }
        let installation = (schema == "acme/stats").then(|| format!("installation {}", dice(4)));
        let said = ["size", "mesh"].map(|field| {
            let word = ["one", "two", "three"][dice(3)].to_owned();
            (FieldWord { field: field.to_owned(), word }, 1 + dice(3) as u64)
        });
        let all = (FieldWord { field: String::new(), word: String::new() }, 1);
        let said = said.into_iter().chain([all]).collect();
        tally.counts.insert(CountSource { schema: schema.to_owned(), installation }, said);
    }
    Record {
        key: RecordKey { day, id: format!("{serial:0>16}") },
        received: TODAY,
        product: Some(["acme", "other"][dice(2)].to_owned()),
        source: Source::Report,
        authenticated: dice(4) > 0,
        token_group: u8::try_from(dice(3)).unwrap(),
        sections: Vec::new(),
        tally,
    }
}

/// Looks at everything.
fn scan(
    records: &[Record],
    population: Population,
    product: Option<&str>,
    version: Option<&str>,
) -> Counts {
    let mut last: BTreeMap<(Date, &CountSource), &Record> = BTreeMap::new();
    let mut counts = Counts::new();
    for record in records {
        for who in record.tally.counts.keys().filter(|who| who.installation.is_some()) {
            last.insert((week(record.key.day), who), record);
        }
    }
    for record in records {
        for (who, said) in &record.tally.counts {
            let week = week(record.key.day);
            let is_last = last.get(&(week, who)).is_none_or(|last| last.key == record.key);
            let asked = Population::of(record.authenticated) == population
                && product.is_none_or(|product| record.product.as_deref() == Some(product))
                && version.is_none_or(|version| record.tally.version.as_deref() == Some(version));
            if !is_last || !asked {
                continue;
            }
            for (FieldWord { field, word }, count) in said {
                let one = (week, who.schema.clone(), field.clone(), word.clone());
                let count = if who.installation.is_some() { 1 } else { *count };
                let sum = counts.entry(one).or_default();
                *sum = (sum.0 + i64::try_from(count).unwrap(), sum.1 + 1);
            }
        }
    }
    counts
}

async fn read(
    store: &Store,
    population: Population,
    product: Option<&str>,
    version: Option<&str>,
) -> Counts {
    let from = TODAY.checked_sub(60.days()).unwrap();
    let asked = Asked {
        population,
        product: product.map(str::to_owned),
        version: version.map(str::to_owned),
        from,
        to: TODAY,
    };
    let counts = store.counts(asked).await.unwrap().into_iter();
    let one = |count: ktel_server::store::Count| {
        let FieldWord { field, word } = count.value;
        ((count.week, count.schema, field, word), (count.number, count.senders))
    };
    counts.map(one).collect()
}

pub(crate) async fn kept_along_are_those_of_a_full_scan(store: &Store) {
    let mut seed = 11;
    let mut records: Vec<Record> = (0..300).map(|serial| record(&mut seed, serial)).collect();
    for some in records.chunks(7) {
        // A repetition counts once, in the same group or later.
        store.append_all([some, &some[..2]].concat()).await.unwrap();
        store.append(some[0].clone()).await.unwrap();
    }
    check(store, &records).await;
    query::groups_are_made_of_counts_by_product(store).await;
    let from = TODAY.checked_sub(60.days()).unwrap();
    let by_product =
        store.counts_by_product(Population::Authenticated, (from, TODAY)).await.unwrap();
    assert!(by_product.is_sorted_by(|(_, one), (_, next)| one.week >= next.week));
    // A product that nobody else has.
    let only = |who: &CountSource| who.installation.as_deref() == Some("installation 2");
    let mut last =
        records.iter().rev().find(|it| it.tally.counts.keys().any(only)).unwrap().clone();
    (last.product, last.key.id) = (Some("gone".to_owned()), "of installation 2".to_owned());
    last.tally.counts.retain(|who, _| only(who));
    store.append(last.clone()).await.unwrap();
    records.push(last);
    check(store, &records).await;
    store.forget("installation 2").await.unwrap();
    for record in &mut records {
        record.tally.counts.retain(|who, _| who.installation.as_deref() != Some("installation 2"));
    }
    check(store, &records).await;
    let mut expected = Vec::new();
    for (product, version) in
        ["acme", "other"].into_iter().flat_map(|it| [(it, "1.0"), (it, "1.1")])
    {
        let counts =
            scan(&records, Population::Authenticated, Some(product), Some(version)).into_iter();
        let all = counts.filter(|((_, _, field, _), _)| field.is_empty());
        let senders = all.map(|(_, (_, senders))| senders).sum();
        expected.push((product.to_owned(), version.to_owned(), senders));
    }
    assert_eq!(store.versions(Population::Authenticated).await.unwrap(), expected);
}

async fn check(store: &Store, records: &[Record]) {
    for population in Population::ALL {
        for product in [Some("acme"), Some("other"), None] {
            for version in [None, Some("1.0"), Some("1.1"), Some("2.0")] {
                let expected = scan(records, population, product, version);
                let counts = read(store, population, product, version).await;
                assert_eq!(counts, expected, "{population:?} {product:?} {version:?}");
                assert_eq!(expected.is_empty(), version == Some("2.0"));
            }
        }
    }
}
