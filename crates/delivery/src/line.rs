//! Sends lines over TCP, TLS and UDP. Their receivers confirm nothing.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::fault::Fault;
use crate::limits;
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

/// Sends bytes to a receiver that does not answer. `Accepted` means that the connection took them.
pub async fn send(wire: &Wire, host: &str, port: u16, bytes: &[u8]) -> Verdict {
    if matches!(wire, Wire::Udp) && bytes.len() > limits::SENT_DATAGRAM_BYTES_MAX {
        let most = limits::SENT_DATAGRAM_BYTES_MAX;
        let message = format!("{} bytes do not fit a datagram of {most}", bytes.len());
        return Verdict::rejected(Rejection::TooLarge, message);
    }
    let sent = timeout(limits::EXCHANGE_WITHIN, hand_over(wire, host, port, bytes)).await;
    match sent {
        Ok(Ok(())) => Verdict::Accepted,
        Ok(Err(error)) => Fault::of(&error).into(),
        Err(_) => Verdict::retry(Trouble::Timeout, "sending the line timed out"),
    }
}

async fn hand_over(wire: &Wire, host: &str, port: u16, bytes: &[u8]) -> io::Result<()> {
    match wire {
        Wire::Tcp => write(connect(host, port).await?, bytes).await,
        Wire::Tls(config) => {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let stream = connect(host, port).await?;
            let connector = TlsConnector::from(Arc::clone(config));
            let stream = within(limits::REACH_WITHIN, connector.connect(name, stream)).await?;
            write(stream, bytes).await
        }
        Wire::Udp => {
            let mut last = io::Error::from(io::ErrorKind::NotFound);
            for address in tokio::net::lookup_host((host, port)).await? {
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

async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    within(limits::REACH_WITHIN, TcpStream::connect((host, port))).await
}

async fn within<T>(limit: Duration, what: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, what).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Writes, closes our side (with `close_notify` under TLS) and reads the other side to its end.
/// Closing with unread bytes would reset the connection, and the receiver could lose the line.
async fn write(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await?;
    stream.shutdown().await?;
    let mut said = [0; 1024];
    let drained = timeout(limits::DRAIN_WITHIN, async {
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
