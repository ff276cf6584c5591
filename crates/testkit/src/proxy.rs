//! A TCP proxy on loopback that simulates a bad network.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::limits::TEST_CONNECTIONS_MAX;

/// What the proxy does to connections that begin from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing; bytes are only counted.
    None,
    /// Holds every piece that the server sends for this long.
    Delay(Duration),
    /// Lets this many bytes of the server's through on each connection, then ends it.
    CutAfter(u64),
    /// Accepts and ends the connection at once.
    Refuse,
    /// Accepts, reads, and never answers.
    Silence,
}

/// How much went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Connections accepted, including those that were closed at once.
    pub connections: u64,
    /// Bytes from clients to the server.
    pub sent: u64,
    /// Bytes from the server to clients.
    pub received: u64,
}

/// A running proxy; it ends with its last connections when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    server: SocketAddr,
    fault: Mutex<Fault>,
    stopped: AtomicBool,
    /// Both ends of each open connection, by its number.
    open: Mutex<HashMap<u64, [TcpStream; 2]>>,
    connections: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

const PIECE: usize = 16 * 1024;

impl Proxy {
    /// Starts in front of a server on 127.0.0.1, with no fault yet.
    ///
    /// # Panics
    ///
    /// There is no free port.
    #[must_use]
    pub fn to_port(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Arc::new(State {
            server: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            fault: Mutex::new(Fault::None),
            stopped: AtomicBool::new(false),
            open: Mutex::default(),
            connections: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || accepting.accept(&listener));
        Self { address, state }
    }

    /// Gives the address that clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Chooses what happens to connections that begin from now on.
    pub fn set(&self, fault: Fault) {
        *self.state.fault.lock().expect("no holder panics") = fault;
    }

    /// Ends every connection that is open now.
    pub fn cut(&self) {
        for stream in self.state.open.lock().expect("no holder panics").values().flatten() {
            // Ended from the other side in the meantime: that is what was wanted.
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    /// Counts what went through so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        Traffic {
            connections: self.state.connections.load(Ordering::Relaxed),
            sent: self.state.sent.load(Ordering::Relaxed),
            received: self.state.received.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        self.cut();
        // Wakes the thread that accepts, unless it has ended already.
        TcpStream::connect(self.address).ok();
    }
}

impl State {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        while let Ok((client, _address)) = listener.accept() {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            let number = self.connections.fetch_add(1, Ordering::Relaxed);
            let fault = *self.fault.lock().expect("no holder panics");
            if fault == Fault::Refuse {
                continue;
            }
            // A connection that cannot be carried ends, and its client sees that.
            self.carry(number, client, fault).ok();
        }
    }

    fn carry(self: &Arc<Self>, number: u64, client: TcpStream, fault: Fault) -> io::Result<()> {
        let server = TcpStream::connect(self.server)?;
        let upward = (client.try_clone()?, server.try_clone()?);
        let downward = (server.try_clone()?, client.try_clone()?);
        {
            let mut open = self.open.lock().expect("no holder panics");
            if open.len() >= TEST_CONNECTIONS_MAX {
                return Err(io::ErrorKind::QuotaExceeded.into());
            }
            open.insert(number, [client, server]);
        }
        let (up, down) = (Arc::clone(self), Arc::clone(self));
        thread::spawn(move || up.pump(number, upward, &up.sent, Fault::None));
        thread::spawn(move || down.pump(number, downward, &down.received, fault));
        Ok(())
    }

    /// Copies one way until the connection is to end, then ends it both ways.
    fn pump(
        &self,
        number: u64,
        (mut from, mut to): (TcpStream, TcpStream),
        count: &AtomicU64,
        fault: Fault,
    ) {
        copy(&mut from, &mut to, count, fault);
        for stream in [from, to] {
            // Either side may be gone already; both are to be.
            stream.shutdown(Shutdown::Both).ok();
        }
        self.open.lock().expect("no holder panics").remove(&number);
    }
}

/// Copies until one side ends or the fault says so.
fn copy(from: &mut TcpStream, to: &mut TcpStream, count: &AtomicU64, fault: Fault) {
    let mut piece = [0; PIECE];
    let mut left = if let Fault::CutAfter(bytes) = fault { bytes } else { u64::MAX };
    while let Ok(length @ 1..) = from.read(&mut piece) {
        match fault {
            Fault::Delay(by) => thread::sleep(by),
            Fault::Silence => continue,
            Fault::None | Fault::CutAfter(_) | Fault::Refuse => {}
        }
        let length = usize::try_from(left).map_or(length, |left| length.min(left));
        // Counted first: who has read them finds them counted.
        count.fetch_add(length as u64, Ordering::Relaxed);
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
        left -= length as u64;
        if left == 0 {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A server that answers every line with the same line.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            while let Ok((stream, _address)) = listener.accept() {
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        port
    }

    /// Sends `hello` and reads five bytes, or what there is before the end.
    fn talk(stream: &mut TcpStream) -> Vec<u8> {
        let mut answer = Vec::new();
        if stream.write_all(b"hello").is_ok() {
            // A reset is as good an end as any.
            stream.take(5).read_to_end(&mut answer).ok();
        }
        answer
    }

    #[test]
    fn each_fault_does_what_it_says() {
        let proxy = Proxy::to_port(echo());
        let delay = Duration::from_millis(150);
        let table = [
            (Fault::None, "hello"),
            (Fault::Delay(delay), "hello"),
            (Fault::CutAfter(2), "he"),
            (Fault::Refuse, ""),
            (Fault::None, "hello"),
        ];
        for (fault, expected) in table {
            proxy.set(fault);
            let start = Instant::now();
            let mut stream = TcpStream::connect(proxy.address()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            assert_eq!(talk(&mut stream), expected.as_bytes(), "{fault:?}");
            let waited = start.elapsed();
            // Without a fault it takes longer, too, when the machine is busy.
            assert!(waited >= delay || fault != Fault::Delay(delay), "{fault:?}: {waited:?}");
        }
        let Traffic { connections, received, .. } = proxy.traffic();
        assert_eq!((connections, received), (5, 5 + 5 + 2 + 5));
    }

    #[test]
    fn a_silent_server_is_heard_no_more_and_a_cut_ends_the_wait() {
        let proxy = Proxy::to_port(echo());
        proxy.set(Fault::Silence);
        let mut stream = TcpStream::connect(proxy.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert_eq!(talk(&mut stream), b"");
        let waiting = stream.read(&mut [0]).unwrap_err();
        assert_eq!(waiting.kind(), io::ErrorKind::WouldBlock);
        proxy.cut();
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
        assert!(stream.read(&mut [0]).is_ok_and(|length| length == 0), "the connection is open");
    }
}
