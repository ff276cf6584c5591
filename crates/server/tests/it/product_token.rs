//! A token that may send for one product only.

use axum::body::Body;
use http::Request;
use ktel_server::store::Place;
use ktel_server::token::{Role, TokenRecord};
use ktel_server::{Catalog, Store};
use serde_json::{Value, json};

use crate::routes::{self, Server};

const SHOP_TOKEN: &str = "a token of the shop";

async fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Folder(folder.path().into());
    let token = TokenRecord::of(SHOP_TOKEN, Role::Ingest, Some("shop".into()));
    let store = Store::open(&place, &Catalog::built_in().tables()).unwrap();
    store.add_token(token).await.unwrap();
    drop(store);
    Server::start_on(&place, folder).await
}

async fn send(
    server: &Server,
    path: &str,
    content_type: &str,
    body: impl Into<Body>,
) -> (u16, Value) {
    let scheme = if path.starts_with("/services") { "Splunk" } else { "Bearer" };
    let request = Request::post(path)
        .header("authorization", format!("{scheme} {SHOP_TOKEN}"))
        .header("content-type", content_type);
    server.ask(request.body(body.into()).unwrap()).await
}

fn report(product: &str, number: u8) -> String {
    let mut report = routes::report(&format!("{number:0>16}"), &json!(number));
    report["product"]["name"] = product.into();
    report.to_string()
}

#[tokio::test]
async fn a_report_of_another_product_is_forbidden_and_its_neighbours_are_not() {
    let server = server().await;
    let lines = "application/x-ndjson";
    let (shop, bank) = (report("shop", 1), report("bank", 2));
    let (status, answer) = send(&server, "/v1/reports", "application/json", bank.clone()).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("product")), "{answer}");
    // A success in part would end the request, and the sender would forget the second report.
    let both = format!("{shop}\n{bank}");
    let (status, answer) = send(&server, "/v1/reports", lines, both).await;
    assert_eq!((status, &answer["error"]["item"]), (403, &json!(1)), "{answer}");
    assert!(server.pods().await.is_empty(), "the request can be sent again with another token");
    assert_eq!(send(&server, "/v1/reports", lines, shop).await.0, 200);
    assert_eq!(server.pods().await, [1]);
}

#[tokio::test]
async fn the_collector_says_that_the_token_does_not_fit() {
    let server = server().await;
    let event = |product: &str| {
        json!({"source": product, "event": {"cluster-state": {"pods": 1}}}).to_string()
    };
    let path = "/services/collector/event";
    let (status, answer) = send(&server, path, "application/json", event("bank")).await;
    assert_eq!((status, &answer["code"]), (400, &json!(7)), "{answer}");
    assert_eq!(send(&server, path, "application/json", event("shop")).await.0, 200);
}

#[tokio::test]
async fn otlp_is_forbidden_only_if_nothing_fits_the_token() {
    let server = server().await;
    let logs = |products: &[&str]| {
        let logs = products.iter().map(|product| {
            let name = json!({"key": "service.name", "value": {"stringValue": product}});
            let body = json!({"stringValue": r#"{"cluster-state":{"pods":1}}"#});
            json!({
                "resource": {"attributes": [name]},
                "scopeLogs": [{"logRecords": [
                    {"timeUnixNano": "1795132800000000000", "body": body},
                ]}],
            })
        });
        json!({"resourceLogs": logs.collect::<Vec<_>>()}).to_string()
    };
    for (products, status) in
        [(&["bank"][..], 403), (&["bank", "bank"], 403), (&["bank", "shop"], 200)]
    {
        let (got, answer) = send(&server, "/v1/logs", "application/json", logs(products)).await;
        assert_eq!(got, status, "{products:?}: {answer}");
    }
    assert_eq!(server.pods().await, [1]);
}
