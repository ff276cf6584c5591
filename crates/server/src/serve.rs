//! Serves the routes on a listener, with limits on connections and on the time that they take.
//!
//! An idle connection costs one file descriptor: its buffers are allocated when the first byte arrives.
//! The handshake and the first request head together may take [`HEAD_WITHIN`], every further head may
//! take as long, and a connection is closed at [`CONNECTION_AGE_MAX`].

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use http::HeaderValue;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::connection_limiter::{ConnectionLimiter, Permit};
use crate::limits::{
    ACCEPT_PAUSE, CONNECTION_AGE_MAX, FULL_WARNING_EVERY, HEAD_BYTES_MAX, HEAD_WITHIN,
    LAST_REQUEST_WITHIN,
};

/// A listener and how its connections are served.
#[derive(Debug)]
pub struct ListenerConfig {
    /// Accepts the connections.
    pub listener: TcpListener,
    /// The TLS configuration; plain HTTP without it.
    pub tls: Option<Arc<ServerConfig>>,
    /// The connection limits; several listeners may share them.
    pub limiter: Arc<ConnectionLimiter>,
}

impl From<TcpListener> for ListenerConfig {
    /// Plain HTTP, with connection limits of its own.
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None, limiter: Arc::default() }
    }
}

/// Serves until `stop` is cancelled, then finishes the requests that are in progress.
///
/// The routes find the [`ClientSubnet`](crate::rate_limit::ClientSubnet) that a request comes from among its
/// extensions; no other part of an address is kept.
///
/// # Errors
/// None so far: a connection that cannot be accepted is no error.
pub async fn serve(
    router: Router,
    listener_config: impl Into<ListenerConfig>,
    stop: CancellationToken,
) -> io::Result<()> {
    let ListenerConfig { listener, tls, limiter } = listener_config.into();
    let mut connections = JoinSet::new();
    let mut rejected = RejectedConnections::default();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        while connections.try_join_next().is_some() {}
        let (stream, address) = match accepted {
            Ok((stream, address)) => (stream, address.ip()),
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "could not accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match limiter.try_acquire(address) {
            Some(permit) => {
                let (router, tls, stop) = (router.clone(), tls.clone(), stop.clone());
                connections.spawn(serve_connection(stream, tls, router, permit, stop));
            }
            // Closing the connection is the cheapest answer.
            None => rejected.note(limiter.open()),
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Warns about rejected connections at most once a minute, without addresses.
#[derive(Debug, Default)]
struct RejectedConnections {
    count: u64,
    warned_at: Option<Instant>,
}

impl RejectedConnections {
    fn note(&mut self, open: usize) {
        self.count += 1;
        if self.warned_at.is_none_or(|warned_at| warned_at.elapsed() >= FULL_WARNING_EVERY) {
            warn!(rejected = self.count, open, "connection limit reached; rejecting connections");
            *self = Self { count: 0, warned_at: Some(Instant::now()) };
        }
    }
}

/// Serves one connection. Errors of a connection are ignored: the client sees them.
async fn serve_connection(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    permit: Permit,
    stop: CancellationToken,
) {
    let deadline = Instant::now() + HEAD_WITHIN;
    let wait_readable = timeout_at(deadline, wait_readable(&stream));
    let Some(Ok(Ok(()))) = stop.run_until_cancelled(wait_readable).await else { return };
    match tls {
        None => Box::pin(serve_http(TokioIo::new(stream), router, &permit, deadline, stop)).await,
        Some(config) => {
            let accept = Box::pin(TlsAcceptor::from(config).accept(stream));
            let Ok(Ok(stream)) = timeout_at(deadline, accept).await else { return };
            Box::pin(serve_http(TokioIo::new(stream), router, &permit, deadline, stop)).await;
        }
    }
}

/// Waits for the first byte or the end of a connection, without consuming it. It peeks, since Tokio
/// reports a newly accepted stream as readable before it is.
async fn wait_readable(stream: &TcpStream) -> io::Result<()> {
    stream.peek(&mut [0]).await.map(drop)
}

async fn serve_http(
    stream: impl Read + Write + Unpin,
    router: Router,
    permit: &Permit,
    deadline: Instant,
    stop: CancellationToken,
) {
    let has_request = AtomicBool::new(false);
    let (subnet, routes) = (permit.subnet(), TowerToHyperService::new(router));
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        has_request.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(subnet);
        // Request smuggling: hyper has removed a `Content-Length` beside it, but a proxy may have used
        // that, so no further request of this connection is trusted (RFC 9112, 6.3).
        let is_last = request.headers().contains_key(TRANSFER_ENCODING);
        let answer = routes.call(request);
        async move {
            let mut answer = answer.await?;
            if is_last {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    builder.max_buf_size(HEAD_BYTES_MAX).max_header_size(HEAD_BYTES_MAX);
    let mut connection = pin!(builder.serve_connection(stream, service));
    let silence = async {
        sleep_until(deadline).await;
        if has_request.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ended = connection.as_mut() => return,
        () = silence => return,
        () = sleep(CONNECTION_AGE_MAX) => {}
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    // A client that does not read its answer in time loses it.
    drop(timeout(LAST_REQUEST_WITHIN, connection).await);
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;
    use std::time::Duration;

    use axum::Router;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::{Instant, sleep};
    use tokio_util::sync::CancellationToken;

    use super::{serve_http, wait_readable};
    use crate::connection_limiter::ConnectionLimiter;
    use crate::limits::HEAD_WITHIN;

    /// Serves one who says something and waits, and gives the time until the connection is closed.
    async fn served(warned_at: &str, deadline: Duration) -> Duration {
        let (mut client, server) = tokio::io::duplex(1024);
        let permit =
            Arc::new(ConnectionLimiter::new(1)).try_acquire(Ipv4Addr::LOCALHOST.into()).unwrap();
        client.write_all(warned_at.as_bytes()).await.unwrap();
        let (start, stop) = (Instant::now(), CancellationToken::new());
        serve_http(TokioIo::new(server), Router::new(), &permit, start + deadline, stop).await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_head_has_what_a_handshake_left_of_its_time_and_the_next_has_its_own() {
        const LEFT: Duration = Duration::from_secs(2);
        for silent in ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: it\r\n"] {
            assert_eq!(served(silent, LEFT).await, LEFT, "{silent:?}");
        }
        let heard = served("GET / HTTP/1.1\r\nHost: it\r\n\r\n", LEFT).await;
        assert_eq!(heard, HEAD_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_ends_and_one_in_use_does_not() {
        let (mut client, server) = tokio::io::duplex(1024);
        let permit =
            Arc::new(ConnectionLimiter::new(1)).try_acquire(Ipv4Addr::LOCALHOST.into()).unwrap();
        let (deadline, stop) = (Instant::now() + HEAD_WITHIN, CancellationToken::new());
        let serving = serve_http(TokioIo::new(server), Router::new(), &permit, deadline, stop);
        let using = async {
            let mut buffer = [0; 512];
            for _ in 0..3 {
                client.write_all(b"GET / HTTP/1.1\r\nHost: it\r\n\r\n").await.unwrap();
                assert!(client.read(&mut buffer).await.unwrap() > 0, "it is in use");
                sleep(HEAD_WITHIN / 2).await;
            }
            let idle_since = Instant::now();
            assert_eq!(client.read(&mut buffer).await.unwrap(), 0);
            idle_since.elapsed()
        };
        let ((), idle) = tokio::join!(serving, using);
        assert!(idle <= HEAD_WITHIN, "{idle:?}");
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_gets_no_further() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::select! {
            biased;
            warned_at = wait_readable(&stream) => panic!("{warned_at:?}"),
            () = std::future::ready(()) => {}
        }
        client.write_all(b"it").await.unwrap();
        wait_readable(&stream).await.unwrap();
        drop(client);
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "it");
    }
}
