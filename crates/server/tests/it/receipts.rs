//! Receipts over the routes: for what is new, to those who ask, signed by one key of the store.

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use jiff::civil::date;
use ktel_model::signature::installation_id;
use ktel_server::Catalog;
use ktel_server::hex;
use ktel_server::receipt::{Claim, Error, Receipt};
use serde_json::{Value, json};

use crate::installations::Installation;
use crate::routes::{Server, TOKEN, report};

async fn send(server: &Server, kind: &str, prefer: Option<&str>, body: String) -> Value {
    let mut request = Request::post("/v1/reports")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", kind);
    if let Some(prefer) = prefer {
        request = request.header("prefer", prefer);
    }
    let answer = server.answer(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status(), 200);
    let applied = answer.headers().get("preference-applied").cloned();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let expected = body.get("receipts").is_some().then_some("return=representation");
    assert_eq!(applied.as_ref().map(|it| it.to_str().unwrap()), expected, "{body}");
    body
}

async fn key_of(server: &Server) -> String {
    let request = Request::get("/v1/keys").body(Body::empty()).unwrap();
    let body = server.answer(request).await.into_body().collect().await.unwrap().to_bytes();
    let keys: Value = serde_json::from_slice(&body).unwrap();
    let digits = keys["keys"][0]["public_key"].as_str().unwrap().to_owned();
    assert_eq!(keys["keys"][0]["made"], "2026-11-21");
    let id = installation_id(&hex::read(&digits).unwrap().try_into().unwrap());
    assert_eq!(keys["keys"][0]["id"], id);
    id
}

const WISH: Option<&str> = Some("return=representation");

#[tokio::test]
async fn a_receipt_fits_what_was_sent_and_nothing_else() {
    let server = Server::start().await;
    let sent = report("0123456789abcdef", &json!(3)).to_string();
    let answer = send(&server, "application/json", WISH, sent.clone()).await;
    let receipt = Receipt::read(&answer["receipts"][0]).unwrap();
    assert_eq!(receipt.receiver(), key_of(&server).await);
    let catalog = Catalog::built_in();
    assert_eq!(receipt.compare(sent.as_bytes(), &catalog), Ok(()));
    let other = report("0123456789abcdef", &json!(4)).to_string();
    assert_eq!(receipt.compare(other.as_bytes(), &catalog), Err(Error::Differs));
    let Claim::Stored(stored) = receipt.claim else { panic!("{answer}") };
    assert_eq!(stored.kept_until["ktel/cluster-state"], date(2027, 2, 19));
}

#[tokio::test]
async fn only_what_is_new_has_one_and_only_who_asks_gets_it() {
    let server = Server::start().await;
    let of = |id: &str, pods| report(id, &json!(pods)).to_string();
    let plain = send(&server, "application/json", None, of("0123456789abcdef", 1)).await;
    assert_eq!(plain, json!({"stored": 1, "repeated": 0, "rejected": []}));
    // The first is there with other numbers; a receipt for these would not be true.
    let lines = format!("{}\nnot json\n{}\n", of("0123456789abcdef", 2), of("1123456789abcdef", 3));
    let answer = send(&server, "application/x-ndjson", WISH, lines).await;
    assert_eq!((&answer["stored"], &answer["repeated"]), (&json!(1), &json!(1)));
    let receipts = answer["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 1, "{answer}");
    assert_eq!(receipts[0]["id"], "1123456789abcdef");
    let again = send(&server, "application/json", WISH, of("0123456789abcdef", 1)).await;
    assert_eq!(again["receipts"], json!([]));
}

#[tokio::test]
async fn a_signed_report_and_being_forgotten_have_receipts() {
    let server = Server::start().await;
    let own = Installation::new();
    let sent = own.sign(&crate::installations::stats("0123456789abcdef", &own.id(), 3));
    let sent = String::from_utf8(sent).unwrap();
    let answer = send(&server, "application/json", WISH, sent.clone()).await;
    let receipt = Receipt::read(&answer["receipts"][0]).unwrap();
    assert_eq!(receipt.compare(sent.as_bytes(), &Catalog::built_in()), Ok(()));
    let ask = own.sign(&json!({"schema": "ktel/forget", "day": "2026-11-21"}));
    let (status, answer) = server.post("/v1/forget", ask).await;
    assert_eq!(status, 200, "{answer}");
    let receipt = Receipt::read(&answer["receipt"]).unwrap();
    assert_eq!(receipt.receiver(), key_of(&server).await);
    let day = date(2026, 11, 21);
    assert_eq!(receipt.claim, Claim::Forgotten { installation: own.id(), day, rows: 1 });
}
