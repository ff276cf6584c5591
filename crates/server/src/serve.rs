//! Serves the routes on a listener, with limits on connections and on the time that they take.
//!
//! A connection that says nothing costs no more than its file: buffers are made with its first byte.
//! Each has [`HEAD_WITHIN`] for its handshake and its first head together, as long again for each
//! further one, and an age at which it has to be made anew.

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

use crate::doors::{Doors, Pass};
use crate::limits::{
    ACCEPT_PAUSE, CONNECTION_AGE_MAX, FULL_SAID_EVERY, HEAD_BYTES_MAX, HEAD_WITHIN,
    LAST_REQUEST_WITHIN,
};

/// Where connections come in.
#[derive(Debug)]
pub struct Entrance {
    /// Takes them.
    pub listener: TcpListener,
    /// What TLS is spoken with, if it is.
    pub tls: Option<Arc<ServerConfig>>,
    /// The places for connections; other entrances may share them.
    pub doors: Arc<Doors>,
}

impl From<TcpListener> for Entrance {
    /// Without TLS, and with places of its own.
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None, doors: Arc::default() }
    }
}

/// Serves until it is told to stop; then finishes the requests that are under way.
///
/// The routes find the [`Prefix`](crate::rate::Prefix) that a request comes from among its
/// extensions; nothing else is known of an address.
///
/// # Errors
/// None so far: a connection that cannot be accepted is no error.
pub async fn serve(
    router: Router,
    entrance: impl Into<Entrance>,
    stop: CancellationToken,
) -> io::Result<()> {
    let Entrance { listener, tls, doors } = entrance.into();
    let mut connections = JoinSet::new();
    let mut refusals = Refusals::default();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        while connections.try_join_next().is_some() {}
        let (stream, address) = match accepted {
            Ok((stream, address)) => (stream, address.ip()),
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "a connection was not accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match doors.enter(address) {
            Some(pass) => {
                let (router, tls, stop) = (router.clone(), tls.clone(), stop.clone());
                connections.spawn(converse(stream, tls, router, pass, stop));
            }
            // Ending it at once is all that costs nothing.
            None => refusals.note(doors.open()),
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// Says now and then that there was no place for somebody, and never for whom.
#[derive(Debug, Default)]
struct Refusals {
    count: u64,
    said: Option<Instant>,
}

impl Refusals {
    fn note(&mut self, open: usize) {
        self.count += 1;
        if self.said.is_none_or(|said| said.elapsed() >= FULL_SAID_EVERY) {
            warn!(refused = self.count, open, "there is no place for more connections");
            *self = Self { count: 0, said: Some(Instant::now()) };
        }
    }
}

/// Serves one connection. Why one ends in the middle is its client's own affair.
async fn converse(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    pass: Pass,
    stop: CancellationToken,
) {
    let deadline = Instant::now() + HEAD_WITHIN;
    let says_something = timeout_at(deadline, says_something(&stream));
    let Some(Ok(Ok(()))) = stop.run_until_cancelled(says_something).await else { return };
    match tls {
        None => Box::pin(answer(TokioIo::new(stream), router, &pass, deadline, stop)).await,
        Some(config) => {
            let accept = Box::pin(TlsAcceptor::from(config).accept(stream));
            let Ok(Ok(stream)) = timeout_at(deadline, accept).await else { return };
            Box::pin(answer(TokioIo::new(stream), router, &pass, deadline, stop)).await;
        }
    }
}

/// Waits for the first byte of a connection, or its end, and takes neither. It asks the system: of a
/// stream that was just accepted, `readable` only guesses that it is.
async fn says_something(stream: &TcpStream) -> io::Result<()> {
    stream.peek(&mut [0]).await.map(drop)
}

async fn answer(
    stream: impl Read + Write + Unpin,
    router: Router,
    pass: &Pass,
    deadline: Instant,
    stop: CancellationToken,
) {
    let is_heard = AtomicBool::new(false);
    let (prefix, routes) = (pass.prefix(), TowerToHyperService::new(router));
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        is_heard.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(prefix);
        // A length beside it was left out by now, and a proxy may have gone by that: what comes behind
        // the body may be nobody's request (RFC 9112, 6.3).
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
        if is_heard.load(Ordering::Relaxed) {
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
    // Who does not take its answer in that time does not want it.
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
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::{answer, says_something};
    use crate::doors::Doors;
    use crate::limits::HEAD_WITHIN;

    /// Serves one who says something and waits, and gives the time until it is ended.
    async fn served(said: &str, deadline: Duration) -> Duration {
        let (mut client, server) = tokio::io::duplex(1024);
        let pass = Arc::new(Doors::new(1)).enter(Ipv4Addr::LOCALHOST.into()).unwrap();
        client.write_all(said.as_bytes()).await.unwrap();
        let (start, stop) = (Instant::now(), CancellationToken::new());
        answer(TokioIo::new(server), Router::new(), &pass, start + deadline, stop).await;
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

    #[tokio::test]
    async fn a_connection_that_says_nothing_gets_no_further() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::select! {
            biased;
            said = says_something(&stream) => panic!("{said:?}"),
            () = std::future::ready(()) => {}
        }
        client.write_all(b"it").await.unwrap();
        says_something(&stream).await.unwrap();
        drop(client);
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "it");
    }
}
