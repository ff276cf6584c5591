//! Events byte for byte, and how the category of an error is found.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use jiff::civil::date;
use ktel_destination::line::Dialect;
use ktel_model::standard::Reason;
use ktel_model::standard::schema::Form;
use ktel_usage::event::{
    Ending, ErrorCategory, Event, EventSchema, Outcome, Version, Vocabulary, categorize,
    categorize_with,
};
use serde_json::{Value, json};

fn vocabulary() -> Vocabulary {
    Vocabulary::new("kongctl", ["get apis", "plan"]).unwrap()
}

fn schema(version: Version) -> EventSchema {
    EventSchema::new(&"kongctl".parse().unwrap(), &vocabulary(), version)
}

fn event() -> Event {
    let timestamp = "2026-05-12T16:30:45.987654+02:00".parse().unwrap();
    let vocabulary = vocabulary();
    let command = vocabulary.resolve("kongctl get apis").name().unwrap();
    Event::new(timestamp, "0.4.0", command).on("darwin", "arm64")
}

fn failed() -> Event {
    event().ending(Ending {
        outcome: Outcome::Failure,
        error_category: Some(ErrorCategory::NotFound),
        duration: Some(Duration::from_millis(2_345)),
    })
}

#[track_caller]
fn check(version: Version, event: &Event, form: Form, expected: &str) {
    let applied = schema(version).apply(event, form);
    assert_eq!(serde_json::to_string(&applied.sent).unwrap(), expected);
    assert_eq!(applied.missing, Vec::<String>::new());
}

#[test]
fn version_one_is_byte_for_byte_the_event_of_kongctl() {
    let expected = r#"{"schema_version":1,"timestamp":"2026-05-12T14:30:45Z","version":"0.4.0","os":"darwin","arch":"arm64","command_path":"get apis"}"#;
    check(Version::One, &event(), Form::Exact, expected);
    let sent = schema(Version::One).apply(&event(), Form::Exact).sent;
    let line = Dialect::Kongctl.line("kongctl", &sent).unwrap();
    let expected = "<14>signal=kongctl;arch=arm64;command_path=\"get apis\";os=darwin;\
                    schema_version=1;timestamp=2026-05-12T14:30:45Z;version=0.4.0\n";
    assert_eq!(line, expected);
}

#[test]
fn version_two_has_the_outcome_and_buckets() {
    let expected = r#"{"schema_version":2,"timestamp":"2026-05-12T14:30:45Z","version":"0.4.0","os":"darwin","arch":"arm64","command_path":"get apis","outcome":"failure","error_category":"not-found","duration":"1-9"}"#;
    check(Version::Two, &failed(), Form::Exact, expected);
    let expected = r#"{"schema_version":"2","timestamp":"2026-05-12","version":"0.4","os":"darwin","arch":"arm64","command_path":"get apis","outcome":"failure","error_category":"not-found","duration":"1-9"}"#;
    check(Version::Two, &failed(), Form::Coarse, expected);
}

#[test]
fn a_product_of_version_one_never_sends_how_it_ended() {
    let applied = schema(Version::One).apply(&failed(), Form::Exact);
    assert_eq!(applied.sent.len(), 6);
    assert_eq!(applied.omitted.count(Reason::Undeclared), 3);
    let declared: Vec<String> =
        schema(Version::One).schema().fields.keys().map(Clone::clone).collect();
    let sent: Vec<String> = event().raw().keys().map(Clone::clone).collect();
    assert_eq!(declared, sent, "the schema declares what is sent");
}

#[test]
fn a_command_of_another_product_is_not_sent() {
    let foreign = Event::new("2026-05-12T14:30:45Z".parse().unwrap(), "1.0.0", "get customers");
    let applied = schema(Version::One).apply(&foreign, Form::Exact);
    assert_eq!(applied.missing, ["command_path"]);
    let plugin = Event::new("2026-05-12T14:30:45Z".parse().unwrap(), "1.0.0", "plugin");
    assert!(schema(Version::One).apply(&plugin, Form::Exact).missing.is_empty());
}

