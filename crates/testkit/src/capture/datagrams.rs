//! A UDP server that records datagrams.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::limits::CAPTURED_DATAGRAM_BYTES_MAX;
use crate::recorded::Recorded;

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Datagrams {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    datagrams: Recorded<String>,
    stopped: AtomicBool,
}

impl Datagrams {
    /// Starts on a free port.
    ///
    /// # Panics
    ///
    /// There is none.
    #[must_use]
    pub fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        let state = Arc::<State>::default();
        let recording = Arc::clone(&state);
        thread::spawn(move || recording.record(&socket));
        Self { address, state }
    }

    /// Gives the address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives the datagrams so far, each whole.
    #[must_use]
    pub fn datagrams(&self) -> Vec<String> {
        self.state.datagrams.all()
    }

    /// Gives all datagrams as soon as there are so many.
    ///
    /// # Panics
    ///
    /// There are not within this time.
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, count: usize, within: Duration) -> Vec<String> {
        self.state.datagrams.wait_for(count, within)
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that reads; one more datagram would do so too.
        let waker = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
        waker.and_then(|waker| waker.send_to(&[], self.address)).ok();
    }
}

impl State {
    fn record(&self, socket: &UdpSocket) {
        let mut buffer = vec![0; CAPTURED_DATAGRAM_BYTES_MAX];
        while let Ok(length) = socket.recv(&mut buffer) {
            let datagram = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if self.stopped.load(Ordering::Relaxed) || !self.datagrams.push(datagram) {
                return;
            }
        }
    }
}
