//! What every store promises, whatever database is behind it.

use std::collections::BTreeSet;

use jiff::civil::date;
use ktel_model::Schema;
use ktel_server::record::Cell;
use ktel_server::store::{Error, Place, Stored};
use ktel_server::token::{Role, Stamp};
use ktel_server::{Catalog, Store};
use serde_json::{Value, json};

use crate::support::{TODAY, on, pods, record, section, table};

/// Runs every promise against a fresh place of one database.
macro_rules! promises {
    ($database:ident: $($promise:ident),* $(,)?) => {
        mod $database {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    let Some(fresh) = super::Fresh::$database() else { return };
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
            a_column_that_changed_its_type_is_refused,
            history_is_kept_and_the_latest_is_a_view,
            tokens_are_kept_as_hashes,
            a_store_that_can_write_is_ready,
        })*
    };
}

databases!(sqlite);

/// A place that nobody used before, and that goes when it is dropped.
struct Fresh {
    place: Place,
    _keep: tempfile::TempDir,
}

impl Fresh {
    fn sqlite() -> Option<Self> {
        let keep = tempfile::tempdir().unwrap();
        let place = Place::Folder(keep.path().join("not/there/yet"));
        Some(Self { place, _keep: keep })
    }

    fn open(&self) -> Store {
        self.open_with(&Catalog::built_in()).unwrap()
    }

    fn open_with(&self, catalog: &Catalog) -> Result<Store, Error> {
        Store::open(&self.place, &catalog.tables())
    }
}

async fn what_is_stored_is_read_back_in_typed_columns(fresh: &Fresh) {
    let store = fresh.open();
    let cells = [("pods", Cell::Integer(i64::MAX)), ("nodes_bucket", Cell::Text("2-5".into()))];
    let rows = vec![section("ktel/cluster-state", &cells, &[]), pods(7)];
    assert_eq!(store.append(record("1", rows)).await.unwrap(), Stored::New);
    let rows = store.rows(&table("ktel/cluster-state")).await.unwrap();
    let positions: Vec<&Value> = rows.iter().map(|row| &row["_position"]).collect();
    assert_eq!(positions, [0, 1]);
    assert_eq!(rows[0]["pods"], json!(i64::MAX));
    assert_eq!(rows[0]["nodes_bucket"], "2-5");
    assert_eq!(rows[0]["nodes"], Value::Null);
    assert_eq!(rows[1]["pods"], 7);
    assert_eq!(rows[1]["_product"], "acme");
    let records = store.records().await.unwrap();
    assert_eq!(records[0]["source"], "report");
    assert_eq!(records[0]["id"], "0000000000000001");
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
    assert_eq!(store.append(record("1", vec![pods(1)])).await.unwrap(), Stored::New);
    assert_eq!(store.append(record("1", vec![pods(2)])).await.unwrap(), Stored::Repeated);
    let rows = store.rows(&table("ktel/cluster-state")).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["pods"], 1);
}

async fn the_same_id_on_another_day_is_another_record(fresh: &Fresh) {
    let store = fresh.open();
    for day in [TODAY, date(2026, 11, 20), date(2026, 1, 31), date(2025, 12, 31)] {
        assert_eq!(store.append(on(day, "1", vec![pods(1)])).await.unwrap(), Stored::New);
        assert_eq!(store.append(on(day, "1", vec![pods(1)])).await.unwrap(), Stored::Repeated);
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
                assert!(answers.contains(&Stored::New) && answers.contains(&Stored::Repeated));
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

/// A schema of a product, with one field of a type.
fn widgets(of: &str, more: &str) -> Catalog {
    let text = format!(
        "kts: 1\nschema: acme/widgets\nversion: 1.0.0\nkind: stats\ntitle: Widgets\n\
         purpose: {{question: How many?, value_to_you: More of them., used_for: [planning]}}\n\
         owner: acme\nstability: development\nconsent: ambient\naccess: []\n\
         retention: {{raw: 90d, aggregate: 25mo}}\nfields:\n\
         \x20 who: {{type: id, sensitivity: technical, identifiability: pseudonym, why: History., \
         example: 56279633-3131-436b-b8f2-9008a49a2f12, since: 0.1.0, expires: 2027-11-01}}\n\
         \x20 number: {{{of}, sensitivity: technical, why: Planning., since: 0.1.0, \
         expires: 2027-11-01}}\n{more}"
    );
    Catalog::new([Schema::parse(&text, "widgets.yaml").unwrap()]).unwrap()
}

const COUNT: &str = "type: count, exact: true, example: 3";
const MORE: &str = "  broken: {type: bool, sensitivity: technical, why: Repairs., example: true, \
                    since: 0.1.0, expires: 2027-11-01}\n";

fn widget(catalog: &Catalog, raw: &Value) -> ktel_server::record::Section {
    let table = std::sync::Arc::clone(&catalog.find("acme/widgets", None).unwrap().table);
    let (cells, items) = table.row(raw.as_object().unwrap());
    ktel_server::record::Section { table, cells, items }
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

async fn a_column_that_changed_its_type_is_refused(fresh: &Fresh) {
    drop(fresh.open_with(&widgets(COUNT, "")).unwrap());
    let refused =
        fresh.open_with(&widgets("type: version, exact: full, coarse: minor, example: 1.2.3", ""));
    let error = refused.map(|_| ()).unwrap_err();
    assert!(matches!(&error, Error::Changed { column, .. } if column == "number"), "{error:?}");
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
    let latest = store.latest(&table).await.unwrap();
    let latest: Vec<_> = latest.iter().map(|row| (&row["who"], &row["number"])).collect();
    assert_eq!(latest, [(&json!(one), &json!(2)), (&json!(other), &json!(10))]);
}

async fn tokens_are_kept_as_hashes(fresh: &Fresh) {
    let stamp = Stamp::of("a secret", Role::Ingest, Some("acme".into()));
    let store = fresh.open();
    store.add_token(stamp.clone()).await.unwrap();
    store.add_token(stamp.clone()).await.unwrap();
    drop(store);
    assert_eq!(fresh.open().tokens().await.unwrap(), [stamp]);
}

async fn a_store_that_can_write_is_ready(fresh: &Fresh) {
    let store = fresh.open();
    store.probe().await.unwrap();
    store.probe().await.unwrap();
}
