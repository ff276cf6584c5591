//! What URLs mean, and what each receiver gets.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use ktel_delivery::secret::Secret;
use ktel_model::envelope::{Envelope, Product};
use ktel_model::report::Report;
use ktel_model::standard::schema::Form;
use serde_json::{Map, Value, json};

use super::{Content, ReportServer, Tokens};

fn report() -> Report {
    let mut report = Report::default();
    let Value::Object(section) = json!({"arch": "amd64", "nodes": 3, "ok": true}) else { panic!() };
    report.push("identify-platform", section);
    report.push_user("foo", json!({"red": "#ff0000"}));
    report
}

fn with_content<T>(look: impl FnOnce(Content<'_>) -> T) -> T {
    let report = report();
    let product = Product { name: Some("shop".into()), ktel: "1.2.3" };
    let day = "2026-11-20".parse().unwrap();
    let envelope = Envelope::new(&report, product, &[], vec![], &[], Form::Exact, day);
    let time = Timestamp::from_millisecond(1_790_000_000_123).unwrap();
    look(Content { report: &report, envelope: &envelope, time })
}

fn body(url: &str) -> String {
    let server: ReportServer = url.parse().unwrap();
    let bytes = with_content(|content| server.render(content)).unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_url_names_a_server_or_says_what_is_known() {
    let file = |path: &str| Ok(ReportServer::File(PathBuf::from(path)));
    let table: [(&str, Result<ReportServer, &str>); 21] = [
        ("stdout:", Ok(ReportServer::Stdout)),
        ("file:r.jsonl", file("r.jsonl")),
        ("file:///tmp/r", file("/tmp/r")),
        ("file:", Err("names no file")),
        ("gopher://x", Err("`gopher` is not known; known are splunk://")),
        ("report.json", Err("has no scheme")),
        ("localhost:8090", Err("`localhost:8090` has no scheme")),
        ("telemetry.example.com:443/v1/reports", Err("has no scheme")),
        ("", Err("has no scheme")),
        ("splunk:", Err("names no host")),
        ("splunk://", Err("is no URL: empty host")),
        ("splunk://user:hunter2@example.com", Err("`splunk://…` holds a name or a password")),
        ("splunk://example.com?token=hunter2", Err("holds a token")),
        ("splunk://example.com?acks=1", Err("has the option `acks`, which is not known")),
        ("splunk://example.com?ack=maybe", Err("says `ack=maybe`")),
        ("splunk://example.com?cert=a.pem", Err("names only one of `cert` and `key`")),
        ("splunk+tls://example.com", Err("names no port")),
        ("splunk+tls://example.com:1?dialect=klingon", Err("names a dialect that is not known")),
        ("splunk+tls://example.com:1?keys=kong", Err("asks for `keys=kong` in dialect `safe`")),
        ("splunk+tls://example.com:1?dialect=kong&keys=ours", Err("says `keys=ours`")),
        ("http://example.com/hook", Err("would send the report in the open")),
    ];
    for (url, expected) in table {
        match (url.parse::<ReportServer>(), expected) {
            (Ok(server), Ok(expected)) => assert_eq!(server, expected, "{url}"),
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "{url}: {error}");
                assert!(error.is_in_url(), "{url}");
                let said = format!("{error} {:?}", error.hint());
                let secret = said.contains("hunter2") && !url.contains("token=");
                assert!(!secret, "{said}");
            }
            (got, expected) => panic!("{url}: {got:?}, not {expected:?}"),
        }
    }
}

