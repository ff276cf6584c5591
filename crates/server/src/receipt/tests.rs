//! What a receipt proves, and what is noticed when it is changed.

use jiff::civil::{Date, date};
use serde_json::{Map, Value, json};

use super::{Claim, Error, Receipt, SigningKey, StoredClaim, canonical, digest};
use crate::catalog::Catalog;
use crate::cell::{Cell, Item};
use crate::ingest::{Context, Reason, report};
use crate::record::{Record, Source};
use crate::store::keep::Forgotten;

const TODAY: Date = date(2026, 11, 21);

fn envelope() -> Value {
    json!({
        "schema": "ktel/report", "id": "56279633-3131-436b-b8f2-9008a49a2f12",
        "day": "2026-11-20", "product": {"name": "acme", "ktel": "0.1.0"},
        "schemas": {
            "cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"},
            "mesh-detect": {"schema": "ktel/mesh-detect", "version": "1.0.0"},
        },
        "user": ["mine"], "data": {"cluster-state": {"pods": 3, "services": 2}, "mine": {"x": 1}},
    })
}

fn read(item: &Value) -> Record {
    read_bound(item, None)
}

fn read_bound(item: &Value, token_product: Option<&str>) -> Record {
    let catalog = Catalog::built_in();
    let context = Context {
        catalog: &catalog,
        today: TODAY,
        token_product,
        sender: crate::ingest::Sender::Token(0),
        key: None,
        signer: None,
    };
    report(context, item.as_object().unwrap()).unwrap().record
}

fn receipt(item: &Value) -> (SigningKey, Value) {
    let key = SigningKey::random(TODAY);
    let receipt = key.stored(StoredClaim::of(&read(item)));
    (key, receipt)
}

#[test]
fn a_receipt_is_read_back_and_says_how_long_each_part_is_kept() {
    let (key, receipt) = receipt(&envelope());
    let read = Receipt::read(&receipt).unwrap();
    assert_eq!((read.key, read.receiver()), (key.public(), key.id()));
    let Claim::Stored(stored) = read.claim else { panic!("{receipt}") };
    assert_eq!(stored.received, TODAY);
    // 90 days from the day of the report.
    let until = ("ktel/cluster-state".to_owned(), date(2027, 2, 18));
    assert_eq!(stored.kept_until.into_iter().collect::<Vec<_>>(), [until]);
    // However it was printed in the meantime.
    let pretty = serde_json::to_string_pretty(&receipt).unwrap();
    assert!(Receipt::read(&serde_json::from_str(&pretty).unwrap()).is_ok());
}

#[test]
fn no_member_of_a_receipt_can_be_changed_left_out_or_added() {
    let (_, receipt) = receipt(&envelope());
    let members = receipt.as_object().unwrap();
    for name in members.keys() {
        for value in [json!("other"), json!(null), json!({})] {
            let mut changed = receipt.clone();
            changed[name] = value;
            assert!(Receipt::read(&changed).is_err(), "{name} changed");
        }
        let mut less = members.clone();
        less.shift_remove(name);
        assert!(Receipt::read(&Value::Object(less)).is_err(), "{name} omitted");
    }
    let mut more = Map::new();
    more.insert("kept_for".into(), json!("ever"));
    more.extend(members.clone());
    assert_eq!(Receipt::read(&Value::Object(more)), Err(Error::Signature));
    // Signed by another key under the first one's name.
    let mut unsigned = members.clone();
    unsigned.shift_remove("signature");
    let forged = SigningKey::random(TODAY).sign(&Value::Object(unsigned));
    assert_eq!(Receipt::read(&forged), Err(Error::Form));
}

