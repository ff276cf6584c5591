//! Who comes too often is turned away, and nobody else for it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use ktel_server::app::kamaji::{self, Responses};
use ktel_server::app::router;
use ktel_server::limits::{
    BODIES_BYTES_MAX, RATE_BURST, SMALL_BODY_BYTES_MAX, SUBNET_BURST, TOKENS_KNOWN_FOR,
};
use ktel_server::rate_limit::ClientSubnet;
use ktel_server::serve::serve;
use ktel_server::token::{Role, TokenRecord};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::charts::basic;
use crate::installations::ask;
use crate::routes::{ADMIN, READER, Server, TOKEN, report};

fn from(side: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, side, 1).into()
}

fn request(side: u8, method: &str, path: &str, authorization: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ClientSubnet::of(from(side)));
    request
}

/// Asks until it is too often, and says how often that was; nothing, if it never is.
async fn asks(
    server: &Server,
    side: u8,
    (method, path): (&str, &str),
    authorization: Option<&str>,
) -> Option<u32> {
    for times in 0..3 * SUBNET_BURST {
        let answer = server.answer(request(side, method, path, authorization)).await;
        if answer.status() == 429 {
            assert_eq!(answer.headers()["retry-after"], "1");
            return Some(times);
        }
    }
    None
}

// Time stands still, or turns would come back while they are taken.
#[tokio::test(start_paused = true)]
async fn a_client_without_a_sender_token_has_the_rate_limit_of_its_subnet() {
    let server = Server::start().await;
    let (reader, admin) = (format!("Bearer {READER}"), format!("Bearer {ADMIN}"));
    let sender = format!("Bearer {TOKEN}");
    let (of_splunk, basic) = (format!("Splunk {TOKEN}"), basic(TOKEN).unwrap());
    for (side, asked, authorization) in [
        (1, ("POST", "/v1/reports"), None),
        (2, ("POST", "/v1/reports"), Some("Bearer 00000000-0000-4000-8000-00000000000f")),
        (3, ("POST", "/services/collector"), Some("Splunk no token")),
        (4, ("GET", "/v1/counts"), Some(&*reader)),
        (5, ("GET", "/v1/keys"), Some(&*admin)),
        (6, ("GET", "/v1/counts"), None),
        (7, ("POST", "/v1/forget"), None),
        // A sender's token opens no other listener.
        (8, ("POST", "/v1/forget"), Some(&*sender)),
        (9, ("GET", "/"), Some(&*sender)),
        (10, ("GET", "/nowhere"), None),
        (11, ("GET", "/v1/keys"), None),
        // Nor does it open its own, shown in another way.
        (12, ("POST", "/v1/query"), Some(&*sender)),
        (13, ("POST", "/services/collector"), Some(&*sender)),
        (14, ("POST", "/v1/reports"), Some(&*of_splunk)),
        (15, ("POST", "/v1/logs"), Some(&*basic)),
        (16, ("GET", "/v1/reports"), Some(&*sender)),
    ] {
        let times = asks(&server, side, asked, authorization).await;
        assert!(times.is_some_and(|times| times >= SUBNET_BURST), "{asked:?}: {times:?}");
    }
    // It has its own turns, and those who watch are always answered.
    for (asked, authorization) in [
        (("POST", "/v1/reports"), Some(&*sender)),
        (("POST", "/services/collector"), Some(&*of_splunk)),
        (("POST", "/services/collector"), Some(&*basic)),
        (("GET", "/healthz"), None),
    ] {
        let one = request(1, asked.0, asked.1, authorization);
        assert_ne!(server.answer(one).await.status(), 429, "{asked:?}");
    }
    let times = asks(&server, 17, ("POST", "/v1/reports"), Some(&*reader)).await;
    assert_eq!(times, Some(SUBNET_BURST), "a reader has no turns of its own");
    let other = request(99, "GET", "/v1/keys", None);
    assert_eq!(server.answer(other).await.status(), 200, "another subnet");
    assert_eq!(server.answer(request(1, "GET", "/v1/keys", None)).await.status(), 429);
}

