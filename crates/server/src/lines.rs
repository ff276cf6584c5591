//! Takes lines of syslog over TCP, TLS and UDP: from whoever comes, and without an answer.
//!
//! Only an operator opens this door. What comes through it is marked as unauthenticated, in a bucket
//! of turns of its own for each way. A stream is read no faster than the store takes its lines; a
//! datagram that finds the bucket empty is lost, as datagrams are.

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
use crate::doors::Doors;
use crate::ingest::Read;
use crate::limits::{
    ACCEPT_AGAIN_AFTER, DATAGRAM_BYTES_MAX, HEAD_WITHIN, LINE_CONNECTIONS_MAX, LINE_IDLE_WITHIN,
    LINE_READ_BYTES, LINES_AT_ONCE_MAX, LINES_KEPT_WITHIN, STORE_AGAIN_AFTER, TURN_AGAIN_AFTER,
};
use frame::{Frame, Frames};

pub mod frame;

/// The way a line comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// TCP, in the open.
    Tcp,
    /// TCP under TLS.
    Tls,
    /// One datagram.
    Udp,
}

impl Way {
    /// Gives the name of its bucket.
    #[must_use]
    pub fn bucket(self) -> &'static str {
        match self {
            Self::Tcp => "lines over TCP",
            Self::Tls => "lines over TLS",
            Self::Udp => "lines over UDP",
        }
    }
}

/// Takes lines from connections until it is told to stop; under TLS, if there is a certificate.
///
/// # Errors
/// When connections can be kept apart no longer. One that cannot be accepted is no error.
pub async fn serve_streams(
    app: Arc<App>,
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    stop: CancellationToken,
) -> io::Result<()> {
    let doors = Arc::new(Doors::new(LINE_CONNECTIONS_MAX));
    let tls = tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, pass) = match accepted {
            Ok((stream, peer)) => match doors.enter(peer.ip()) {
                Some(pass) => (stream, pass),
                // It is closed: its neighbourhood has enough.
                None => continue,
            },
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "a connection was not accepted");
                sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        let (app, tls, stop) = (Arc::clone(&app), tls.clone(), stop.clone());
        connections.spawn(async move {
            if let Err(error) = connection(&app, stream, tls, &stop).await {
                debug!(error = &error as &dyn std::error::Error, "a connection with lines ended");
            }
            drop(pass);
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
        None => stream_of_lines(app, Way::Tcp, stream, stop).await,
        Some(tls) => {
            let accepted = timeout(HEAD_WITHIN, tls.accept(stream)).await;
            let stream = accepted.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            stream_of_lines(app, Way::Tls, stream, stop).await
        }
    }
}

/// Reads lines until the other side ends, says nothing for too long, or cannot be understood.
async fn stream_of_lines(
    app: &App,
    way: Way,
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
            // Many clients end TLS without a goodbye.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => true,
            Err(error) => return Err(error),
        };
        frames.push(&buffer);
        let mut lines = Vec::new();
        while let Some(frame) = frames.next_frame() {
            match frame {
                Frame::Line(line) => lines.push(line),
                Frame::TooLong => app.count_refused("too_large", 1),
                Frame::Broken => {
                    app.count_refused("malformed", 1);
                    return app.take_lines(way, lines, stop).await;
                }
            }
        }
        if ended {
            lines.extend(frames.rest());
            return app.take_lines(way, lines, stop).await;
        }
        app.take_lines(way, lines, stop).await?;
    }
}

/// Takes lines from datagrams until it is told to stop.
pub async fn serve_datagrams(app: Arc<App>, socket: UdpSocket, stop: CancellationToken) {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        let received = tokio::select! {
            received = socket.recv(&mut buffer) => received,
            () = stop.cancelled() => return,
        };
        let mut lines = Vec::new();
        let mut take = |datagram: &[u8]| {
            if app.admit_unknown(Way::Udp.bucket()) {
                let texts = datagram.split(|byte| *byte == b'\n');
                let texts = texts.filter(|text| !text.trim_ascii().is_empty());
                lines.extend(texts.take(LINES_AT_ONCE_MAX).map(Bytes::copy_from_slice));
            } else {
                app.count_refused("rate", 1);
            }
            lines.len()
        };
        let mut length = match received {
            Ok(length) => take(buffer.get(..length).unwrap_or_default()),
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "a datagram was not received");
                sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        // Those that wait already are written with the same sync.
        while length < LINES_AT_ONCE_MAX {
            let Ok(received) = socket.try_recv(&mut buffer) else { break };
            length = take(buffer.get(..received).unwrap_or_default());
        }
        let read = app.read_lines(&lines);
        let count = read.len();
        if let Err(error) = app.keep_lines(read).await {
            app.lose_lines(count);
            warn!(error = &error as &dyn std::error::Error, lines = count, "datagrams were lost");
        }
    }
}

impl App {
    /// Stores the lines of a stream, each after a turn of its own. While the store has no place for them
    /// they wait, and so does whoever sends more of them.
    async fn take_lines(
        &self,
        way: Way,
        lines: Vec<Bytes>,
        stop: &CancellationToken,
    ) -> io::Result<()> {
        let mut lines = lines.into_iter().peekable();
        while lines.peek().is_some() {
            let some: Vec<Bytes> = lines.by_ref().take(LINES_AT_ONCE_MAX).collect();
            for _ in &some {
                while !self.admit_unknown(way.bucket()) && !stop.is_cancelled() {
                    sleep(TURN_AGAIN_AFTER).await;
                }
            }
            self.keep_in_time(self.read_lines(&some), stop).await?;
        }
        Ok(())
    }

    async fn keep_in_time(&self, read: Vec<Read>, stop: &CancellationToken) -> io::Result<()> {
        let deadline = Instant::now() + LINES_KEPT_WITHIN;
        loop {
            let Err(error) = self.keep_lines(read.clone()).await else { return Ok(()) };
            let is_lost = error.is_of_one_record() || stop.is_cancelled();
            if is_lost || Instant::now() >= deadline {
                self.lose_lines(read.len());
                warn!(error = &error as &dyn Error, lines = read.len(), "lines were lost");
                return Err(io::Error::other(error));
            }
            // Told to stop, they get one more chance.
            drop(timeout(STORE_AGAIN_AFTER, stop.cancelled()).await);
        }
    }
}
