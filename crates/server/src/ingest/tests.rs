//! What is stored of reports and events, and what is rejected.

use jiff::civil::date;
use serde_json::{Value, json};

use super::{
    Context, Read, Reason, Rejected, Sender, TransportDefaults, collected, events, report,
};
use crate::catalog::Catalog;
use crate::cell::Cell;
use crate::record::Source;

fn with<T>(token_product: Option<&str>, run: impl FnOnce(Context<'_>) -> T) -> T {
    let catalog = Catalog::built_in();
    let today = date(2026, 11, 21);
    run(Context {
        catalog: &catalog,
        today,
        token_product,
        sender: Sender::Token(0),
        key: None,
        signer: None,
    })
}

fn read(item: &Value) -> Result<Read, Reason> {
    with(None, |context| report(context, item.as_object().unwrap()))
}

fn envelope(data: &Value) -> Value {
    json!({
        "schema": "ktel/report", "id": "56279633-3131-436b-b8f2-9008a49a2f12",
        "day": "2026-11-20", "product": {"name": "acme", "ktel": "0.1.0"},
        "schemas": {
            "cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"},
            "new": {"schema": "ktel/of-the-future", "version": "1.0.0"},
        },
        "user": ["mine"], "data": data,
    })
}

#[test]
fn undeclared_values_and_values_of_a_wrong_type_are_omitted() {
    let section = json!({"pods": 3, "services": "many", "owner": "alice"});
    let Read { record, omitted, rejected } =
        read(&envelope(&json!({"cluster-state": section, "mine": {"x": 1}}))).unwrap();
    assert!(rejected.is_empty());
    let cells: Vec<&Cell> = record.sections[0].cells.iter().flatten().collect();
    assert_eq!(cells, [&Cell::Integer(3)]);
    assert_eq!(json!(omitted), json!({"undeclared": 2, "wrong_type": 1}));
    assert_eq!(record.key.day, date(2026, 11, 20));
    assert_eq!(record.product.as_deref(), Some("acme"));
    assert!(!format!("{record:?}").contains("alice"));
}

#[test]
fn a_section_of_an_unknown_schema_does_not_sink_its_neighbour() {
    let both = envelope(&json!({"new": {"x": 1}, "cluster-state": {"pods": 3}}));
    let read_both = read(&both).unwrap();
    assert_eq!(read_both.record.sections.len(), 1);
    assert_eq!(read_both.rejected, [Rejected { part: 0, reason: Reason::UnknownSchema }]);
    assert_eq!(read(&envelope(&json!({"new": {"x": 1}}))), Err(Reason::UnknownSchema));
}

#[test]
fn what_no_report_can_be_is_rejected_with_its_reason() {
    let change = |name: &str, value: Value| {
        let mut item = envelope(&json!({"cluster-state": {"pods": 3}}));
        item[name] = value;
        read(&item).unwrap_err()
    };
    assert_eq!(change("day", json!("2026-13-01")), Reason::Malformed);
    assert_eq!(change("day", json!("2036-11-20")), Reason::Key);
    assert_eq!(change("id", json!("short")), Reason::Key);
    assert_eq!(change("data", json!([])), Reason::Malformed);
    assert_eq!(change("data", json!({})), Reason::Empty);
    assert_eq!(change("product", json!({"name": "Alice's laptop"})), Reason::Malformed);
}

#[test]
fn a_token_of_one_product_does_not_speak_for_another() {
    let item = envelope(&json!({"cluster-state": {"pods": 3}}));
    let read =
        |token_product| with(token_product, |context| report(context, item.as_object().unwrap()));
    assert!(read(Some("acme")).is_ok());
    assert_eq!(read(Some("other")).unwrap_err(), Reason::Product);
}

