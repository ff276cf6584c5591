//! The same clients for every receiver: connections that stay open and count what is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use ktel_server::connection_limiter::ConnectionLimiter;
use ktel_server::limits::CONNECTIONS_MAX;
use ktel_server::serve::ListenerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::same::{CONNECTIONS_OF_FEW, DAY, SENDING};

/// An answer's head and body fit; ours have some 200 bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How requests are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    connections: usize,
    /// Reports in one request.
    batch: usize,
    /// Requests a second over all connections; as many as are answered, if none.
    pace: Option<usize>,
}

impl Load {
    /// Each connection sends one request after the other.
    pub(crate) fn closed(connections: usize, batch: usize) -> Self {
        Self { connections, batch, pace: None }
    }

    pub(crate) fn paced(per_second: usize) -> Self {
        Self { connections: CONNECTIONS_OF_FEW, batch: 1, pace: Some(per_second) }
    }
}

/// What was answered with success.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub(crate) reports: usize,
    /// From when each request was due.
    pub(crate) latencies: Vec<Duration>,
}

/// How many tokens connections share: enough that none of them meets the limit of one sender.
pub(crate) const TOKENS: usize = 64;

/// Gives a connection's token.
pub(crate) fn token(connection: usize) -> String {
    format!("00000000-0000-4000-8000-{:012}", connection % TOKENS)
}

/// Has places for all connections, though they come from one address.
pub(crate) fn listener_config(listener: TcpListener) -> ListenerConfig {
    ListenerConfig {
        listener,
        tls: None,
        limiter: Arc::new(ConnectionLimiter::new(CONNECTIONS_MAX)),
    }
}

/// Sends from all connections, and counts.
pub(crate) async fn send(address: SocketAddr, path: &str, load: Load) -> anyhow::Result<Answered> {
    let numbers = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    let start = Instant::now();
    for connection in 0..load.connections {
        let (numbers, path) = (Arc::clone(&numbers), path.to_owned());
        connections
            .spawn(async move { one(address, &path, load, connection, start, &numbers).await });
    }
    let mut all = Answered::default();
    while let Some(answered) = connections.join_next().await {
        let answered = answered??;
        all.reports += answered.reports;
        all.latencies.extend(answered.latencies);
    }
    Ok(all)
}

async fn one(
    address: SocketAddr,
    path: &str,
    load: Load,
    connection: usize,
    start: Instant,
    numbers: &AtomicUsize,
) -> anyhow::Result<Answered> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answered = Answered::default();
    let mut buffer = vec![0; ANSWER_BYTES_MAX];
    for turn in 0.. {
        let due = match load.pace {
            Some(pace) => {
                let place = turn * load.connections + connection;
                start + Duration::from_secs_f64(place as f64 / pace as f64)
            }
            None => Instant::now(),
        };
        if due > start + SENDING {
            break;
        }
        sleep_until(due).await;
        let first = numbers.fetch_add(load.batch, Ordering::Relaxed);
        stream.write_all(&request(path, connection, first, load.batch)).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        anyhow::ensure!(status == 200, "answered with {status}");
        answered.latencies.push(due.elapsed());
        answered.reports += load.batch;
    }
    Ok(answered)
}

fn request(path: &str, connection: usize, first: usize, batch: usize) -> Vec<u8> {
    let mut body = String::new();
    for number in first..first + batch {
        body += &report(number);
        body.push('\n');
    }
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        token(connection),
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// A report of two sections, as a cluster sends it; put together by hand, since a client that spends
/// its time on JSON leaves none of two cores to those who are measured.
fn report(number: usize) -> String {
    let (pods, nodes) = (number % 5000, number % 100);
    format!(
        r#"{{"schema":"ktel/report","schema_version":"1.0.0","id":"{number:032}","day":"{DAY}",
"product":{{"ktel":"0.1.0","name":"acme"}},"form":"exact","schemas":{{
"cluster-state":{{"schema":"ktel/cluster-state","version":"1.0.0"}},
"identify-platform":{{"schema":"ktel/identify-platform","version":"1.0.0"}}}},
"failures":[],"omitted":{{}},"user":[],"data":{{
"cluster-state":{{"pods":{pods},"nodes":{nodes},"services":12}},
"identify-platform":{{"kubernetes_version":"v1.36.4","provider":"GKE"}}}}}}"#
    )
    .replace('\n', "")
}

/// Reads one answer whole, and gives its status.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> anyhow::Result<u16> {
    let mut filled = 0;
    loop {
        let free = buffer.get_mut(filled..).context("an answer that is too long")?;
        let read = stream.read(free).await?;
        anyhow::ensure!(read > 0, "the connection ended");
        filled += read;
        let text = buffer.get(..filled).context("what was read")?;
        let Some(end) = text.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(text.get(..end).context("the head")?)?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("an answer's length")?.trim().parse()?;
        if filled >= end + 4 + length {
            return Ok(head.split(' ').nth(1).context("a status")?.parse()?);
        }
    }
}

/// The value below which this part of some measurements lies.
pub(crate) fn percentile(measured: &mut [Duration], part: f64) -> Duration {
    measured.sort_unstable();
    let last = measured.len() - 1;
    measured[(last as f64 * part) as usize]
}
