//! What every store promises, whatever database is behind it.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use ktel_server::anonymity::Population;
use ktel_server::cell::{Cell, Item};
use ktel_server::limits::WRITER_QUEUE_ROWS_MAX;
use ktel_server::receipt::SigningKey;
use ktel_server::record::{Record, Section, Source};
use ktel_server::store::{Appended, Asked, Error, Expired, Place};
use ktel_server::tally::{CountSource, FieldWord};
use ktel_server::token::{Role, TokenRecord};
use ktel_server::{Catalog, Store};
use ktel_testkit::postgres::Postgres;
use serde_json::{Value, json};

use crate::support::{TODAY, on, pods, record, section, table};
use crate::widgets::{COUNT, MORE, row, schema, widget, widgets};
use crate::{counts, published, query};

/// Runs every promise against a fresh place of one database.
macro_rules! promises {
    ($database:ident: $($promise:ident),* $(,)?) => {
        mod $database {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    let fresh = super::Fresh::$database();
                    super::$promise(&fresh).await;
                }
            )*
        }
    };
}

macro_rules! databases {
    ($($database:ident),*) => {
        $(promises! { $database:
            what_is_stored_is_read_back_in_typed_columns,
            the_words_of_lists_and_maps_are_rows,
            a_repetition_is_told_and_changes_nothing,
            the_same_id_on_another_day_is_another_record,
            many_senders_at_once_are_all_stored_once,
            what_was_answered_is_there_after_opening_again,
            a_newer_schema_adds_its_columns_and_keeps_the_rows,
            a_column_that_changed_its_type_is_rejected,
            a_store_of_another_schema_version_is_rejected_and_left_as_it_is,
            history_is_kept_and_the_latest_is_a_view,
            tokens_are_kept_as_hashes,
            a_store_that_can_write_is_ready,
            many_records_at_once_are_answered_in_their_order,
            more_records_than_fit_are_rejected_at_once,
            two_stores_on_one_database_lose_and_double_nothing,
            two_stores_that_take_the_same_in_other_orders_wait_for_each_other_never_in_a_ring,
            what_is_too_old_goes_and_the_rest_stays,
            a_record_lives_as_long_as_the_longest_of_its_sections,
            a_months_later_repetition_is_stored_again_where_the_month_has_gone,
            an_older_versions_rows_go_in_time_as_well,
            forgetting_erases_an_installation_and_nobody_else,
            counts_kept_along_are_those_of_a_full_scan,
            audit_entries_expire,
            counts_end_when_their_schema_says_so,
            what_is_published_is_kept_in_steps,
            an_installation_that_changes_its_token_counts_once,
            one_key_signs_for_all_who_share_a_store,
        })*
    };
}

databases!(sqlite, postgres);

/// A place that nobody used before, and that goes when it is dropped.
struct Fresh {
    place: Place,
    _keep: Option<tempfile::TempDir>,
}

impl Fresh {
    fn sqlite() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let place = Place::Folder(keep.path().join("not/there/yet"));
        Self { place, _keep: Some(keep) }
    }

    fn postgres() -> Self {
        let place = Postgres::shared().database().parse().unwrap();
        Self { place, _keep: None }
    }

    fn open(&self) -> Store {
        self.open_with(&Catalog::built_in()).unwrap()
    }

    /// Changes the database behind the back of the store.
    async fn execute(&self, sql: &str) {
        match &self.place {
            Place::Folder(folder) => {
                let file = folder.join("telemetry.sqlite");
                rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
            }
            Place::Postgres(config) => {
                let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
                let mut driver = tokio::task::JoinSet::new();
                driver.spawn(connection);
                client.batch_execute(sql).await.unwrap();
            }
        }
    }

    fn open_with(&self, catalog: &Catalog) -> Result<Store, Error> {
        Store::open(&self.place, &catalog.tables())
    }
}

