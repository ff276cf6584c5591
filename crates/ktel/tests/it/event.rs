//! Events as they leave, byte by byte, and the categories of real errors.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use ktel::event::{
    Ending, ErrorCategory, Event, EventSchema, Outcome, Version, Vocabulary, categorize,
    categorize_with, of_status,
};
use ktel::line::Dialect;
use ktel_model::standard::Reason;
use ktel_model::standard::schema::Form;
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
fn version_one_is_the_ancestors_event_to_the_byte() {
    let expected = r#"{"schema_version":1,"timestamp":"2026-05-12T14:30:45Z","version":"0.4.0","os":"darwin","arch":"arm64","command_path":"get apis"}"#;
    check(Version::One, &event(), Form::Exact, expected);
    let sent = schema(Version::One).apply(&event(), Form::Exact).sent;
    let line = Dialect::Kongctl.line("kongctl", &sent).unwrap();
    let expected = "<14>signal=kongctl;arch=arm64;command_path=\"get apis\";os=darwin;\
                    schema_version=1;timestamp=2026-05-12T14:30:45Z;version=0.4.0\n";
    assert_eq!(line, expected);
}

#[test]
fn version_two_says_how_it_ended_in_buckets() {
    let expected = r#"{"schema_version":2,"timestamp":"2026-05-12T14:30:45Z","version":"0.4.0","os":"darwin","arch":"arm64","command_path":"get apis","outcome":"failure","error_category":"not-found","duration":"1-9"}"#;
    check(Version::Two, &failed(), Form::Exact, expected);
    let expected = r#"{"schema_version":"2","timestamp":"2026-05-12","version":"0.4","os":"darwin","arch":"arm64","command_path":"get apis","outcome":"failure","error_category":"not-found","duration":"1-9"}"#;
    check(Version::Two, &failed(), Form::Coarse, expected);
}

