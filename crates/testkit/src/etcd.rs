//! A real etcd, and a fast way to fill it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::ports::TcpPort;
use crate::running::loopback;
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
    _ports: [TcpPort; 2],
}

impl Etcd {
    /// Starts with its data in `directory`, which is removed when it ends.
    pub(crate) fn start(program: &Path, directory: &Path) -> anyhow::Result<Self> {
        // It would print neither of the ports that it takes for port 0.
        let ports = [TcpPort::hold()?, TcpPort::hold()?];
        let [client, peer] = ports.each_ref().map(TcpPort::number);
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
        let address = loopback(client);
        process.wait_until(START_WITHIN, || {
            request(address, "GET", "/health", "").is_ok_and(|body| body.contains("true"))
        })?;
        Ok(Self { _process: process, address, _ports: ports })
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
            ensure!(answer.contains(r#""succeeded":true"#), "etcd rejected a batch: {answer}");
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
