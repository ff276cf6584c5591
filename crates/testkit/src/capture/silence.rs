//! Addresses that give no answer.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use crate::loopback::{Connection, Listening};

/// A server that accepts connections and never answers.
#[derive(Debug)]
pub struct BlackHole {
    listening: Listening,
}

impl BlackHole {
    /// Starts one that reads everything: a client sends its request and waits for an answer.
    #[must_use]
    pub fn start() -> Self {
        Self { listening: Listening::start(None, |mut connection| connection.swallow()) }
    }

    /// Starts one that reads nothing: a client with a large request blocks while it sends.
    #[must_use]
    pub fn start_deaf() -> Self {
        Self { listening: Listening::start(None, |connection: Connection| connection.ignore()) }
    }

    /// Gives the address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Counts the connections so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.listening.connections()
    }
}

/// An address that refuses connections, and that nobody else can take in the meantime.
#[derive(Debug)]
pub struct Refusing {
    // A client's own end: its port is in use, and nobody listens there.
    end: TcpStream,
    _other_end: TcpStream,
}

impl Refusing {
    /// Takes a free port.
    ///
    /// # Panics
    ///
    /// There is none.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let end = TcpStream::connect(address).expect("we listen");
        let (other_end, _address) = listener.accept().expect("we are connected");
        Self { end, _other_end: other_end }
    }

    /// Gives the address.
    ///
    /// # Panics
    ///
    /// Never: the socket is open.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.end.local_addr().expect("a connected socket has an address")
    }
}