#[test]
fn every_word_of_this_platform_can_be_sent() {
    let here = Event::new("2026-05-12T14:30:45Z".parse().unwrap(), "1.0.0", "plan");
    let sent = schema(Version::One).apply(&here, Form::Exact).sent;
    assert_eq!(sent.get("os"), Some(&Value::from(ktel_usage::event::os())));
    assert_eq!(sent.get("arch"), Some(&Value::from(ktel_usage::event::arch())));
    for outcome in Outcome::ALL {
        for category in ErrorCategory::ALL {
            let ending = Ending { outcome, error_category: Some(category), duration: None };
            let sent = schema(Version::Two).apply(&event().ending(ending), Form::Exact).sent;
            assert_eq!(sent.get("outcome"), Some(&Value::from(outcome.word())));
            assert_eq!(sent.get("error_category"), Some(&Value::from(category.word())));
        }
    }
}

#[test]
fn an_event_of_another_program_is_accepted_only_if_every_value_is_declared() {
    let today = date(2026, 11, 21);
    let schema = schema(Version::One);
    let accept = |event: &Value| schema.accept(event.to_string().as_bytes(), Form::Exact, today);
    let good = Value::Object(event().raw());
    assert_eq!(Value::Object(accept(&good).unwrap()), good);
    let with = |name: &str, value: Value| {
        let mut event = event().raw();
        event.insert(name.to_owned(), value);
        Value::Object(event)
    };
    let mut incomplete = event().raw();
    incomplete.shift_remove("os");
    let table = [
        (with("user", json!("ann")), "values of the event are undeclared: 1"),
        (with("outcome", json!("success")), "values of the event are undeclared: 1"),
        (with("command_path", json!("get secrets")), "values of the event are undeclared: 1"),
        (with("command_path", json!(7)), "values of the event are wrong_type: 1"),
        (with("version", json!("ann's build")), "values of the event are wrong_type: 1"),
        (Value::Object(incomplete), "the event has no `os`"),
        (json!([]), "the event is not a JSON object"),
        (json!({}), "the event has no `schema_version`"),
        (with("version", json!("1".repeat(5000))), "the event holds more than 4096 bytes"),
    ];
    for (event, expected) in table {
        assert_eq!(accept(&event).unwrap_err().to_string(), expected, "{event}");
    }
}

#[test]
fn only_a_build_with_a_version_number_makes_events() {
    for version in [Version::One, Version::Two] {
        let schema = schema(version);
        // `unknown` is a value of the standard, for a version that is there and cannot be read.
        for number in ["0.4.0", "v1.2.3", "1.2.3-rc.1", "unknown"] {
            assert!(schema.accepts_version(number), "{number}");
        }
        for word in ["", "dev", "snapshot", "main"] {
            assert!(!schema.accepts_version(word), "{word}");
            let event = Event::new("2026-05-12T14:30:45Z".parse().unwrap(), word, "plan");
            assert_eq!(schema.apply(&event, Form::Exact).missing, ["version"], "{word}");
        }
    }
}

#[test]
fn products_and_versions_have_digests_of_their_own() {
    let digest = |name: &str, commands: &[&str], version| {
        let vocabulary = Vocabulary::new(name, commands).unwrap();
        EventSchema::new(&name.parse().unwrap(), &vocabulary, version).schema().digest()
    };
    let one = digest("acme", &["get apis"], Version::One);
    assert_eq!(one, digest("acme", &[" get  apis", "get apis"], Version::One));
    assert_ne!(one, digest("acme", &["get apis"], Version::Two));
    assert_ne!(one, digest("acme", &["get apis", "plan"], Version::One));
    assert_ne!(one, digest("emca", &["get apis"], Version::One));
}

/// An error that wraps another one.
#[derive(Debug)]
struct Wrapped(Box<dyn Error + Send + Sync>);

impl fmt::Display for Wrapped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("something went wrong")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[test]
fn the_classifier_of_the_product_is_asked_first() {
    let error = Wrapped(Box::new(io::Error::from(io::ErrorKind::NotFound)));
    let own = |error: &(dyn Error + 'static)| {
        error.downcast_ref::<Wrapped>().map(|_| ErrorCategory::Conflict)
    };
    assert_eq!(categorize_with(&error, &own), ErrorCategory::Conflict);
    let deep = io::Error::other(error);
    assert_eq!(categorize_with(&deep, &own), ErrorCategory::Conflict);
    let foreign = io::Error::from(io::ErrorKind::NotFound);
    assert_eq!(categorize_with(&foreign, &own), ErrorCategory::NotFound);
}

/// An error that is its own cause.
#[derive(Debug)]
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("see the cause")
    }
}

impl Error for Endless {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

#[test]
fn a_chain_without_an_end_ends() {
    assert_eq!(categorize(&Endless), ErrorCategory::Other);
}
