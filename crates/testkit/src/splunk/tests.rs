use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{ACK_TOKEN, Code, DISABLED_TOKEN, Splunk, TOKEN, Token};
use crate::client::Client;
use crate::http::{Answer, Response};
use crate::tls::ServerTls;

const CHANNEL: &str = "X-Splunk-Request-Channel: 11111111-2222-3333-4444-55555555555A";
const OTHER_CHANNEL: &str = "X-Splunk-Request-Channel: 11111111-2222-3333-4444-000000000000";
const EVENT: &str = "/services/collector/event";
const RAW: &str = "/services/collector/raw";
const ACK: &str = "/services/collector/ack";
const GOOD: &str = r#"{"event":"good"}"#;

/// Curl, its server, and the token that it shows.
struct Session<'a> {
    client: &'a Client,
    splunk: &'a Splunk,
    headers: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(client: &'a Client, splunk: &'a Splunk, token: &str, headers: &[&str]) -> Self {
        let token = format!("Authorization: Splunk {token}");
        let headers = headers.iter().map(|header| (*header).to_owned());
        Self { client, splunk, headers: [token].into_iter().chain(headers).collect() }
    }

    /// Posts, and gives the status and the answer.
    fn post(&self, path: &str, body: &[u8]) -> (u16, Value) {
        let headers: Vec<&str> = self.headers.iter().map(String::as_str).collect();
        ask(self.client, &format!("{}{path}", self.splunk.url()), &headers, Some(body))
    }

    fn code(&self, path: &str, body: &str) -> u64 {
        self.post(path, body.as_bytes()).1["code"].as_u64().unwrap()
    }
}

fn ask(client: &Client, url: &str, headers: &[&str], body: Option<&[u8]>) -> (u16, Value) {
    let mut arguments: Vec<&str> = headers.iter().flat_map(|header| ["-H", header]).collect();
    if body.is_some() {
        arguments.extend(["--data-binary", "@-"]);
    }
    arguments.extend(["-w", "\n%{http_code}", url]);
    let heard = client.curl(&arguments, body.unwrap_or_default());
    let (answer, status) = heard.printed.rsplit_once('\n').unwrap();
    let answer =
        if answer.is_empty() { Value::Null } else { serde_json::from_str(answer).unwrap() };
    (status.parse().unwrap(), answer)
}

#[test]
fn every_code_answers_with_the_status_and_text_of_the_table() {
    let client = Client::find();
    let splunk = Splunk::start();
    let session = Session::new(&client, &splunk, TOKEN, &[]);
    let statuses = [
        200, 403, 401, 401, 403, 400, 400, 400, 500, 503, 400, 400, 400, 400, 400, 400, 400, 200,
        503, 503, 503, 400, 400, 503, 200, 200, 429, 429,
    ];
    for (number, status) in (0..).zip(statuses) {
        splunk.reject_next(Code(number).response());
        let text = Code(number).status_and_text().1;
        let expected = (status, json!({"text": text, "code": number}));
        assert_eq!(session.post(EVENT, GOOD.as_bytes()), expected);
    }
    assert_eq!((splunk.events(), splunk.requests().len()), (Vec::new(), statuses.len()));
}

