//! What one client does with several requests.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use ktel_delivery::http::{Client, Protocol, Request, Url};
use ktel_delivery::limits::RECEIVER_ANSWER_BYTES_MAX;
use ktel_delivery::tls::Trust;
use ktel_testkit::capture;
use ktel_testkit::http::Response;

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = capture::Http::start();
    let url: Url = server.url().parse().unwrap();
    let client = Client::new(&url, &Trust::default(), Protocol::Any).unwrap();
    for _ in 0..3 {
        let request = Request {
            url: url.clone(),
            headers: HeaderMap::new(),
            content_type: HeaderValue::from_static("text/plain"),
            body: Bytes::from_static(b"here"),
            gzip: false,
        };
        let reply = client.post(request, Duration::ZERO).await.unwrap();
        assert_eq!(reply.status, 200);
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn of_a_long_answer_the_beginning_is_read() {
    let server = capture::Http::start();
    let url: Url = server.url().parse().unwrap();
    let client = Client::new(&url, &Trust::default(), Protocol::Any).unwrap();
    for (bytes, read) in [
        (0, 0),
        (RECEIVER_ANSWER_BYTES_MAX - 1, RECEIVER_ANSWER_BYTES_MAX - 1),
        (RECEIVER_ANSWER_BYTES_MAX, RECEIVER_ANSWER_BYTES_MAX),
        (RECEIVER_ANSWER_BYTES_MAX + 1, RECEIVER_ANSWER_BYTES_MAX),
        (8 * RECEIVER_ANSWER_BYTES_MAX, RECEIVER_ANSWER_BYTES_MAX),
    ] {
        let body: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        server.answer(Response::new(202).with_body(body.clone()));
        let reply = client.get(url.clone(), HeaderMap::new(), Duration::ZERO).await.unwrap();
        assert_eq!((reply.status, &reply.body[..]), (202, &body[..read]), "{bytes}");
    }
}