#[test]
fn a_product_of_version_one_never_sends_how_it_ended() {
    let applied = schema(Version::One).apply(&failed(), Form::Exact);
    assert_eq!(applied.sent.len(), 6);
    assert_eq!(applied.dropped.count(Reason::Undeclared), 3);
    let declared: Vec<String> =
        schema(Version::One).schema().fields.keys().map(Clone::clone).collect();
    let sent: Vec<String> = event().raw().keys().map(Clone::clone).collect();
    assert_eq!(declared, sent, "what is disclosed is what is sent");
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
fn every_word_of_this_machine_can_be_sent() {
    let here = Event::new("2026-05-12T14:30:45Z".parse().unwrap(), "1.0.0", "plan");
    let sent = schema(Version::One).apply(&here, Form::Exact).sent;
    assert_eq!(sent.get("os"), Some(&Value::from(ktel::event::os())));
    assert_eq!(sent.get("arch"), Some(&Value::from(ktel::event::arch())));
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
fn an_event_of_another_program_is_taken_only_if_every_value_is_declared() {
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
        (with("user", json!("ann")), "1 values of the event are undeclared"),
        (with("outcome", json!("success")), "1 values of the event are undeclared"),
        (with("command_path", json!("get secrets")), "1 values of the event are undeclared"),
        (with("command_path", json!(7)), "1 values of the event are wrong_type"),
        (with("version", json!("ann's build")), "1 values of the event are wrong_type"),
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

/// An error that wraps another one and says nothing itself.
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

#[track_caller]
fn category(error: impl Error + Send + Sync + 'static, expected: ErrorCategory) {
    assert_eq!(categorize(&error), expected, "{error:?}");
    let text = error.to_string();
    let wrapped = Wrapped(Box::new(Wrapped(Box::new(error))));
    assert_eq!(categorize(&wrapped), expected, "wrapped: {text}");
    let in_io = io::Error::other(wrapped);
    assert_eq!(categorize(&in_io), expected, "in an i/o error: {text}");
    let in_job = ktel::Error::failed(in_io);
    assert_eq!(categorize(&in_job), expected, "in a job's error: {text}");
}

#[test]
fn input_and_output_have_their_categories() {
    use io::ErrorKind as Kind;
    let table = [
        (Kind::ConnectionRefused, ErrorCategory::Network),
        (Kind::ConnectionReset, ErrorCategory::Network),
        (Kind::HostUnreachable, ErrorCategory::Network),
        (Kind::TimedOut, ErrorCategory::Timeout),
        (Kind::PermissionDenied, ErrorCategory::Auth),
        (Kind::NotFound, ErrorCategory::NotFound),
        (Kind::AlreadyExists, ErrorCategory::Conflict),
        (Kind::IsADirectory, ErrorCategory::InvalidInput),
        (Kind::Interrupted, ErrorCategory::Cancelled),
        (Kind::OutOfMemory, ErrorCategory::Internal),
        (Kind::StorageFull, ErrorCategory::Other),
    ];
    for (kind, expected) in table {
        category(io::Error::from(kind), expected);
        category(Arc::new(io::Error::new(kind, "with a text")), expected);
    }
}

#[test]
fn a_status_has_its_category() {
    let table = [
        (200, None),
        (302, None),
        (400, Some(ErrorCategory::InvalidInput)),
        (401, Some(ErrorCategory::Auth)),
        (403, Some(ErrorCategory::Auth)),
        (404, Some(ErrorCategory::NotFound)),
        (408, Some(ErrorCategory::Timeout)),
        (409, Some(ErrorCategory::Conflict)),
        (410, Some(ErrorCategory::NotFound)),
        (422, Some(ErrorCategory::InvalidInput)),
        (429, Some(ErrorCategory::Network)),
        (500, Some(ErrorCategory::Internal)),
        (503, Some(ErrorCategory::Network)),
        (504, Some(ErrorCategory::Timeout)),
        (0, None),
    ];
    for (status, expected) in table {
        assert_eq!(of_status(status), expected, "{status}");
        let answer = kube::core::Status { code: status, ..Default::default() };
        let error = kube::Error::Api(Box::new(answer));
        category(error, expected.unwrap_or(ErrorCategory::Other));
    }
}

#[test]
fn our_own_errors_have_their_categories() {
    let unknown = ktel::Catalog::built_in().find("nothing").err().unwrap();
    category(unknown, ErrorCategory::InvalidInput);
    category(
        "gopher://x".parse::<ktel::server::ReportServer>().unwrap_err(),
        ErrorCategory::InvalidInput,
    );
    let nowhere: [&str; 0] = [];
    let find = |name| ktel::product_file::ProductFile::find(name, &Default::default(), &nowhere);
    category(find("nothing").unwrap_err(), ErrorCategory::NotFound);
    category(find("not/there").unwrap_err(), ErrorCategory::NotFound);
    category(find("No!").unwrap_err(), ErrorCategory::InvalidInput);
    category(ktel::merge::parse(b"[").unwrap_err(), ErrorCategory::InvalidInput);
    category(ktel::Error::Timeout { after: Duration::from_secs(1) }, ErrorCategory::Timeout);
    category(ktel::Error::Forbidden { verb: "get", what: "pods".into() }, ErrorCategory::Auth);
    category(ktel::Error::Panicked, ErrorCategory::Internal);
    let refused = kube::Error::ReadEvents(io::ErrorKind::ConnectionRefused.into());
    category(ktel::Error::Unreachable { source: Arc::new(refused) }, ErrorCategory::Network);
    let late = kube::Error::ReadEvents(io::ErrorKind::TimedOut.into());
    category(ktel::Error::Unreachable { source: Arc::new(late) }, ErrorCategory::Timeout);
    let answer = kube::core::Status { code: 403, ..Default::default() };
    let forbidden = kube::Error::Api(Box::new(answer));
    category(ktel::Error::Unreachable { source: Arc::new(forbidden) }, ErrorCategory::Auth);
    let silent = kube::Error::Service(Box::new(Wrapped("nothing more is known".into())));
    category(ktel::Error::Unreachable { source: Arc::new(silent) }, ErrorCategory::Network);
}

#[test]
fn what_somebody_wrote_is_invalid_input() {
    category(serde_json::from_str::<Value>("{").unwrap_err(), ErrorCategory::InvalidInput);
    category("x".parse::<u8>().unwrap_err(), ErrorCategory::InvalidInput);
    category(String::from_utf8(vec![0xff]).unwrap_err(), ErrorCategory::InvalidInput);
    category("\n".parse::<http::Uri>().unwrap_err(), ErrorCategory::InvalidInput);
    category(fmt::Error, ErrorCategory::Other);
}

#[test]
fn a_product_knows_its_own_errors_first() {
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

async fn ask(address: std::net::SocketAddr, wait: Duration) -> kube::Error {
    let mut config = kube::Config::new(format!("http://{address}").parse().unwrap());
    config.connect_timeout = Some(wait);
    config.read_timeout = Some(wait);
    let client = kube::Client::try_from(config).unwrap();
    client.apiserver_version().await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_matter_of_the_network() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    category(ask(address, Duration::from_secs(10)).await, ErrorCategory::Network);
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = ask(listener.local_addr().unwrap(), Duration::from_millis(50)).await;
    category(error, ErrorCategory::Timeout);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_matter_of_the_network() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut connection, _) = listener.accept().unwrap();
        assert!(connection.read(&mut [0; 1024]).unwrap() > 0);
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap();
    });
    category(ask(address, Duration::from_secs(10)).await, ErrorCategory::Network);
    server.join().unwrap();
}
