//! Sends lines over TCP, TLS and UDP. Their receivers confirm nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::fault::Fault;
use crate::limits;
use crate::resolve::Resolve;
use crate::verdict::{Rejection, Trouble, Verdict};

/// The transport of a line.
#[derive(Debug, Clone)]
pub enum Wire {
    /// TCP without encryption.
    Tcp,
    /// TCP under TLS.
    Tls(Arc<rustls::ClientConfig>),
    /// One datagram.
    Udp,
}

/// How lines are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long it may take to resolve and connect, and then to agree on TLS.
    pub reach_within: Duration,
    /// How long it may take in all.
    pub exchange_within: Duration,
    /// How long the receiver may take to close its side after we have closed ours.
    pub drain_within: Duration,
    /// Finds the addresses of hosts, instead of the system.
    pub resolver: Option<Arc<dyn Resolve>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reach_within: limits::REACH_WITHIN,
            exchange_within: limits::EXCHANGE_WITHIN,
            drain_within: limits::DRAIN_WITHIN,
            resolver: None,
        }
    }
}

/// Sends lines to one receiver.
#[derive(Debug, Clone)]
pub struct Client {
    /// The transport.
    pub wire: Wire,
    /// The host of the receiver: a name, or an address.
    pub host: String,
    /// The port of the receiver.
    pub port: u16,
    /// How lines are sent.
    pub settings: Settings,
}

impl Client {
    /// Sends bytes to a receiver that does not answer. `Accepted` means that the connection took them.
    pub async fn send(&self, bytes: &[u8]) -> Verdict {
        if matches!(self.wire, Wire::Udp) && bytes.len() > limits::SENT_DATAGRAM_BYTES_MAX {
            let most = limits::SENT_DATAGRAM_BYTES_MAX;
            let message = format!("{} bytes do not fit a datagram of {most}", bytes.len());
            return Verdict::rejected(Rejection::TooLarge, message);
        }
        match timeout(self.settings.exchange_within, self.hand_over(bytes)).await {
            Ok(Ok(())) => Verdict::Accepted,
            Ok(Err(error)) => Fault::of(&error).into(),
            Err(_) => Verdict::retry(Trouble::Timeout, "sending the line timed out"),
        }
    }

    async fn hand_over(&self, bytes: &[u8]) -> io::Result<()> {
        let Settings { reach_within, drain_within, .. } = self.settings;
        match &self.wire {
            Wire::Tcp => write(self.connect().await?, bytes, drain_within).await,
            Wire::Tls(config) => {
                let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
                let stream = self.connect().await?;
                let connector = TlsConnector::from(Arc::clone(config));
                let stream = within(reach_within, connector.connect(name, stream)).await?;
                write(stream, bytes, drain_within).await
            }
            Wire::Udp => {
                let mut last = io::Error::from(io::ErrorKind::NotFound);
                for address in within(reach_within, self.addresses()).await? {
                    let local = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    let socket = UdpSocket::bind(local).await?;
                    socket.connect(address).await?;
                    match socket.send(bytes).await {
                        Ok(_) => return Ok(()),
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        within(self.settings.reach_within, async {
            TcpStream::connect(&*self.addresses().await?).await
        })
        .await
    }

    async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let (host, port) = (self.host.as_str(), self.port);
        let Some(resolver) = &self.settings.resolver else {
            return Ok(tokio::net::lookup_host((host, port)).await?.collect());
        };
        let mut found = resolver.resolve(host).await?;
        // A host that is written as an address is that one, or none.
        if let Ok(address) = host.parse::<IpAddr>() {
            found.retain(|one| *one == address);
        }
        if found.is_empty() {
            return Err(io::Error::other(format!("no address of {host} is allowed")));
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }
}

async fn within<T>(limit: Duration, what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, what).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Writes, closes our side (with `close_notify` under TLS) and reads the other side to its end.
/// Closing with unread bytes would reset the connection, and the receiver could lose the line.
async fn write(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
    drain_within: Duration,
) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await?;
    stream.shutdown().await?;
    let mut said = [0; 1024];
    let drained = timeout(drain_within, async {
        while stream.read(&mut said).await? > 0 {}
        io::Result::Ok(())
    });
    match drained.await {
        // Many receivers close TLS connections without `close_notify`.
        Ok(Err(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        // A receiver that keeps its side open has read the line.
        Ok(_) | Err(_) => Ok(()),
    }
}