#[test]
fn a_request_without_a_good_token_is_told_what_is_wrong_with_it() {
    let client = Client::find();
    let splunk = Splunk::start();
    let in_query = Token { in_query: true, ..Token::new("in-query") };
    splunk.set_token(in_query);
    let basic = "Authorization: Basic eDowMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE=";
    let table: [(&str, Vec<String>, u16, u8); 11] = [
        ("", vec![format!("Authorization: Splunk {TOKEN}")], 200, 0),
        ("", vec![basic.into()], 200, 0),
        ("?token=in-query", vec![], 200, 0),
        ("", vec![format!("Authorization: Splunk {DISABLED_TOKEN}")], 403, 1),
        ("", vec![], 401, 2),
        ("", vec![format!("Authorization: Bearer {TOKEN}")], 401, 3),
        ("", vec!["Authorization: Splunk".into()], 401, 3),
        ("", vec!["Authorization: Splunk nobody".into()], 403, 4),
        ("?token=nobody", vec![], 403, 4),
        ("?token=00000000-0000-4000-8000-000000000001", vec![], 400, 16),
        ("?token=in-query", vec![format!("Authorization: Bearer {TOKEN}")], 401, 3),
    ];
    for (query, headers, status, code) in table {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let url = format!("{}{EVENT}{query}", splunk.url());
        let (answered, answer) = ask(&client, &url, &headers, Some(GOOD.as_bytes()));
        assert_eq!((answered, &answer["code"]), (status, &json!(code)), "{query} {headers:?}");
    }
    assert_eq!(splunk.events().len(), 3);
}

