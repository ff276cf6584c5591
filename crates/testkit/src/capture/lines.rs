//! A TCP or TLS server that records lines and, like raw inputs of log servers, never answers.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::CAPTURED_LINE_BYTES_MAX;
use crate::loopback::{Connection, Listening};
use crate::recorded::Recorded;
use crate::tls::ServerTls;

/// How a client ended its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// In order; under TLS with `close_notify`.
    InOrder,
    /// It was reset, its handshake failed, or it ended under TLS without `close_notify`.
    Abrupt,
}

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Lines {
    listening: Listening,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    lines: Recorded<String>,
    endings: Recorded<Ending>,
}

impl Lines {
    /// Starts without TLS.
    #[must_use]
    pub fn start() -> Self {
        Self::listen(None)
    }

    /// Starts with TLS.
    #[must_use]
    pub fn start_tls(tls: &ServerTls) -> Self {
        Self::listen(Some(tls))
    }

    fn listen(tls: Option<&ServerTls>) -> Self {
        let state = Arc::<State>::default();
        let serving = Arc::clone(&state);
        let listening = Listening::start(tls, move |connection| serving.record(connection));
        Self { listening, state }
    }

    /// Gives the address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Gives the lines so far, each with the `\n` that it came with; the last may have none.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.state.lines.all()
    }

    /// Gives all lines as soon as there are so many.
    ///
    /// # Panics
    ///
    /// There are not within this time.
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, count: usize, within: Duration) -> Vec<String> {
        self.state.lines.wait_for(count, within)
    }

    /// Tells how connections ended, as soon as so many have.
    ///
    /// # Panics
    ///
    /// They have not within this time.
    #[must_use]
    #[track_caller]
    pub fn wait_for_endings(&self, count: usize, within: Duration) -> Vec<Ending> {
        self.state.endings.wait_for(count, within)
    }

    /// Counts the connections so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.connections()
    }
}

impl State {
    fn record(&self, connection: Connection) {
        let mut reader = BufReader::new(connection);
        let ending = match self.read(&mut reader) {
            Ok(()) => Ending::InOrder,
            Err(_reset) => Ending::Abrupt,
        };
        if self.endings.push(ending) && ending == Ending::InOrder {
            reader.into_inner().close().ok(); // the client is gone already
        }
    }

    fn read(&self, reader: &mut BufReader<Connection>) -> io::Result<()> {
        loop {
            let mut line = Vec::new();
            let read = reader.by_ref().take(CAPTURED_LINE_BYTES_MAX).read_until(b'\n', &mut line);
            let room =
                line.is_empty() || self.lines.push(String::from_utf8_lossy(&line).into_owned());
            match read? {
                0 => return Ok(()),
                _ if room => {}
                _ => return Err(io::ErrorKind::QuotaExceeded.into()),
            }
        }
    }
}
