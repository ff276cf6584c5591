//! A real VictoriaMetrics with a folder of its own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ktel_testkit::ports::TcpPort;
use ktel_testkit::{real, wait};
use serde_json::Value;
use tempfile::TempDir;

/// A server that ends with the test.
pub(crate) struct VictoriaMetrics {
    process: Child,
    address: SocketAddr,
    _port: TcpPort,
    _data: TempDir,
}

/// How long a server may take to listen.
const START_MAX: Duration = Duration::from_secs(30);

impl VictoriaMetrics {
    /// Starts a server.
    pub(crate) fn start() -> Self {
        let [program] = real::require(["victoria-metrics"]);
        let data = tempfile::tempdir().expect("there is room for a folder");
        // It does not say which port it takes for port 0.
        let port = TcpPort::hold().expect("a free port");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()));
        let process = Command::new(program)
            .arg(format!("-storageDataPath={}", data.path().display()))
            .arg(format!("-httpListenAddr={address}"))
            .args(["-retentionPeriod=100y", "-loggerLevel=PANIC", "-search.disableCache"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("VictoriaMetrics can be started");
        let server = Self { process, address, _port: port, _data: data };
        let listens = || server.try_post("/health", "").is_some();
        wait::until("VictoriaMetrics listens", START_MAX, listens);
        server
    }

    /// Posts a form and reads the answer as JSON.
    pub(crate) fn ask(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let encoded =
            |(name, value): &(&str, &str)| format!("{}={}", percent(name), percent(value));
        let body = form.iter().map(encoded).collect::<Vec<_>>().join("&");
        let answer = self.post(path, &body);
        serde_json::from_str(&answer)
            .unwrap_or_else(|error| panic!("{path} {form:?}: {error}: {answer}"))
    }

    /// Runs a query at one time and over a range, and says whether the server is still there.
    pub(crate) fn survives(&self, query: &str) -> bool {
        let query = percent(query);
        let instant = self.try_post("/api/v1/query", &format!("query={query}"));
        let range = format!("query={query}&start=-10m&end=now&step=1m");
        instant.is_some()
            && self.try_post("/api/v1/query_range", &range).is_some()
            && self.try_post("/health", "").is_some()
    }

    /// Posts a body and gives the answer's.
    pub(crate) fn post(&self, path: &str, body: &str) -> String {
        self.try_post(path, body).unwrap_or_else(|| panic!("{path} {body}: the server is gone"))
    }

    fn try_post(&self, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        // HTTP/1.0: the answer ends with the connection, and is not in chunks.
        write!(
            stream,
            "POST {path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok().filter(|bytes| *bytes > 0)?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }
}

impl Drop for VictoriaMetrics {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