async fn what_is_stored_is_read_back_in_typed_columns(fresh: &Fresh) {
    let store = fresh.open();
    let cells = [("pods", Cell::Integer(i64::MAX)), ("nodes_bucket", Cell::Text("2-5".into()))];
    let rows = vec![section("ktel/cluster-state", &cells, &[]), pods(7)];
    let one = on(date(2026, 11, 19), "1", rows);
    let one = Record { source: Source::Otlp, authenticated: false, ..one };
    assert_eq!(store.append(one).await.unwrap(), Appended::New);
    let rows = store.rows(&table("ktel/cluster-state")).await.unwrap();
    let positions: Vec<&Value> = rows.iter().map(|row| &row["_position"]).collect();
    assert_eq!(positions, [0, 1]);
    assert_eq!(rows[0]["pods"], json!(i64::MAX));
    assert_eq!(rows[0]["nodes_bucket"], "2-5");
    assert_eq!(rows[0]["nodes"], Value::Null);
    assert_eq!(rows[1]["pods"], 7);
    assert_eq!(rows[1]["_product"], "acme");
    let records = store.records().await.unwrap();
    let texts = ["id", "product", "source"].map(|name| &records[0][name]);
    assert_eq!(texts, ["0000000000000001", "acme", "otlp"]);
    assert_eq!(records[0]["authenticated"], 0);
    let [day, received] = ["_day", "received"].map(|name| records[0][name].as_i64().unwrap());
    assert_eq!(received - day, 2, "it came two days later");
}

async fn the_words_of_lists_and_maps_are_rows(fresh: &Fresh) {
    let store = fresh.open();
    let items = [
        ("mesh", "istio", None),
        ("mesh", "linkerd", Some(Cell::Integer(3))),
        ("plugins", "cors", Some(Cell::Boolean(true))),
        ("plugins", "rate-limiting", Some(Cell::Text("2-5".into()))),
    ];
    store.append(record("1", vec![section("ktel/cluster-state", &[], &items)])).await.unwrap();
    let mut rows: Vec<_> = store
        .items()
        .await
        .unwrap()
        .into_iter()
        .map(|row| json!([row["field"], row["word"], row["number"], row["bucket"]]).to_string())
        .collect();
    rows.sort();
    let expected = [
        r#"["mesh","istio",null,null]"#,
        r#"["mesh","linkerd",3,null]"#,
        r#"["plugins","cors",1,null]"#,
        r#"["plugins","rate-limiting",null,"2-5"]"#,
    ];
    assert_eq!(rows, expected);
}

async fn a_repetition_is_told_and_changes_nothing(fresh: &Fresh) {
    let store = fresh.open();
    assert_eq!(store.append(record("1", vec![pods(1)])).await.unwrap(), Appended::New);
    assert_eq!(store.append(record("1", vec![pods(2)])).await.unwrap(), Appended::Repeated);
    let rows = store.rows(&table("ktel/cluster-state")).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["pods"], 1);
}

async fn the_same_id_on_another_day_is_another_record(fresh: &Fresh) {
    let store = fresh.open();
    for day in [TODAY, date(2026, 11, 20), date(2026, 1, 31), date(2025, 12, 31)] {
        assert_eq!(store.append(on(day, "1", vec![pods(1)])).await.unwrap(), Appended::New);
        assert_eq!(store.append(on(day, "1", vec![pods(1)])).await.unwrap(), Appended::Repeated);
    }
    assert_eq!(store.rows(&table("ktel/cluster-state")).await.unwrap().len(), 4);
}

