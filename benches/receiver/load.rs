//! Connections that are slow on purpose, and reports beside them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// How many are slow.
pub(crate) const CONNECTIONS: usize = 10_000;
/// From how many networks: a receiver that is half full lets 64 in from each.
const NETWORKS: usize = 160;
/// How long between two bytes.
const PAUSE: Duration = Duration::from_secs(1);
/// The network of those who send reports.
const HONEST: u8 = 200;

/// Slow connections that are open.
pub(crate) struct Load(JoinSet<()>);

impl Load {
    /// Opens them over a second or two, as no machine opens all of them at once.
    pub(crate) async fn start(address: SocketAddr) -> anyhow::Result<Self> {
        let mut slow = JoinSet::new();
        for number in 0..CONNECTIONS {
            slow.spawn(one(address, number));
            if number % 100 == 0 {
                sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(Self(slow))
    }

    pub(crate) async fn end(mut self) {
        self.0.shutdown().await;
    }
}

/// Comes again whenever it is ended.
async fn one(address: SocketAddr, number: usize) {
    let network = u8::try_from(number % NETWORKS).unwrap_or(u8::MAX);
    loop {
        // There may be no place; then somebody else has it.
        if let Ok(stream) = connect(address, network).await {
            drop(trickle(stream, number % 3).await);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn connect(address: SocketAddr, network: u8) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 1, network, 1), 0).into())?;
    socket.connect(address).await
}

async fn trickle(mut stream: TcpStream, kind: usize) -> std::io::Result<()> {
    match kind {
        0 => {}
        1 => stream.write_all(b"POST /v1/reports HTTP/1.1\r\nHost: here\r\nX-Slow: ").await?,
        _ => {
            stream
                .write_all(b"POST /v1/forget HTTP/1.1\r\nHost: h\r\nContent-Length: 400\r\n\r\n")
                .await?;
        }
    }
    let mut heard = [0; 256];
    loop {
        if let Ok(read) = timeout(PAUSE, stream.read(&mut heard)).await
            && read? == 0
        {
            return Ok(());
        }
        if kind != 0 {
            stream.write_all(b"x").await?;
        }
    }
}

/// Sends reports one behind the other, each over a connection of its own, and says how long each took.
pub(crate) async fn report_latencies(
    address: SocketAddr,
    token: &str,
    first: usize,
    count: usize,
) -> anyhow::Result<Vec<Duration>> {
    let today = jiff::Timestamp::from_second(
        std::time::UNIX_EPOCH.elapsed().context("a clock")?.as_secs().try_into()?,
    )?;
    let today = today.strftime("%Y-%m-%d").to_string();
    let mut all = Vec::with_capacity(count);
    for number in first..first + count {
        let body = json!({
            "schema": "ktel/report", "schema_version": "1.0.0", "id": format!("{number:032}"),
            "day": today, "product": {"ktel": "0.1.0", "name": "acme"}, "form": "exact",
            "schemas": {"cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"}},
            "failures": [], "omitted": {}, "user": [], "data": {"cluster-state": {"pods": 3}},
        });
        let body = body.to_string();
        let start = Instant::now();
        let mut stream = connect(address, HONEST).await?;
        let request = format!(
            "POST /v1/reports HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "answered with {answer}");
        all.push(start.elapsed());
    }
    Ok(all)
}