#[tokio::test(start_paused = true)]
async fn one_subnet_does_not_use_up_the_limit_that_all_users_of_a_product_key_share() {
    let server = Server::start().await;
    let key = "00000000-0000-4000-8000-00000000000e";
    let record = TokenRecord::of(key, Role::Events, Some("acme".to_owned()));
    server.store().add_token(record).await.unwrap();
    tokio::time::advance(TOKENS_KNOWN_FOR).await;
    let key = format!("Bearer {key}");
    let asks = async |side| asks(&server, side, ("POST", "/v1/events"), Some(&key)).await;
    assert_eq!(asks(1).await, Some(SUBNET_BURST), "one subnet has its own limit");
    assert_eq!(asks(2).await, Some(SUBNET_BURST), "and another one");
    assert_eq!(
        asks(3).await,
        Some(RATE_BURST - 2 * SUBNET_BURST),
        "all of them share that of the key"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sender_has_so_many_turns_wherever_it_comes_from_and_takes_nobody_elses() {
    let server = Server::start().await;
    let sender = format!("Bearer {TOKEN}");
    for side in [1, 2] {
        let expected = if side == 1 { RATE_BURST } else { 0 };
        let times = asks(&server, side, ("POST", "/v1/reports"), Some(&sender)).await;
        assert_eq!(times, Some(expected), "from {side}");
    }
    let basic = basic(TOKEN).unwrap();
    let one = request(3, "POST", "/services/collector", Some(&basic));
    let answer = server.answer(one).await;
    assert_eq!(answer.status(), 429, "it is the same token");
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(asks(&server, 1, ("GET", "/v1/keys"), None).await, Some(SUBNET_BURST));
}

#[tokio::test(start_paused = true)]
async fn one_sender_does_not_use_up_what_another_has() {
    const OTHER: &str = "00000000-0000-4000-8000-000000000004";
    let server = Server::start().await;
    server.store().add_token(TokenRecord::of(OTHER, Role::Ingest, None)).await.unwrap();
    tokio::time::advance(TOKENS_KNOWN_FOR).await;
    let [one, other] = [TOKEN, OTHER].map(|token| format!("Bearer {token}"));
    let asked = ("POST", "/v1/reports");
    let status = async |sender: &str| {
        server.answer(request(1, asked.0, asked.1, Some(sender))).await.status()
    };
    assert_eq!(status(&other).await, 400, "it is known, and sends nothing");
    assert!(asks(&server, 1, asked, Some(&one)).await.is_some());
    assert_eq!(status(&other).await, 400);
}

#[tokio::test(start_paused = true)]
async fn a_way_that_takes_no_token_has_turns_of_its_own_however_many_networks_share_them() {
    let server = Server::start().await;
    for times in 0..=RATE_BURST {
        let (status, _) = server.post("/v1/forget", "{").await;
        assert_eq!(status, if times < RATE_BURST { 400 } else { 429 }, "{times}");
    }
    assert_eq!(ask(&server, Responses::Strict, "POST", "/create", "{").await, 400, "another way");
}

#[tokio::test(start_paused = true)]
async fn kamajis_clients_have_the_rate_limit_of_their_subnet_even_with_a_token() {
    let server = Server::start().await;
    let routes = kamaji::router(server.app(), Responses::Compatible);
    let sender = format!("Bearer {TOKEN}");
    let mut times = 0;
    loop {
        let one = request(1, "GET", "/anything", Some(&sender));
        if routes.clone().oneshot(one).await.unwrap().status() == 429 {
            break;
        }
        times += 1;
        assert!(times < 3 * SUBNET_BURST);
    }
    let other = routes.oneshot(request(2, "GET", "/anything", None)).await.unwrap();
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn slow_bodies_keep_nobody_else_waiting() {
    let server = Server::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let _end = stop.clone().drop_guard();
    #[expect(clippy::disallowed_methods, reason = "it ends when the guard is dropped")]
    drop(tokio::spawn(serve(router(server.app()), listener, stop)));
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (path, length) = match number % 2 {
            0 => ("/v1/forget", SMALL_BODY_BYTES_MAX),
            _ => ("/v1/reports", 4_000_000),
        };
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Length: {length}\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let body = report("0123456789abcdef", &json!(3)).to_string();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/reports HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut status = [0; 12];
    let answered = timeout(Duration::from_secs(5), stream.read_exact(&mut status)).await;
    answered.expect("it does not wait for the slow ones").unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    drop(slow);
}

#[tokio::test]
async fn room_for_bodies_has_an_end_and_is_given_back() {
    const LARGE: usize = 4_000_000;
    let server = Server::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let _end = stop.clone().drop_guard();
    #[expect(clippy::disallowed_methods, reason = "it ends when the guard is dropped")]
    drop(tokio::spawn(serve(router(server.app()), listener, stop)));
    let part = vec![b' '; LARGE - 1];
    let head = format!(
        "POST /v1/reports HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: {LARGE}\r\n\r\n"
    );
    let mut open = Vec::new();
    let mut turned_away = 0;
    for _ in 0..BODIES_BYTES_MAX / LARGE + 4 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // It may be answered, and the connection ended, before all is sent.
        stream.write_all(&part).await.ok();
        open.push(stream);
    }
    for stream in &mut open {
        let mut status = [0; 12];
        let answered = timeout(Duration::from_millis(100), stream.read_exact(&mut status)).await;
        turned_away += u32::from(answered.is_ok());
    }
    assert!((1..=8).contains(&turned_away), "{turned_away}");
    drop(open);
    let body = report("0123456789abcdef", &json!(3)).to_string();
    let soon = tokio::time::Instant::now() + Duration::from_secs(10);
    while server.post("/v1/reports", body.clone()).await.0 != 200 {
        assert!(tokio::time::Instant::now() < soon, "the room is given back");
    }
}