#[track_caller]
fn check_endpoint(url: &str, expected: &str, in_the_open: bool) {
    use super::address::Protocol;
    let Ok(ReportServer::Remote(remote)) = url.parse() else { panic!("{url}") };
    let endpoint = match &remote.address.protocol {
        Protocol::Splunk(collector) => collector.endpoint.to_string(),
        Protocol::Https { endpoint, .. }
        | Protocol::OtlpGrpc { endpoint }
        | Protocol::OtlpHttp { endpoint } => endpoint.to_string(),
        Protocol::Line { wire, host, port, .. } => format!("{wire:?} {host} {port}"),
    };
    assert_eq!(endpoint, expected, "{url}");
    assert_eq!(remote.warning().is_some(), in_the_open, "{url}");
    assert_eq!(remote.to_string(), url);
}

#[test]
fn defaults_are_filled_in_and_what_is_given_stays() {
    let events = "/services/collector/event";
    check_endpoint("splunk://10.0.0.1:8443", &format!("https://10.0.0.1:8443{events}"), false);
    check_endpoint("splunk://s.example.com", &format!("https://s.example.com:8088{events}"), false);
    check_endpoint("splunk://s.example.com:443", &format!("https://s.example.com{events}"), false);
    check_endpoint("splunk+http://192.0.2.1", &format!("http://192.0.2.1:8088{events}"), true);
    check_endpoint("splunk://[::1]", &format!("https://[::1]:8088{events}"), false);
    check_endpoint("https://example.com", "https://example.com/v1/reports", false);
    check_endpoint(
        "https://example.com/hook?a=b&token_file=t",
        "https://example.com/hook?a=b",
        false,
    );
    check_endpoint("http://127.0.0.1:9", "http://127.0.0.1:9/v1/reports", false);
    check_endpoint("http://example.com/x?insecure", "http://example.com/x", true);
    check_endpoint("otlp://example.com", "https://example.com:4317/", false);
    check_endpoint("otlp+insecure://example.com:9", "http://example.com:9/", true);
    check_endpoint("otlp+http://localhost", "http://localhost:4318/v1/logs", false);
    check_endpoint("otlp+https://example.com/x/logs", "https://example.com:4318/x/logs", false);
    check_endpoint("splunk+tls://example.com:6514", "Tls example.com 6514", false);
    check_endpoint("splunk+tcp://[::1]:514", "Tcp ::1 514", true);
    check_endpoint("splunk+udp://example.com:514?dialect=kong", "Udp example.com 514", true);
}

#[test]
fn splunk_gets_one_event_with_plain_seconds_and_the_bare_report() {
    let expected = concat!(
        r#"{"time":1790000000.123,"source":"shop","sourcetype":"_json","#,
        r#""event":{"identify-platform":{"arch":"amd64","nodes":3,"ok":true},"#,
        r##""foo":{"red":"#ff0000"}}}"##,
    );
    assert_eq!(body("splunk://example.com"), expected);
    let url = "splunk://example.com?index=i&source=s&sourcetype=t&fields=team:a,stage:b";
    let marked: Value = serde_json::from_str(&body(url)).unwrap();
    assert_eq!(marked["index"], "i");
    assert_eq!((&marked["source"], &marked["sourcetype"]), (&json!("s"), &json!("t")));
    assert_eq!(marked["fields"], json!({"team": "a", "stage": "b"}));
}

#[test]
fn each_dialect_writes_its_own_line() {
    let kong = body("splunk+tcp://example.com:1?dialect=kong&signal=kic-ping");
    assert_eq!(kong, "<14>signal=kic-ping;arch=amd64;nodes=3;ok=true;red=#ff0000;\n");
    let keys = body("splunk+tcp://example.com:1?dialect=kong&keys=kong&signal=kic-ping");
    assert_eq!(
        keys, "<14>signal=kic-ping;red=#ff0000;\n",
        "no field of this section has such a key"
    );
    let safe = body("splunk+tcp://example.com:1");
    assert!(safe.contains(";identify-platform.arch=amd64;"), "{safe}");
    assert!(safe.ends_with('\n') && !safe.ends_with(";\n"), "{safe}");
}

