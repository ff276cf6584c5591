//! Connections: how long they may take, and that many slow ones keep nobody out.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::{Extension, Router};
use ktel_server::connection_limiter::ConnectionLimiter;
use ktel_server::limits::{CONNECTIONS_PER_SUBNET_MAX, HEAD_BYTES_MAX, HEAD_WITHIN};
use ktel_server::rate_limit::ClientSubnet;
use ktel_server::serve::{ListenerConfig, serve};
use ktel_server::tls::{Files, Tls};
use ktel_testkit::certificates::Authority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n";
const SOON: Duration = Duration::from_secs(20);

async fn listen(most: usize, tls: Option<&Tls>) -> (SocketAddr, Arc<ConnectionLimiter>, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limiter = Arc::new(ConnectionLimiter::new(most));
    let listener_config =
        ListenerConfig { listener, tls: tls.map(Tls::config), limiter: Arc::clone(&limiter) };
    let stop = CancellationToken::new();
    let known = |prefix: Option<Extension<ClientSubnet>>| async move {
        let Extension(prefix) = prefix.unwrap();
        (prefix == ClientSubnet::of(Ipv4Addr::LOCALHOST.into())).to_string()
    };
    let serving = serve(Router::new().route("/", get(known)), listener_config, stop.clone());
    #[expect(clippy::disallowed_methods, reason = "it ends when the guard is dropped")]
    drop(tokio::spawn(serving));
    (address, limiter, stop.drop_guard())
}

/// Connects from an address of loopback's many.
async fn connect(address: SocketAddr, from: Ipv4Addr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(address).await.unwrap()
}

/// Reads until the other side ends, which it must do in time.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end as well.
    timeout(SOON, stream.read_to_end(&mut text)).await.unwrap().ok();
    String::from_utf8(text).unwrap()
}

async fn is_served(address: SocketAddr, from: Ipv4Addr) -> Option<bool> {
    let mut stream = connect(address, from).await;
    stream.write_all(ASK).await.ok()?;
    let mut head = [0; 15];
    timeout(SOON, stream.read_exact(&mut head)).await.ok()?.ok()?;
    Some(&head[..] == b"HTTP/1.1 200 OK")
}

#[tokio::test]
async fn a_route_knows_the_client_subnet_of_a_request() {
    let (address, _doors, _serving) = listen(8, None).await;
    for (from, expected) in [([127, 0, 0, 9], "true"), ([127, 0, 9, 1], "false")] {
        let mut stream = connect(address, from.into()).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.ends_with(&format!("\r\n\r\n{expected}")), "{from:?}: {answer}");
    }
}

#[tokio::test]
async fn many_silent_and_slow_connections_keep_nobody_else_out() {
    const SIDES: u8 = 4;
    let (address, limiter, _serving) = listen(400, None).await;
    let mut open = Vec::new();
    for side in 1..=SIDES {
        for number in 0..100 {
            let mut stream = connect(address, Ipv4Addr::new(127, 0, side, 1)).await;
            if number % 2 == 0 {
                stream.write_all(b"POST / HTTP/1.1\r\nHost: h").await.ok();
            }
            open.push(stream);
        }
    }
    // The last ones may be on their way still.
    assert!(limiter.open() > 200, "{}", limiter.open());
    for side in 100..110 {
        assert_eq!(is_served(address, Ipv4Addr::new(127, 0, side, 1)).await, Some(true));
    }
    assert!(limiter.open() <= 400 - 20, "{} leave room", limiter.open());
    drop(open);
}

#[tokio::test]
async fn a_client_subnet_has_a_limit_and_gets_more_when_connections_end() {
    let (address, limiter, _serving) = listen(16 * CONNECTIONS_PER_SUBNET_MAX, None).await;
    let here = Ipv4Addr::LOCALHOST;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_PER_SUBNET_MAX {
        open.push(connect(address, here).await);
    }
    while limiter.open() < CONNECTIONS_PER_SUBNET_MAX {
        tokio::task::yield_now().await;
    }
    assert_eq!(is_served(address, here).await, None);
    assert_eq!(is_served(address, Ipv4Addr::new(127, 0, 1, 1)).await, Some(true));
    open.truncate(10);
    while limiter.open() > 10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(is_served(address, here).await, Some(true));
}

/// Sends a byte at a time for as long as somebody listens, and says how long that was.
async fn trickle(mut stream: TcpStream, bytes: impl Iterator<Item = u8>) -> Duration {
    let start = Instant::now();
    let mut ended = [0];
    for byte in bytes {
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        let said = timeout(Duration::from_millis(100), stream.read(&mut ended)).await;
        if said.is_ok_and(|said| said.map_or(true, |count| count == 0)) {
            break;
        }
        assert!(start.elapsed() < SOON, "it is never ended");
    }
    start.elapsed()
}

#[tokio::test]
async fn a_head_that_trickles_ends_in_time_with_and_without_tls() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let files = authority.server().write(folder.path(), "tls").unwrap();
    let (certificate, key) = (files.certificate, files.key);
    let tls = Tls::load(Files { certificate, key, client_authority: None }).unwrap();
    let (plain, _, _serving) = listen(8, None).await;
    let (secure, _, _serving_too) = listen(8, Some(&tls)).await;
    let head = b"GET / HTTP/1.1\r\nX: ".iter().copied().chain(std::iter::repeat(b'x'));
    // What looks like the beginning of a long handshake.
    let hello = [0x16, 3, 1, 0x20, 0].into_iter().chain(std::iter::repeat(1));
    let trickled = tokio::join!(
        trickle(TcpStream::connect(plain).await.unwrap(), head),
        trickle(TcpStream::connect(secure).await.unwrap(), hello),
        trickle(TcpStream::connect(plain).await.unwrap(), std::iter::empty()),
    );
    for took in [trickled.0, trickled.1] {
        assert!(took < HEAD_WITHIN + Duration::from_secs(2), "{took:?}");
    }
    let mut silent = TcpStream::connect(plain).await.unwrap();
    let start = Instant::now();
    assert_eq!(rest(&mut silent).await, "");
    assert!(start.elapsed() < HEAD_WITHIN + Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_head_has_a_most() {
    let (address, _doors, _serving) = listen(8, None).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(HEAD_BYTES_MAX));
    stream.write_all(head.as_bytes()).await.ok();
    let answer = rest(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn nothing_is_read_behind_a_body_whose_end_two_may_see_in_two_places() {
    let (address, _doors, _serving) = listen(8, None).await;
    for lengths in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Transfer-Encoding: chunked",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let behind = String::from_utf8_lossy(ASK);
        let both = format!("GET / HTTP/1.1\r\nHost: a\r\n{lengths}\r\n\r\n0\r\n\r\n{behind}");
        stream.write_all(both.as_bytes()).await.unwrap();
        let answers = rest(&mut stream).await;
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answers}");
    }
}
