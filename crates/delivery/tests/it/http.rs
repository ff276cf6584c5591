//! What one client does with several requests.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use ktel_delivery::Secret;
use ktel_delivery::fault::FaultKind;
use ktel_delivery::http::{Client, Protocol, Request, Settings, Url};
use ktel_delivery::limits::RECEIVER_ANSWER_BYTES_MAX;
use ktel_delivery::resolve::{Addresses, Resolve};
use ktel_delivery::tls::{Pem, Trust};
use ktel_testkit::capture;
use ktel_testkit::certificates::Authority;
use ktel_testkit::http::Response;
use ktel_testkit::tls::ServerTls;

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

#[tokio::test]
async fn a_large_answer_is_read_piece_by_piece_up_to_its_limit() {
    const BYTES: usize = 3 << 20;
    let server = capture::Http::start();
    let url: Url = server.url().parse().unwrap();
    let client = Client::new(&url, &Trust::default(), Protocol::Any).unwrap();
    let body: Vec<u8> = (0..BYTES).map(|at| (at % 251) as u8).collect();
    server.answer(Response::new(206).with_body(body.clone()));
    let request = Request {
        url: url.clone(),
        headers: HeaderMap::new(),
        content_type: HeaderValue::from_static("text/plain"),
        body: Bytes::from_static(b"which?"),
        gzip: false,
    };
    for answer in [
        client.get_streamed(url.clone(), HeaderMap::new(), BYTES).await,
        client.post_streamed(request, BYTES).await,
    ] {
        let mut answer = answer.unwrap();
        let (mut read, mut largest) = (Vec::new(), 0);
        while let Some(piece) = answer.next().await.unwrap() {
            largest = largest.max(piece.len());
            read.extend_from_slice(&piece);
        }
        assert_eq!((answer.status, read.len()), (206, BYTES));
        assert!(read == body && largest < BYTES / 4, "{largest} bytes at once");
    }
    let mut answer = client.get_streamed(url.clone(), HeaderMap::new(), BYTES - 1).await.unwrap();
    let fault = loop {
        match answer.next().await {
            Ok(piece) => assert!(piece.is_some(), "it did not end"),
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault.kind, FaultKind::TooLong);
    let read = client.read(url, HeaderMap::new(), BYTES - 1).await;
    assert_eq!(read.unwrap_err().kind, FaultKind::TooLong);
}

/// Knows one host, and allows one address.
#[derive(Debug, Default)]
struct Pinned(Mutex<Vec<String>>);

impl Resolve for Pinned {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        self.0.lock().unwrap().push(host.to_owned());
        let found = match host {
            "reports.test" | "127.0.0.1" => Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
            "::1" => Ok(Vec::new()),
            _ => Err(io::Error::other("no such host")),
        };
        Box::pin(std::future::ready(found))
    }
}

#[tokio::test]
async fn a_resolver_of_the_caller_decides_about_names_and_addresses() {
    let server = capture::Http::start();
    let port = server.address().port();
    let resolver = Arc::new(Pinned::default());
    let settings = Settings { resolver: Some(Arc::clone(&resolver) as _), ..Settings::default() };
    let url: Url = server.url().parse().unwrap();
    let client = Client::with(&url, &Trust::default(), settings).unwrap();
    for (host, reached) in [
        ("reports.test", true),
        ("127.0.0.1", true),
        ("[::1]", false),
        ("localhost", false),
        ("169.254.169.254", false),
    ] {
        let url: Url = format!("http://{host}:{port}/").parse().unwrap();
        let before = server.requests().len();
        let answer = client.get(url, HeaderMap::new(), Duration::ZERO).await;
        assert_eq!(
            (answer.is_ok(), server.requests().len() - before),
            (reached, usize::from(reached))
        );
        assert!(reached || answer.unwrap_err().kind == FaultKind::Unreachable, "{host}");
    }
    let asked = resolver.0.lock().unwrap().clone();
    assert_eq!(asked, ["reports.test", "127.0.0.1", "::1", "localhost", "169.254.169.254"]);
}

const CLIENT_OF: &str = "KTEL_TEST_CLIENT_OF";

/// Runs as a program of its own when a test starts it so; as a test by itself it does nothing. It
/// sends one request with the system's resolver, and one with its own.
#[tokio::test]
async fn client_beside_a_proxy() {
    let Ok(url) = std::env::var(CLIENT_OF) else { return };
    let url: Url = url.parse().unwrap();
    for resolver in [None, Some(Arc::<Pinned>::default() as Arc<dyn Resolve>)] {
        let settings = Settings { resolver, ..Settings::default() };
        let client = Client::with(&url, &Trust::default(), settings).unwrap();
        let reply = client.get(url.clone(), HeaderMap::new(), Duration::ZERO).await.unwrap();
        assert_eq!(reply.status, 200);
    }
}

#[test]
fn a_resolver_of_the_caller_turns_proxies_off() {
    let (server, proxy) = (capture::Http::start(), capture::Http::start());
    let url = format!("http://reports.test:{}/", server.address().port());
    // A variable of this process would be one of all its tests.
    let mut client = Command::new(std::env::current_exe().unwrap());
    client.args(["--exact", "http::client_beside_a_proxy", "--test-threads=1"]).env(CLIENT_OF, url);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        client.env(name, proxy.url());
    }
    client.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD");
    assert!(client.status().unwrap().success());
    // A proxy would resolve the name itself, and could reach what the caller does not allow.
    assert_eq!((proxy.requests().len(), server.requests().len()), (1, 1));
}

#[tokio::test]
async fn an_exchange_ends_when_the_caller_wants() {
    let server = capture::BlackHole::start();
    let url: Url = format!("http://{}/", server.address()).parse().unwrap();
    let exchange_within = Duration::from_millis(50);
    let settings = Settings { exchange_within, ..Settings::default() };
    let client = Client::with(&url, &Trust::default(), settings).unwrap();
    let fault = client.get(url, HeaderMap::new(), Duration::ZERO).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Timeout);
}

#[tokio::test]
async fn certificates_and_keys_need_no_files() {
    let authority = Authority::new();
    let tls = ServerTls::asking_for_clients_of(&authority, &authority.server());
    let server = capture::Http::start_tls(&tls);
    let url: Url = server.url().parse().unwrap();
    let pem = |name: &str, text: &str| Pem::Text { name: name.into(), text: Secret::new(text) };
    let identity = authority.client("site");
    let trust = Trust {
        authorities: Some(pem("ca", &authority.certificate_pem())),
        identity: Some((
            pem("certificate", &identity.certificate_pem()),
            pem("key", &identity.key_pem()),
        )),
    };
    let client = Client::new(&url, &trust, Protocol::Any).unwrap();
    let reply = client.get(url.clone(), HeaderMap::new(), Duration::ZERO).await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(!format!("{trust:?}").contains("BEGIN"), "{trust:?}");
    let stranger = Trust { identity: None, ..trust.clone() };
    let client = Client::new(&url, &stranger, Protocol::Any).unwrap();
    assert!(client.get(url.clone(), HeaderMap::new(), Duration::ZERO).await.is_err());
    let empty = Trust { authorities: Some(pem("secret/ca", "none")), identity: None };
    let error = Client::new(&url, &empty, Protocol::Any).unwrap_err();
    assert_eq!(error.to_string(), "`secret/ca` holds no certificate in PEM");
}