#[test]
fn a_value_that_would_forge_a_field_is_not_sent() {
    let server: ReportServer = "splunk+tcp://example.com:1?dialect=kong".parse().unwrap();
    let mut forged = Report::default();
    forged.push_user("a", json!("x;signal=evil"));
    let error =
        with_content(|content| server.render(Content { report: &forged, ..content }).unwrap_err());
    assert!(!error.is_in_url() && error.hint().is_some(), "{error}");
}

#[test]
fn the_same_report_has_the_same_key_and_another_server_another() {
    let parcel = |url: &str| {
        let Ok(ReportServer::Remote(remote)) = url.parse() else { panic!() };
        with_content(|content| remote.parcel(content)).unwrap()
    };
    let one = parcel("https://example.com");
    assert_eq!(one, parcel("https://example.com"));
    assert_ne!(one.key, parcel("https://example.org").key);
    assert_eq!(one.key.len(), 32);
}

#[test]
fn a_missing_token_names_both_ways_of_giving_it_and_a_token_is_never_shown() {
    let Ok(ReportServer::Remote(remote)) = "splunk://example.com".parse() else { panic!() };
    let none = remote.sender(&Tokens::default(), || Duration::ZERO).unwrap_err();
    let hint = none.hint().unwrap();
    assert!(hint.contains("KTEL_SPLUNK_TOKEN") && hint.contains("token_file"), "{hint}");
    let tokens = Tokens { splunk: Some(Secret::new("hunter2")), bearer: None };
    let sender = remote.sender(&tokens, || Duration::ZERO).unwrap();
    assert!(!format!("{tokens:?} {sender:?} {remote:?}").contains("hunter2"));
    let bad = Tokens { splunk: Some(Secret::new("hunter2\u{7f}")), bearer: None };
    let error = remote.sender(&bad, || Duration::ZERO).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn a_file_of_headers_is_read_and_a_broken_line_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("headers");
    std::fs::write(&file, "Authorization: Splunk hunter2\n\nX-Site: a\n").unwrap();
    let url = format!("splunk://example.com?headers_file={}", file.display());
    let Ok(ReportServer::Remote(remote)) = url.parse() else { panic!() };
    remote.sender(&Tokens::default(), || Duration::ZERO).unwrap();
    std::fs::write(&file, "X-Site: a\nhunter2\n").unwrap();
    let error = remote.sender(&Tokens::default(), || Duration::ZERO).unwrap_err().to_string();
    assert!(error.starts_with("line 2 of") && !error.contains("hunter2"), "{error}");
}

#[test]
fn an_empty_report_is_still_a_report() {
    let server: ReportServer = "splunk://example.com".parse().unwrap();
    let nothing = Report::default();
    let bytes = with_content(|content| server.render(Content { report: &nothing, ..content }));
    let event: Value = serde_json::from_slice(&bytes.unwrap()).unwrap();
    assert_eq!(event["event"], Value::Object(Map::new()));
}

#[test]
fn a_sender_knows_that_something_was_corrected() {
    use ktel_delivery::courier::Carrier;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let of = |url: &str, token: Option<&str>| {
        let Ok(ReportServer::Remote(remote)) = url.parse() else { panic!("{url}") };
        let tokens = Tokens { bearer: token.map(Secret::new), ..Tokens::default() };
        remote.sender(&tokens, || Duration::ZERO).unwrap().configuration()
    };
    let first = of("https://example.com", Some("a"));
    assert_eq!(of("https://example.com", Some("a")), first);
    let headers = format!("https://example.com?headers_file={}", file("headers", "X-Key: 1"));
    let before = of(&headers, None);
    file("headers", "X-Key: 2");
    let all = [
        first,
        of("https://example.com", Some("b")),
        of("https://example.com", None),
        of("https://example.com?gzip=1", Some("a")),
        before,
        of(&headers, None),
    ];
    let different: std::collections::BTreeSet<u32> = all.into_iter().collect();
    assert_eq!(different.len(), all.len(), "{all:?}");
}