#[test]
fn a_batch_keeps_its_good_events_and_names_the_bad_ones() {
    let event = |version: &str| {
        json!({"schema_version": 1, "timestamp": "2026-11-19T10:00:00Z", "version": version,
               "os": "linux", "arch": "amd64", "command_path": "get apis"})
    };
    let batch = json!({"schema": "ktel/events", "product": "acme", "id": "0123456789abcdef",
                       "events": [event("1.0.0"), 7, event("1.1.0"), {"who": "alice"}]});
    let read = with(None, |context| events(context, batch.as_object().unwrap())).unwrap();
    assert_eq!(read.record.sections.len(), 2);
    let rejected = [(1, Reason::Malformed), (3, Reason::Empty)];
    assert_eq!(read.rejected, rejected.map(|(part, reason)| Rejected { part, reason }));
    assert_eq!(read.record.key.day, date(2026, 11, 19));
}

#[test]
fn a_collector_takes_bare_reports_and_bare_events() {
    let take = |event: &Value| {
        let defaults =
            TransportDefaults { source: Source::Collector, product: Some("acme"), day: None };
        with(None, |context| collected(context, defaults, event.as_object().unwrap()))
    };
    let sections = |event| take(&event).map(|read| read.record.sections.len());
    assert_eq!(sections(json!({"cluster-state": {"pods": 1}, "mine": 1})), Ok(1));
    assert_eq!(sections(json!({"command_path": "plan", "schema_version": 1})), Ok(1));
    assert_eq!(sections(envelope(&json!({"cluster-state": {"pods": 3}}))), Ok(1));
    assert_eq!(sections(json!({"message": "hello"})), Err(Reason::UnknownSchema));
}

#[test]
fn what_would_be_deleted_at_once_is_rejected_and_not_counted() {
    let on = |day: &str| {
        let mut item = envelope(&json!({"cluster-state": {"pods": 3}}));
        item["day"] = json!(day);
        read(&item).map(|read| read.record.tally.counts.len())
    };
    // 90 days are kept: rows of the 91st day before are deleted on this one.
    assert_eq!(on("2026-08-23"), Ok(1));
    assert_eq!(on("2026-08-22"), Err(Reason::Expired));
    assert_eq!(on("2025-11-21"), Err(Reason::Expired));

    let mut short = Catalog::built_in().find("ktel/cluster-state", None).unwrap().schema.clone();
    (short.vendor, short.retention.raw) = ("acme".into(), "2d".into());
    let catalog = Catalog::new([short]).unwrap();
    let mut item = envelope(&json!({"short": {"pods": 3}, "cluster-state": {"pods": 3}}));
    item["day"] = json!("2026-11-18");
    item["schemas"]["short"] = json!({"schema": "acme/cluster-state", "version": "1.0.0"});
    let today = date(2026, 11, 21);
    let (token_product, key, signer) = (None, None, None);
    let context =
        Context { catalog: &catalog, today, token_product, sender: Sender::Token(0), key, signer };
    let Read { record, rejected, .. } = report(context, item.as_object().unwrap()).unwrap();
    assert_eq!(rejected, [Rejected { part: 0, reason: Reason::Expired }]);
    let counted: Vec<&str> = record.tally.counts.keys().map(|who| who.schema.as_str()).collect();
    assert_eq!((record.sections.len(), counted), (1, vec!["ktel/cluster-state"]));
}

#[test]
fn a_product_key_sends_events_of_its_product_in_whatever_form_and_nothing_else() {
    let event = json!({"schema_version": 1, "timestamp": "2026-11-20T14:30:45Z", "version": "1.0.0",
        "os": "linux", "arch": "amd64", "command_path": "plan"});
    let batch = json!({"schema": "ktel/events", "product": "acme", "events": [event]});
    let statistics = json!({"cluster-state": {"pods": 3}});
    let defaults = TransportDefaults { source: Source::Collector, product: None, day: None };
    for (product, item, expected) in [
        (Some("acme"), &event, Ok(false)),
        (Some("acme"), &batch, Ok(false)),
        (Some("acme"), &statistics, Err(Reason::Role)),
        (Some("acme"), &envelope(&statistics), Err(Reason::Role)),
        (Some("other"), &batch, Err(Reason::Product)),
        (None, &batch, Err(Reason::Role)),
    ] {
        let read = with(product, |context| {
            let context = Context { sender: Sender::ProductKey, ..context };
            collected(context, defaults, item.as_object().unwrap())
        });
        assert_eq!(read.map(|read| read.record.authenticated), expected, "{product:?} {item}");
    }
}
