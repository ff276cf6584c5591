//! Accepts on loopback and gives each connection a thread, until it is dropped.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};

use crate::limits::TEST_CONNECTIONS_MAX;
use crate::tls::ServerTls;

/// How long a client may take to notice that the connection is over.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// A server that ends, with its connections, when it is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    stopped: Mutex<bool>,
    stop: Condvar,
    open: Mutex<HashMap<u64, TcpStream>>,
    accepted: AtomicU64,
}

/// A client's connection, plain or TLS. Dropping it closes it without `close_notify`.
pub(crate) struct Connection {
    stream: Stream,
    number: u64,
    state: Arc<State>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Listening {
    /// Starts on a free port; the handshake, if there is one, happens at the first read.
    ///
    /// # Panics
    ///
    /// There is no free port.
    pub(crate) fn start(
        tls: Option<&ServerTls>,
        serve: impl Fn(Connection) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Arc::<State>::default();
        let (accepting, tls, serve) = (Arc::clone(&state), tls.cloned(), Arc::new(serve));
        thread::spawn(move || {
            while let Ok((stream, _address)) = listener.accept() {
                if *accepting.stopped.lock().expect("no holder panics") {
                    return;
                }
                // A connection that cannot be served ends, and its client sees that.
                let Ok(connection) = accepting.admit(stream, tls.as_ref()) else { continue };
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(connection));
            }
        });
        Self { address, state }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Counts the connections so far, ended ones included.
    pub(crate) fn connections(&self) -> u64 {
        self.state.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        *self.state.stopped.lock().expect("no holder panics") = true;
        self.state.stop.notify_all();
        for stream in self.state.open.lock().expect("no holder panics").values() {
            // Ended from the other side in the meantime: that is what was wanted.
            stream.shutdown(Shutdown::Both).ok();
        }
        // Wakes the thread that accepts, unless it has ended already.
        TcpStream::connect(self.address).ok();
    }
}

impl State {
    fn admit(
        self: &Arc<Self>,
        stream: TcpStream,
        tls: Option<&ServerTls>,
    ) -> io::Result<Connection> {
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open.lock().expect("no holder panics");
        if open.len() >= TEST_CONNECTIONS_MAX {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        stream.set_nodelay(true)?;
        open.insert(number, stream.try_clone()?);
        drop(open);
        let stream = match tls {
            None => Stream::Plain(stream),
            Some(tls) => {
                let session = ServerConnection::new(tls.config()).map_err(io::Error::other)?;
                Stream::Tls(Box::new(StreamOwned::new(session, stream)))
            }
        };
        Ok(Connection { stream, number, state: Arc::clone(self) })
    }
}

impl Connection {
    /// Reads everything and answers nothing until either side closes.
    pub(crate) fn swallow(&mut self) {
        // Any end will do, a reset too.
        io::copy(self, &mut io::sink()).ok();
    }

    /// Neither reads nor answers until the server ends.
    pub(crate) fn ignore(&self) {
        let stopped = self.state.stopped.lock().expect("no holder panics");
        let stopped = self.state.stop.wait_while(stopped, |stopped| !*stopped);
        drop(stopped.expect("no holder panics"));
    }

    /// Closes in order, under TLS with `close_notify`, and reads until the client has closed too.
    pub(crate) fn close(mut self) -> io::Result<()> {
        if let Stream::Tls(stream) = &mut self.stream {
            stream.conn.send_close_notify();
            stream.flush()?;
        }
        let mut socket = self.socket();
        socket.shutdown(Shutdown::Write)?;
        socket.set_read_timeout(Some(CLOSE_WITHIN))?;
        // Unread bytes would make the kernel reset the connection, and the answer be lost.
        io::copy(&mut socket, &mut io::sink()).map(|_bytes| ())
    }

    fn socket(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => stream.get_ref(),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Either side may have ended it already.
        self.socket().shutdown(Shutdown::Both).ok();
        self.state.open.lock().expect("no holder panics").remove(&self.number);
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}