#[test]
fn the_digest_covers_every_value_that_is_kept_and_none_that_is_not() {
    let record = read(&envelope());
    let expected = concat!(
        r#"{"authenticated":true,"day":"2026-11-20","#,
        r#""id":"56279633-3131-436b-b8f2-9008a49a2f12","product":"acme","received":"2026-11-21","#,
        r#""rows":[{"table":"ktel_cluster_state_v1","values":{"pods":3,"services":2},"words":[]}],"#,
        r#""source":"report"}"#
    );
    assert_eq!(canonical(&record), expected);
    let before = digest(&record);
    let mut more = envelope();
    more["data"]["mine"] = json!({"x": 2});
    more["data"]["cluster-state"]["owner"] = json!("alice");
    assert_eq!(digest(&read(&more)), before, "what is not kept does not matter");
    let changes: [fn(&mut Record); 8] = [
        |it| it.key.id.push('x'),
        |it| it.key.day = TODAY,
        |it| it.received = date(2026, 11, 22),
        |it| it.product = None,
        |it| it.authenticated = false,
        |it| it.source = Source::Events,
        |it| it.sections[0].items.push(word("plugins", "cors", None)),
        |it| it.sections[0].cells[0] = Some(Cell::Integer(4)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut record = record.clone();
        change(&mut record);
        assert_ne!(digest(&record), before, "{number}");
    }
}

fn word(field: &str, word: &str, value: Option<Cell>) -> Item {
    Item { field: field.to_owned(), word: word.to_owned(), value }
}

#[test]
fn words_are_covered_in_one_order_however_they_came() {
    let words = [
        word("plugins", "cors", Some(Cell::Text("2-5".into()))),
        word("mesh", "linkerd", Some(Cell::Integer(3))),
        word("mesh", "istio", None),
    ];
    let with = |words: Vec<Item>| {
        let mut record = read(&envelope());
        record.sections[0].items = words;
        canonical(&record)
    };
    let backwards = words.iter().rev().cloned().collect();
    let expected = concat!(
        r#""words":[{"bucket":null,"field":"mesh","number":null,"word":"istio"},"#,
        r#"{"bucket":null,"field":"mesh","number":3,"word":"linkerd"},"#,
        r#"{"bucket":"2-5","field":"plugins","number":null,"word":"cors"}]"#
    );
    for words in [words.to_vec(), backwards] {
        let covered = with(words);
        assert!(covered.contains(expected), "{covered}");
    }
}

#[test]
fn a_report_is_compared_with_what_was_stored_of_it() {
    let catalog = Catalog::built_in();
    let item = envelope();
    let (_, receipt) = receipt(&item);
    let read = Receipt::read(&receipt).unwrap();
    let compare = |text: String| read.compare(text.as_bytes(), &catalog);
    assert_eq!(compare(item.to_string()), Ok(()));
    assert_eq!(compare(serde_json::to_string_pretty(&item).unwrap()), Ok(()));
    let mut other = item.clone();
    other["data"]["cluster-state"]["pods"] = json!(4);
    assert_eq!(compare(other.to_string()), Err(Error::Differs));
    assert_eq!(compare(format!("not this\n{other}\n{item}\n")), Ok(()), "one a line");
    let differs = other.to_string();
    other["id"] = json!("another-id-that-is-long");
    assert_eq!(compare(format!("{differs}\n{other}\n")), Err(Error::Differs), "its id is there");
    assert_eq!(compare(other.to_string()), Err(Error::NoReport));
    assert_eq!(compare(String::new()), Err(Error::NoReport));
    let mut day = item.clone();
    day["day"] = json!("2026-11-19");
    assert_eq!(compare(day.to_string()), Err(Error::NoReport));
}

#[test]
fn a_report_that_nobody_would_have_stored_is_told_from_another() {
    let catalog = Catalog::built_in();
    let (_, receipt) = receipt(&envelope());
    let read = Receipt::read(&receipt).unwrap();
    for (member, value, reason) in [
        ("signature", json!("ed25519:none"), Reason::Signature),
        ("schemas", json!({}), Reason::Empty),
        ("data", json!(null), Reason::Malformed),
    ] {
        let mut item = envelope();
        item[member] = value;
        let compared = read.compare(item.to_string().as_bytes(), &catalog);
        assert_eq!(compared, Err(Error::Rejected(reason)), "{member}");
    }
}

#[test]
fn a_report_that_names_no_product_is_of_the_one_that_its_token_speaks_for() {
    let mut item = envelope();
    item["product"] = json!({"ktel": "0.1.0"});
    let token_product =
        SigningKey::random(TODAY).stored(StoredClaim::of(&read_bound(&item, Some("acme"))));
    let unbound = SigningKey::random(TODAY).stored(StoredClaim::of(&read(&item)));
    for (receipt, product) in [(token_product, json!("acme")), (unbound, json!(null))] {
        assert_eq!(receipt["product"], product);
        let receipt = Receipt::read(&receipt).unwrap();
        let compared = receipt.compare(item.to_string().as_bytes(), &Catalog::built_in());
        assert_eq!(compared, Ok(()), "{product}");
    }
}

#[test]
fn forgetting_has_a_receipt_too() {
    let key = SigningKey::random(TODAY);
    let rows = [("one".to_owned(), 2), ("two".to_owned(), 3)].into();
    let receipt = key.forgotten("an id", TODAY, &Forgotten { rows, items: 1, records: 4 });
    let said = json!([receipt["rows"], receipt["items"], receipt["records"]]);
    assert_eq!(said, json!([{"one": 2, "two": 3}, 1, 4]));
    let read = Receipt::read(&receipt).unwrap();
    let installation = "an id".to_owned();
    assert_eq!(read.claim, Claim::Forgotten { installation, day: TODAY, rows: 5 });
    assert_eq!(read.compare(b"{}", &Catalog::built_in()), Err(Error::OfNoReport));
}

#[test]
fn a_key_survives_being_written_and_shows_no_secret() {
    let key = SigningKey::random(TODAY);
    let (secret, made) = key.row();
    let again = SigningKey::from_row(&secret, made).unwrap();
    assert_eq!((again.id(), again.made), (key.id(), TODAY));
    let shown = format!("{key:?} {}", key.described());
    assert!(!shown.contains(secret.get(32..64).unwrap()), "{shown}");
    for wrong in ["", "zz", secret.get(2..).unwrap(), secret.get(1..).unwrap()] {
        assert!(SigningKey::from_row(wrong, made).is_none(), "{wrong}");
    }
}
