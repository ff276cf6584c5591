//! A real etcd on a free port, and a fast way to fill it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::watched::{Launch, Stop, Watched};

/// How many writes go into one transaction: etcd's own default limit (`--max-txn-ops`).
const BATCH: usize = 128;
/// Starts take about half a second; two busy cores multiply that.
const START_WITHIN: Duration = Duration::from_secs(60);
/// A batch of small objects takes milliseconds; this only ends a hang.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Etcd {
    _process: Watched,
    address: SocketAddr,
}

impl Etcd {
    /// Starts with its data in `directory`, which is removed when it ends.
    pub(crate) fn start(program: &Path, directory: &Path) -> anyhow::Result<Self> {
        let [client, peer] = free_ports()?;
        let urls = |port: u16| format!("http://127.0.0.1:{port}");
        let arguments = [
            format!("--data-dir={}", directory.join("etcd").display()),
            format!("--listen-client-urls={}", urls(client)),
            format!("--advertise-client-urls={}", urls(client)),
            format!("--listen-peer-urls={}", urls(peer)),
            format!("--initial-advertise-peer-urls={}", urls(peer)),
            format!("--initial-cluster=default={}", urls(peer)),
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
        ];
        let log = directory.join("etcd.log");
        let (sweep, stop) = (Some(directory), Stop::Kill);
        let launch = Launch { program, arguments: &arguments, log, sweep, stop };
        let mut process = Watched::start(launch)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, client));
        let deadline = Instant::now() + START_WITHIN;
        while !request(address, "GET", "/health", "").is_ok_and(|body| body.contains("true")) {
            if process.ended()?.is_some() || Instant::now() > deadline {
                bail!("etcd did not start; it said last:\n{}", process.log_tail());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { _process: process, address })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Writes many keys, as fast as etcd takes them from one client.
    pub(crate) fn put_all(
        &self,
        entries: impl IntoIterator<Item = (String, Value)>,
    ) -> anyhow::Result<()> {
        let put = |(key, value): (String, Value)| {
            let value = value.to_string();
            json!({"requestPut": {
                "key": BASE64_STANDARD.encode(key), "value": BASE64_STANDARD.encode(value),
            }})
        };
        let mut puts = entries.into_iter().map(put);
        loop {
            let batch: Vec<Value> = puts.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let body = json!({ "success": batch }).to_string();
            let answer = request(self.address, "POST", "/v3/kv/txn", &body)?;
            ensure!(answer.contains(r#""succeeded":true"#), "etcd refused a batch: {answer}");
        }
    }
}

/// Speaks HTTP/1.0, whose answers end with the connection: enough for etcd's JSON gateway.
fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).context("connect to etcd")?;
    stream.set_read_timeout(Some(ANSWER_WITHIN)).context("set a timeout")?;
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).context("write to etcd")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("read from etcd")?;
    let (head, body) = answer.split_once("\r\n\r\n").context("read an HTTP answer")?;
    ensure!(head.contains(" 200 "), "etcd answered {head}: {body}");
    Ok(body.to_owned())
}

/// Takes ports that are free now; that another process takes one before it is used is possible
/// and rare, and then the start fails with a log that says so.
pub(crate) fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    let mut ports = [0; N];
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?;
        *port = listener.local_addr().context("find a free port")?.port();
        held.push(listener);
    }
    Ok(ports)
}
