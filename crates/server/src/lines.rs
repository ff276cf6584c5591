//! Receives lines of syslog over TCP, TLS and UDP, without authentication and without responses.
//!
//! These listeners are off by default. Lines are marked as unauthenticated, and each transport has a rate
//! limit of its own. A stream is read no faster than the store accepts its lines; a datagram above the
//! rate limit is dropped and counted.

use std::error::Error;
use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::app::App;
use crate::connection_limiter::ConnectionLimiter;
use crate::ingest::Read;
use crate::limits::{
    ACCEPT_PAUSE, DATAGRAM_BYTES_MAX, HEAD_WITHIN, LINE_CONNECTIONS_MAX, LINE_IDLE_WITHIN,
    LINE_READ_BYTES, LINES_AT_ONCE_MAX, LINES_KEPT_WITHIN, RATE_LIMIT_RETRY_AFTER,
    STORE_AGAIN_AFTER,
};
use frame::{Frame, Frames};

pub mod frame;

/// The transport of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineTransport {
    /// TCP without TLS.
    Tcp,
    /// TCP with TLS.
    Tls,
    /// UDP; one datagram may have several lines.
    Udp,
}

impl LineTransport {
    /// The scheme of its URLs.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Udp => "udp",
        }
    }

    /// The key of its rate limit.
    #[must_use]
    pub fn rate_key(self) -> &'static str {
        match self {
            Self::Tcp => "lines over TCP",
            Self::Tls => "lines over TLS",
            Self::Udp => "lines over UDP",
        }
    }
}

/// Receives lines from connections until `stop` is cancelled; with TLS, if there is a certificate.
///
/// # Errors
/// None so far: a connection that cannot be accepted is no error.
pub async fn serve_streams(
    app: Arc<App>,
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    stop: CancellationToken,
) -> io::Result<()> {
    let limiter = Arc::new(ConnectionLimiter::new(LINE_CONNECTIONS_MAX));
    let tls = tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, permit) = match accepted {
            Ok((stream, peer)) => match limiter.try_acquire(peer.ip()) {
                Some(permit) => (stream, permit),
                // The connection is closed: its subnet has reached its limit.
                None => continue,
            },
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "could not accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (app, tls, stop) = (Arc::clone(&app), tls.clone(), stop.clone());
        connections.spawn(async move {
            if let Err(error) = connection(&app, stream, tls, &stop).await {
                debug!(error = &error as &dyn std::error::Error, "a connection with lines ended");
            }
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
    while connections.join_next().await.is_some() {}
    Ok(())
}

async fn connection(
    app: &App,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    stop: &CancellationToken,
) -> io::Result<()> {
    match tls {
        None => stream_of_lines(app, LineTransport::Tcp, stream, stop).await,
        Some(tls) => {
            let accepted = timeout(HEAD_WITHIN, tls.accept(stream)).await;
            let stream = accepted.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            stream_of_lines(app, LineTransport::Tls, stream, stop).await
        }
    }
}

/// Reads lines until the client closes the connection, is idle for too long, or sends invalid framing.
async fn stream_of_lines(
    app: &App,
    transport: LineTransport,
    mut stream: impl AsyncRead + Unpin,
    stop: &CancellationToken,
) -> io::Result<()> {
    let mut frames = Frames::default();
    let mut buffer = BytesMut::with_capacity(LINE_READ_BYTES);
    loop {
        buffer.clear();
        let read = tokio::select! {
            read = timeout(LINE_IDLE_WITHIN, stream.read_buf(&mut buffer)) => read,
            () = stop.cancelled() => return Ok(()),
        };
        let ended = match read.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(bytes) => bytes == 0,
            // Many clients close TLS without `close_notify`.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => true,
            Err(error) => return Err(error),
        };
        frames.push(&buffer);
        let mut lines = Vec::new();
        while let Some(frame) = frames.next_frame() {
            match frame {
                Frame::Line(line) => lines.push(line),
                Frame::TooLong => app.count_rejected("too_large", 1),
                Frame::Broken => {
                    app.count_rejected("malformed", 1);
                    return app.process_lines(transport, lines, stop).await;
                }
            }
        }
        if ended {
            lines.extend(frames.rest());
            return app.process_lines(transport, lines, stop).await;
        }
        app.process_lines(transport, lines, stop).await?;
    }
}

/// Receives lines from datagrams until `stop` is cancelled.
pub async fn serve_datagrams(app: Arc<App>, socket: UdpSocket, stop: CancellationToken) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        let received = tokio::select! {
            received = socket.recv(&mut buffer) => received,
            () = stop.cancelled() => return,
        };
        let mut lines = Vec::new();
        let mut take = |datagram: &[u8]| {
            if app.try_acquire_unauthenticated(LineTransport::Udp.rate_key()) {
                let texts = datagram.split(|byte| *byte == b'\n');
                let texts = texts.filter(|text| !text.trim_ascii().is_empty());
                lines.extend(texts.take(LINES_AT_ONCE_MAX).map(Bytes::copy_from_slice));
            } else {
                app.count_rejected("rate", 1);
            }
            lines.len()
        };
        let mut length = match received {
            Ok(length) => take(buffer.get(..length).unwrap_or_default()),
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "could not receive a datagram");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Datagrams that are queued already are written with the same sync.
        while length < LINES_AT_ONCE_MAX {
            let Ok(received) = socket.try_recv(&mut buffer) else { break };
            length = take(buffer.get(..received).unwrap_or_default());
        }
        let read = app.read_lines(&lines);
        let count = read.len();
        if let Err(error) = app.store_lines(read).await {
            app.count_lost_lines(count);
            warn!(error = &error as &dyn std::error::Error, lines = count, "datagrams were lost");
        }
    }
}

impl App {
    /// Stores the lines of a stream within its rate limit. While the store is busy they wait, and the
    /// stream is not read.
    async fn process_lines(
        &self,
        transport: LineTransport,
        lines: Vec<Bytes>,
        stop: &CancellationToken,
    ) -> io::Result<()> {
        let mut lines = lines.into_iter().peekable();
        while lines.peek().is_some() {
            let some: Vec<Bytes> = lines.by_ref().take(LINES_AT_ONCE_MAX).collect();
            for _ in &some {
                while !self.try_acquire_unauthenticated(transport.rate_key())
                    && !stop.is_cancelled()
                {
                    sleep(RATE_LIMIT_RETRY_AFTER).await;
                }
            }
            self.keep_in_time(self.read_lines(&some), stop).await?;
        }
        Ok(())
    }

    async fn keep_in_time(&self, read: Vec<Read>, stop: &CancellationToken) -> io::Result<()> {
        let deadline = Instant::now() + LINES_KEPT_WITHIN;
        loop {
            let Err(error) = self.store_lines(read.clone()).await else { return Ok(()) };
            let is_lost = error.is_of_one_record() || stop.is_cancelled();
            if is_lost || Instant::now() >= deadline {
                self.count_lost_lines(read.len());
                warn!(error = &error as &dyn Error, lines = read.len(), "lines were lost");
                return Err(io::Error::other(error));
            }
            // After `stop`, there is one more attempt.
            drop(timeout(STORE_AGAIN_AFTER, stop.cancelled()).await);
        }
    }
}