async fn many_senders_at_once_are_all_stored_once(fresh: &Fresh) {
    const SENDERS: i64 = 40;
    const EACH: i64 = 10;
    let store = std::sync::Arc::new(fresh.open());
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let store = std::sync::Arc::clone(&store);
        senders.spawn(async move {
            for number in sender * EACH..(sender + 1) * EACH {
                let one = || record(&number.to_string(), vec![pods(number)]);
                let (first, second) = tokio::join!(store.append(one()), store.append(one()));
                let answers = [first.unwrap(), second.unwrap()];
                assert!(answers.contains(&Appended::New) && answers.contains(&Appended::Repeated));
            }
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
    let rows = store.rows(&table("ktel/cluster-state")).await.unwrap();
    let numbers: BTreeSet<i64> = rows.iter().filter_map(|row| row["pods"].as_i64()).collect();
    assert_eq!(numbers, (0..SENDERS * EACH).collect());
    assert_eq!(rows.len(), numbers.len());
}

async fn what_was_answered_is_there_after_opening_again(fresh: &Fresh) {
    for number in 0..3 {
        let store = fresh.open();
        store.append(record(&number.to_string(), vec![pods(number)])).await.unwrap();
        drop(store);
    }
    assert_eq!(fresh.open().rows(&table("ktel/cluster-state")).await.unwrap().len(), 3);
}

async fn a_newer_schema_adds_its_columns_and_keeps_the_rows(fresh: &Fresh) {
    let (old, new) = (widgets(COUNT, ""), widgets(COUNT, MORE));
    let store = fresh.open_with(&old).unwrap();
    store.append(record("1", vec![widget(&old, &json!({"number": 1}))])).await.unwrap();
    drop(store);
    let store = fresh.open_with(&new).unwrap();
    let newer = widget(&new, &json!({"number": 2, "broken": true}));
    store.append(record("2", vec![newer])).await.unwrap();
    let rows = store.rows(&new.find("acme/widgets", None).unwrap().table).await.unwrap();
    let values: Vec<_> = rows.iter().map(|row| (&row["number"], row["broken"].is_null())).collect();
    assert_eq!(values, [(&json!(2), false), (&json!(1), true)]);
    drop(store);
    let store = fresh.open_with(&old).unwrap();
    store.append(record("3", vec![widget(&old, &json!({"number": 3}))])).await.unwrap();
}

async fn a_column_that_changed_its_type_is_rejected(fresh: &Fresh) {
    drop(fresh.open_with(&widgets(COUNT, "")).unwrap());
    let opened =
        fresh.open_with(&widgets("type: version, exact: full, coarse: minor, example: 1.2.3", ""));
    let error = opened.map(|_| ()).unwrap_err();
    assert!(matches!(&error, Error::Changed { column, .. } if column == "number"), "{error:?}");
}

async fn a_store_of_another_schema_version_is_rejected_and_left_as_it_is(fresh: &Fresh) {
    let store = fresh.open();
    store.append(record("1", vec![pods(1)])).await.unwrap();
    drop(store);
    for (change, version) in [
        ("UPDATE ktel_schema SET version = version + 1", 4),
        ("UPDATE ktel_schema SET version = 0", 0),
        // The first version did not record itself.
        ("DROP TABLE ktel_schema", 1),
    ] {
        fresh.execute(change).await;
        let opened = fresh.open_with(&Catalog::built_in()).map(|_| ());
        let error = opened.unwrap_err();
        assert!(
            matches!(error, Error::SchemaVersion { found, .. } if found == version),
            "{change}: {error:?}"
        );
        assert!(error.to_string().contains("export"), "it says what to do: {error}");
    }
    fresh.execute("CREATE TABLE ktel_schema (id integer, version integer)").await;
    fresh.execute("INSERT INTO ktel_schema VALUES (1, 3)").await;
    assert_eq!(fresh.open().records().await.unwrap().len(), 1);
}

async fn history_is_kept_and_the_latest_is_a_view(fresh: &Fresh) {
    let catalog = widgets(COUNT, "");
    let store = fresh.open_with(&catalog).unwrap();
    let (one, other) =
        ("56279633-3131-436b-b8f2-9008a49a2f12", "00000000-3131-436b-b8f2-9008a49a2f12");
    for (id, who, number) in [("1", one, 1), ("2", other, 10), ("3", one, 2)] {
        let row = widget(&catalog, &json!({"who": who, "number": number}));
        store.append(record(id, vec![row])).await.unwrap();
    }
    let table = std::sync::Arc::clone(&catalog.find("acme/widgets", None).unwrap().table);
    assert_eq!(store.rows(&table).await.unwrap().len(), 3);
    let latest = async || {
        let rows = store.latest(&table).await.unwrap();
        rows.iter().map(|row| (row["who"].clone(), row["number"].clone())).collect::<Vec<_>>()
    };
    let signed = [(json!(one), json!(2)), (json!(other), json!(10))];
    assert_eq!(latest().await, signed);
    // Whoever names another's id without its key takes nothing away.
    let row = widget(&catalog, &json!({"who": one, "number": 99}));
    store.append(Record { authenticated: false, ..record("4", vec![row]) }).await.unwrap();
    assert_eq!(latest().await, [&[(json!(one), json!(99))][..], &signed].concat());
}

async fn tokens_are_kept_as_hashes(fresh: &Fresh) {
    let stamp = TokenRecord::of("a secret", Role::Ingest, Some("acme".into()));
    let store = fresh.open();
    store.add_token(stamp.clone()).await.unwrap();
    store.add_token(stamp.clone()).await.unwrap();
    drop(store);
    let (store, other) = (fresh.open(), TokenRecord::of("another", Role::Admin, None));
    assert_eq!(store.tokens().await.unwrap(), std::slice::from_ref(&stamp));
    store.add_token(other.clone()).await.unwrap();
    store.remove_token(stamp).await.unwrap();
    assert_eq!(store.tokens().await.unwrap(), [other]);
}

async fn one_key_signs_for_all_who_share_a_store(fresh: &Fresh) {
    let (one, other) = (fresh.open(), fresh.open());
    let first = one.key(SigningKey::random(TODAY)).await.unwrap();
    for store in [&one, &other, &fresh.open()] {
        let key = store.key(SigningKey::random(before(1))).await.unwrap();
        assert_eq!((key.id(), key.described()), (first.id(), first.described()));
    }
}

async fn a_store_that_can_write_is_ready(fresh: &Fresh) {
    let store = fresh.open();
    store.probe().await.unwrap();
    store.probe().await.unwrap();
}

async fn many_records_at_once_are_answered_in_their_order(fresh: &Fresh) {
    let store = fresh.open();
    assert!(store.append_all(Vec::new()).await.unwrap().is_empty());
    store.append(record("5", vec![pods(5)])).await.unwrap();
    let numbers = (0..1000).chain([3]);
    let records = numbers.clone().map(|it: i64| record(&it.to_string(), vec![pods(it)]));
    let answers = store.append_all(records.collect()).await.unwrap();
    for ((place, number), answer) in (0..).zip(numbers).zip(answers) {
        let repeated = number == 5 || place == 1000;
        let expected = if repeated { Appended::Repeated } else { Appended::New };
        assert_eq!(answer.unwrap(), expected, "{place}");
    }
    // The newest come first, and the limit of a look is as many as there are.
    let rows = store.rows(&table("ktel/cluster-state")).await.unwrap();
    let numbers: Vec<i64> = rows.iter().filter_map(|row| row["pods"].as_i64()).collect();
    let expected: Vec<i64> = (0..1000).rev().filter(|it| *it != 5).chain([5]).collect();
    assert_eq!(numbers, expected);
}

async fn more_records_than_fit_are_rejected_at_once(fresh: &Fresh) {
    let store = fresh.open();
    let records = |count: u32| (0..count).map(|it| record(&it.to_string(), Vec::new())).collect();
    let (one, other) = tokio::join!(
        store.append_all(records(WRITER_QUEUE_ROWS_MAX + 1)),
        store.append_all(vec![record("1", Vec::new())])
    );
    assert!(one.is_ok() && matches!(other, Err(Error::Busy)), "{other:?}");
    let (one, other) = tokio::join!(
        store.append_all(records(WRITER_QUEUE_ROWS_MAX - 1)),
        store.append_all(vec![record("1", Vec::new())])
    );
    assert!(one.is_ok() && other.is_ok(), "there is room again, for both");
}

async fn two_stores_on_one_database_lose_and_double_nothing(fresh: &Fresh) {
    const NUMBERS: i64 = 400;
    let place = fresh.place.clone();
    let opened =
        std::thread::spawn(move || Store::open(&place, &Catalog::built_in().tables()).unwrap());
    let stores = [fresh.open(), opened.join().unwrap()].map(std::sync::Arc::new);
    let mut senders = tokio::task::JoinSet::new();
    for (number, backwards) in (0..NUMBERS).flat_map(|it| [(it, false), (it, true)]) {
        let number = if backwards { NUMBERS - 1 - number } else { number };
        let store = std::sync::Arc::clone(&stores[usize::from(backwards)]);
        senders.spawn(async move {
            store.append(record(&number.to_string(), vec![pods(number)])).await.unwrap()
        });
    }
    let answers = senders.join_all().await;
    let new = answers.iter().filter(|answer| **answer == Appended::New).count();
    assert_eq!((new, answers.len()), (NUMBERS as usize, 2 * NUMBERS as usize));
    for store in stores {
        let rows = store.rows(&table("ktel/cluster-state")).await.unwrap();
        let numbers: BTreeSet<i64> = rows.iter().filter_map(|row| row["pods"].as_i64()).collect();
        assert_eq!((rows.len(), numbers.len()), (NUMBERS as usize, NUMBERS as usize));
    }
}

/// Two schemas, of which one is kept longer.
fn short_and_long() -> Catalog {
    let all = [schema("short", "30d", COUNT, ""), schema("long", "90d", COUNT, "")];
    Catalog::new(all).unwrap()
}

fn before(days: i32) -> Date {
    TODAY.checked_sub(days.days()).unwrap()
}

async fn numbers(store: &Store, catalog: &Catalog, id: &str) -> Vec<i64> {
    let table = std::sync::Arc::clone(&catalog.find(id, None).unwrap().table);
    let rows = store.rows(&table).await.unwrap();
    let mut numbers: Vec<i64> = rows.iter().filter_map(|row| row["number"].as_i64()).collect();
    numbers.sort_unstable();
    numbers
}

async fn two_stores_that_take_the_same_in_other_orders_wait_for_each_other_never_in_a_ring(
    fresh: &Fresh,
) {
    const ROUNDS: usize = 10;
    const EACH: usize = 400;
    let (one, other) = (fresh.open(), fresh.open());
    for round in 0..ROUNDS {
        let numbers = round * EACH..(round + 1) * EACH;
        let forwards: Vec<_> = numbers.map(|it| record(&it.to_string(), Vec::new())).collect();
        let backwards = forwards.iter().rev().cloned().collect();
        let (first, second) = tokio::join!(one.append_all(forwards), other.append_all(backwards));
        let answers = first.unwrap().into_iter().chain(second.unwrap());
        assert_eq!(answers.filter(|it| *it.as_ref().unwrap() == Appended::New).count(), EACH);
    }
}

async fn what_is_too_old_goes_and_the_rest_stays(fresh: &Fresh) {
    const MANY: i64 = 2500; // more than go in one turn
    let catalog = short_and_long();
    let store = fresh.open_with(&catalog).unwrap();
    for (days, numbers) in [
        (0, 0..1),
        (30, 30..31),
        (31, 1000..1000 + MANY),
        (90, 90..91),
        (91, 91..92),
        (399, 399..400),
    ] {
        for some in numbers.collect::<Vec<_>>().chunks(1000) {
            let both = some.iter().map(|number| {
                let raw = json!({"number": number});
                let mut sections = vec![row("acme/short", &catalog, &raw)];
                // So few that one look shows them all.
                if *number < 1900 {
                    sections.push(row("acme/long", &catalog, &raw));
                }
                on(before(days), &number.to_string(), sections)
            });
            store.append_all(both.collect()).await.unwrap();
        }
    }
    let expired = store.expire(TODAY).await.unwrap();
    assert!(expired.rows >= MANY as u64, "{expired:?}");
    assert_eq!(numbers(&store, &catalog, "acme/short").await, [0, 30]);
    let long = numbers(&store, &catalog, "acme/long").await;
    assert!(long.contains(&90) && !long.contains(&91) && !long.contains(&399), "{long:?}");
    assert_eq!(long.len(), 903);
    assert_eq!(store.expire(TODAY).await.unwrap(), Expired::default());
    let later = store.expire(TODAY.checked_add(400.days()).unwrap()).await.unwrap();
    assert!(later != Expired::default());
    assert!(numbers(&store, &catalog, "acme/long").await.is_empty());
    assert!(store.records().await.unwrap().is_empty());
}

async fn counts_end_when_their_schema_says_so(fresh: &Fresh) {
    // The sums of one are kept for 30 days, of the other for two years; nobody knows the third.
    let mut short = schema("short", "1d", COUNT, "");
    short.retention.aggregate = "30d".into();
    let catalog = Catalog::new([short, schema("long", "1d", COUNT, "")]).unwrap();
    let store = fresh.open_with(&catalog).unwrap();
    for days in [0, 29, 37, 400] {
        let mut record = on(before(days), &days.to_string(), vec![]);
        for schema in ["acme/short", "acme/long", "acme/unknown"] {
            let who = CountSource { schema: schema.into(), installation: None };
            let said = FieldWord { field: days.to_string(), word: String::new() };
            record.tally.counts.insert(who, [(said, 1)].into());
        }
        store.append(record).await.unwrap();
    }
    let left = async |today: Date| {
        store.expire(today).await.unwrap();
        let asked = Asked {
            population: Population::Authenticated,
            product: None,
            version: None,
            from: before(800),
            to: TODAY,
        };
        let counts = store.counts(asked).await.unwrap().into_iter();
        let mut left: Vec<String> =
            counts.map(|it| format!("{} {}", it.schema, it.value.field)).collect();
        left.sort();
        left
    };
    let of = |schema: &'static str, days: &[i32]| {
        days.iter().map(move |days| format!("acme/{schema} {days}")).collect::<Vec<_>>()
    };
    let (long, unknown) = (of("long", &[0, 29, 37, 400]), of("unknown", &[0, 29, 37, 400]));
    // A week goes when its last day is too old: that of 29 days ago ended 27 days ago.
    assert_eq!(left(TODAY).await, [long.clone(), of("short", &[0, 29]), unknown.clone()].concat());
    let later = TODAY.checked_add(40.days()).unwrap();
    assert_eq!(left(later).await, [long, unknown.clone()].concat());
    let years = TODAY.checked_add(750.days()).unwrap();
    assert_eq!(left(years).await, [of("long", &[0]), unknown].concat());
    let ages = TODAY.checked_add(1900.days()).unwrap();
    assert!(left(ages).await.is_empty());
}

async fn a_record_lives_as_long_as_the_longest_of_its_sections(fresh: &Fresh) {
    let catalog = short_and_long();
    let store = fresh.open_with(&catalog).unwrap();
    let words = |mut section: Section, field: &str| {
        section.items.push(Item { field: field.into(), word: "a".into(), value: None });
        section
    };
    let raw = json!({"number": 1});
    let short = || words(row("acme/short", &catalog, &raw), "short");
    let long = || words(row("acme/long", &catalog, &raw), "long");
    for (id, sections) in [("1", vec![short(), long()]), ("2", vec![short()]), ("3", vec![])] {
        store.append(on(before(31), id, sections)).await.unwrap();
    }
    store.expire(TODAY).await.unwrap();
    let ids: BTreeSet<String> =
        store.records().await.unwrap().iter().map(|it| it["id"].to_string()).collect();
    let kept = ["\"0000000000000001\"", "\"0000000000000003\""].map(str::to_owned);
    assert_eq!(ids, BTreeSet::from(kept));
    let items = store.items().await.unwrap();
    assert_eq!(items.iter().map(|it| &it["field"]).collect::<Vec<_>>(), ["long"]);
    store.expire(TODAY.checked_add(60.days()).unwrap()).await.unwrap();
    assert!(store.records().await.unwrap().is_empty() && store.items().await.unwrap().is_empty());
}

async fn a_months_later_repetition_is_stored_again_where_the_month_has_gone(fresh: &Fresh) {
    let stores = [fresh.open(), fresh.open()];
    let old = || on(before(399), "1", vec![pods(1)]);
    for store in &stores {
        store.append(old()).await.unwrap();
    }
    stores[0].expire(TODAY).await.unwrap();
    assert!(stores[0].records().await.unwrap().is_empty());
    // The other process does not know yet that it has gone.
    assert_eq!(stores[1].append(old()).await.unwrap(), Appended::New);
    assert_eq!(stores[0].append(old()).await.unwrap(), Appended::Repeated);
}

async fn an_older_versions_rows_go_in_time_as_well(fresh: &Fresh) {
    let catalog = short_and_long();
    let store = fresh.open_with(&catalog).unwrap();
    let section = row("acme/short", &catalog, &json!({"number": 1}));
    store.append(on(before(31), "1", vec![section])).await.unwrap();
    drop(store);
    let without = fresh.open();
    without.expire(TODAY).await.unwrap();
    assert!(without.records().await.unwrap().is_empty());
    drop(without);
    let store = fresh.open_with(&catalog).unwrap();
    assert!(numbers(&store, &catalog, "acme/short").await.is_empty());
}

async fn forgetting_erases_an_installation_and_nobody_else(fresh: &Fresh) {
    let catalog = short_and_long();
    let store = fresh.open_with(&catalog).unwrap();
    let (one, other) =
        ("56279633-3131-436b-b8f2-9008a49a2f12", "00000000-3131-436b-b8f2-9008a49a2f12");
    let of = |id: &str, who: &str, number: i64| {
        let mut section = row(id, &catalog, &json!({"who": who, "number": number}));
        section.items.push(Item { field: who.into(), word: "a".into(), value: None });
        section
    };
    let short = |who, number| of("acme/short", who, number);
    for (id, day, sections) in [
        ("1", 0, vec![short(one, 1)]),
        ("2", 40, vec![short(one, 2), of("acme/long", one, 2)]),
        ("3", 1, vec![short(other, 3), short(one, 3)]),
        ("4", 0, vec![short(other, 4)]),
    ] {
        store.append(on(before(day), id, sections)).await.unwrap();
    }
    let forgotten = store.forget(one).await.unwrap();
    let rows = [("acme_long_v1".to_owned(), 1), ("acme_short_v1".to_owned(), 3)];
    assert_eq!((forgotten.items, forgotten.records), (4, 2), "{forgotten:?}");
    assert_eq!(forgotten.rows, rows.into());
    assert_eq!(numbers(&store, &catalog, "acme/short").await, [3, 4]);
    assert!(numbers(&store, &catalog, "acme/long").await.is_empty());
    let items = store.items().await.unwrap();
    assert!(items.len() == 2 && items.iter().all(|it| it["field"] == other), "{items:?}");
    assert_eq!(store.records().await.unwrap().len(), 2);
    let again = store.forget(one).await.unwrap();
    assert_eq!((again.rows.values().sum::<u64>(), again.items, again.records), (0, 0, 0));
}

async fn counts_kept_along_are_those_of_a_full_scan(fresh: &Fresh) {
    counts::kept_along_are_those_of_a_full_scan(&fresh.open()).await;
}

async fn what_is_published_is_kept_in_steps(fresh: &Fresh) {
    published::what_is_published_is_kept_in_steps(&fresh.open()).await;
}

async fn an_installation_that_changes_its_token_counts_once(fresh: &Fresh) {
    published::an_installation_that_changes_its_token_counts_once(&fresh.open()).await;
}

async fn audit_entries_expire(fresh: &Fresh) {
    query::audit_entries_expire(&fresh.open()).await;
}