#[test]
fn an_envelope_is_taken_or_rejected_by_splunks_rules() {
    let client = Client::find();
    let splunk = Splunk::start();
    splunk.set_token(Token { indexes: vec!["mine".into()], ..Token::new(TOKEN) });
    let session = Session::new(&client, &splunk, TOKEN, &[]);
    let full = r#"{"time":1790000000.123,"host":"h","source":"s","sourcetype":"_json","index":"mine","event":{"a":1},"fields":{"k":"v","l":["m"]}}"#;
    // Body; events taken; code; the number of the event to blame.
    let table: [(&str, usize, u8, Option<u64>); 27] = [
        (full, 1, 0, None),
        (r#"{"event":"a"}{"event":"b"}"#, 2, 0, None),
        ("{\"event\":\"a\"}\n\n {\"event\":0}\n", 2, 0, None),
        (r#" [{"event":"a"},{"event":false}]"#, 2, 0, None),
        (r#"{"event":"a","time":1790000000}"#, 1, 0, None),
        (r#"{"event":"a","time":"1790000000.5"}"#, 1, 0, None),
        (r#"{"event":"a","unknown":{"b":[]}}"#, 1, 0, None),
        ("", 0, 5, None),
        (" \n", 0, 5, None),
        ("[]", 0, 5, None),
        ("hello", 0, 6, Some(0)),
        ("1", 0, 6, Some(0)),
        (r#"[{"event":"a"}"#, 0, 6, Some(0)),
        (r#"{"event":"a"} nonsense"#, 1, 6, Some(1)),
        (r#"{"event":"a"}{"event":"b","index":"other"}"#, 1, 7, Some(2)),
        (r#"{"event":"a","index":1}"#, 0, 7, Some(1)),
        (r#"{"time":1}"#, 0, 12, Some(0)),
        (r#"{"event":"a"}{"event":"b"}{}{"event":"c"}"#, 2, 12, Some(2)),
        (r#"{"event":null}"#, 0, 12, Some(0)),
        (r#"{"event":""}"#, 0, 13, Some(0)),
        (r#"{"event":" "}"#, 0, 13, Some(0)),
        (r#"{"event":{}}"#, 0, 13, Some(0)),
        (r#"{"event":"a","time":1.79e9}"#, 0, 15, Some(0)),
        (r#"{"event":"a","time":"now"}"#, 0, 15, Some(0)),
        (r#"{"event":"a","fields":{"k":{"n":"v"}}}"#, 0, 15, Some(0)),
        (r#"{"event":"a","fields":{"k":1}}"#, 0, 15, Some(0)),
        (r#"{"event":"a","fields":{"k":["v",["w"]]}}"#, 0, 15, Some(0)),
    ];
    for (body, taken, code, event) in table {
        let before = splunk.events().len();
        let (status, answer) = session.post(EVENT, body.as_bytes());
        assert_eq!(
            (status, &answer["code"]),
            (Code(code).status_and_text().0, &json!(code)),
            "{body}"
        );
        assert_eq!(answer.get("invalid-event-number").and_then(Value::as_u64), event, "{body}");
        assert_eq!(splunk.events().len() - before, taken, "{body}");
    }
    assert_eq!(splunk.events()[0].envelope, serde_json::from_str::<Value>(full).unwrap());
}

#[test]
fn the_paths_are_splunks_and_gzip_and_tls_change_nothing() {
    let client = Client::find();
    let tls = ServerTls::new(&client.authority.server());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(GOOD.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    for splunk in [Splunk::start(), Splunk::start_tls(&tls)] {
        let session = Session::new(&client, &splunk, TOKEN, &["Content-Encoding: gzip"]);
        for path in ["", "/event", "/event/1.0"] {
            let path = format!("/services/collector{path}");
            assert_eq!(session.post(&path, &gzip), (200, json!({"text": "Success", "code": 0})));
        }
        assert_eq!(session.code(EVENT, GOOD), 6, "what is not gzip is rejected");
        assert_eq!(session.post("/services/collector/other", &gzip).0, 404);
        assert_eq!(session.post("/services/collector/health", &gzip).0, 405);
        let good = json!({"event": "good"});
        assert!(splunk.events().iter().all(|event| event.envelope == good));
        assert_eq!((splunk.events().len(), splunk.requests().len()), (3, 6));
    }
}

#[test]
fn raw_lines_need_a_channel() {
    let client = Client::find();
    let splunk = Splunk::start();
    let table: [(&[&str], &str, u64); 5] = [
        (&[], "a", 10),
        (&["X-Splunk-Request-Channel: mine"], "a", 11),
        (&["X-Splunk-Request-Channel: 1111111-22222-3333-4444-555555555555"], "a", 11),
        (&[CHANNEL], "\n", 5),
        (&[CHANNEL], "<14>a=b;\n\nc\n", 0),
    ];
    for (headers, body, code) in table {
        let session = Session::new(&client, &splunk, TOKEN, headers);
        let answer = session.post(RAW, body.as_bytes()).1;
        assert_eq!(answer["code"], code, "{headers:?}");
        assert_eq!(answer.get("ackId"), None, "the token does not acknowledge");
    }
    let lines: Vec<Value> = splunk.events().into_iter().map(|event| event.envelope).collect();
    assert_eq!(lines, [json!({"event": "<14>a=b;"}), json!({"event": "c"})]);
    let channel = Some("11111111-2222-3333-4444-55555555555a".to_owned());
    assert_eq!(splunk.events()[0].channel, channel);
}

#[test]
fn an_acknowledgement_is_told_once_on_its_own_channel() {
    let client = Client::find();
    let splunk = Splunk::start();
    let session = Session::new(&client, &splunk, ACK_TOKEN, &[CHANNEL]);
    let other = Session::new(&client, &splunk, ACK_TOKEN, &[OTHER_CHANNEL]);
    let taken = |session: &Session<'_>| session.post(EVENT, GOOD.as_bytes()).1["ackId"].as_u64();
    let poll = |session: &Session<'_>| session.post(ACK, br#"{"acks":[0,1,7]}"#).1;
    let acks = |first: bool, second: bool| json!({"acks": {"0": first, "1": second, "7": false}});

    splunk.hold_acks();
    assert_eq!((taken(&session), taken(&session), taken(&other)), (Some(0), Some(1), Some(0)));
    assert_eq!(poll(&session), acks(false, false));
    splunk.release_acks();
    splunk.reject_next_poll(Code::BUSY.response());
    assert_eq!(poll(&session)["code"], 9);
    assert_eq!(poll(&session), acks(true, true));
    assert_eq!(poll(&session), acks(false, false), "told once");
    assert_eq!(poll(&other), acks(true, false));
    assert_eq!(taken(&session), Some(2));
    splunk.forget_channels();
    assert_eq!(poll(&session), acks(false, false));
    assert_eq!(taken(&session), Some(0), "as after a restart");
}

#[test]
fn a_poll_is_rejected_by_splunks_rules() {
    let client = Client::find();
    let splunk = Splunk::start();
    let ask = |token, headers: &[&str], body: &str, query: &str| {
        Session::new(&client, &splunk, token, headers)
            .post(&format!("{ACK}{query}"), body.as_bytes())
            .1
    };
    let good = r#"{"acks":[0]}"#;
    assert_eq!(ask(TOKEN, &[CHANNEL], good, "")["code"], 14);
    assert_eq!(ask(ACK_TOKEN, &[], good, "")["code"], 10);
    assert_eq!(ask(ACK_TOKEN, &[], good, "?channel=mine")["code"], 11);
    assert_eq!(ask(ACK_TOKEN, &[CHANNEL], "[0]", "")["code"], 6);
    assert_eq!(ask("nobody", &[CHANNEL], good, "")["code"], 4);
    let channel = "?channel=11111111-2222-3333-4444-555555555555";
    assert_eq!(ask(ACK_TOKEN, &[], good, channel), json!({"acks": {"0": false}}));
    let no_channel = Session::new(&client, &splunk, ACK_TOKEN, &[]);
    assert_eq!(no_channel.code(EVENT, GOOD), 10, "a token that acknowledges needs a channel");
}

#[test]
fn what_is_forced_happens_once_each_and_in_order() {
    let client = Client::find();
    let splunk = Splunk::start();
    let session = Session::new(&client, &splunk, ACK_TOKEN, &[CHANNEL]);
    splunk.reject_next(Code::BUSY.response().with_retry_after("7"));
    splunk.reject_next(Code::INVALID_TOKEN.response().with_status(200));
    splunk.reject_next(Response::new(502).with_body("\"a proxy\""));
    splunk.reject_next(Answer::Drop);
    splunk.take_next_as(Code::QUEUE_NEARLY_FULL);
    splunk.take_next_then(Answer::Drop);
    let answers: Vec<(u16, Value)> =
        (0..7).map(|_time| session.post(EVENT, GOOD.as_bytes())).collect();
    let [busy, invalid] = [Code::BUSY, Code::INVALID_TOKEN].map(|code| code.status_and_text().1);
    let nearly = Code::QUEUE_NEARLY_FULL.status_and_text().1;
    let expected = [
        (503, json!({"text": busy, "code": 9})),
        (200, json!({"text": invalid, "code": 4})),
        (502, json!("a proxy")),
        (0, Value::Null),
        (200, json!({"text": nearly, "code": 24, "ackId": 0})),
        (0, Value::Null),
        (200, json!({"text": "Success", "code": 0, "ackId": 2})),
    ];
    assert_eq!(answers, expected);
    assert_eq!(splunk.events().len(), 3);
}

#[test]
fn health_is_told_to_all_but_those_with_a_bad_token() {
    let client = Client::find();
    let splunk = Splunk::start();
    let table = [
        (Code::HEALTHY, "", 17),
        (Code::HEALTHY, "/1.0?ack=true&token=00000000-0000-4000-8000-000000000002", 17),
        (Code::QUEUES_FULL, "", 18),
        (Code::ACK_UNAVAILABLE, "?ack=true", 19),
        (Code::QUEUES_FULL_ACK_UNAVAILABLE, "/1.0", 20),
        (Code::HEALTHY, "?token=nobody", 21),
        (Code::HEALTHY, "?token=00000000-0000-4000-8000-000000000003", 22),
        (Code::SHUTTING_DOWN, "", 23),
    ];
    for (health, query, code) in table {
        splunk.set_health(health);
        let url = format!("{}/services/collector/health{query}", splunk.url());
        let (status, answer) = ask(&client, &url, &[], None);
        assert_eq!((status, &answer["code"]), (Code(code).status_and_text().0, &json!(code)));
    }
    let url = format!("{}/services/collector/health", splunk.url());
    let (status, answer) = ask(&client, &url, &["Authorization: Splunk nobody"], None);
    assert_eq!((status, &answer["code"]), (400, &json!(21)));
}
