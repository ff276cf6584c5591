//! A real Prometheus with a directory of its own, which takes samples by remote write and OTLP.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;

use crate::plain_http;
use crate::ports::TcpPort;
use crate::real;
use crate::running::{Running, accepts, loopback};

/// A running Prometheus; it ends when it is dropped or this process ends.
#[derive(Debug)]
pub struct Prometheus {
    _running: Running,
    port: TcpPort,
}

impl Prometheus {
    /// Starts it without anything to scrape.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("", &[])
    }

    /// Starts it with a configuration and more arguments.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn start_with(configuration: &str, more: &[&str]) -> Self {
        let [program] = real::require(["prometheus"]);
        let port = TcpPort::hold().expect("a free port"); // it does not say which port it takes
        let address = loopback(port.number());
        let prepare = |directory: &Path| {
            let file = directory.join("prometheus.yml");
            fs::write(&file, configuration).context("write its configuration")?;
            let mut arguments = vec![
                format!("--config.file={}", file.display()),
                format!("--storage.tsdb.path={}", directory.join("data").display()),
                format!("--web.listen-address={address}"),
                "--storage.tsdb.retention.time=100y".to_owned(),
                "--web.enable-remote-write-receiver".to_owned(),
                "--web.enable-otlp-receiver".to_owned(),
                "--log.level=warn".to_owned(),
            ];
            arguments.extend(more.iter().map(|&argument| argument.to_owned()));
            Ok(arguments)
        };
        let is_ready = |_directory: &Path| {
            let ready = || plain_http::post_form(address, "/api/v1/query", &[("query", "1")]);
            accepts(address) && ready().is_ok()
        };
        let running = Running::start(&program, prepare, is_ready);
        Self { _running: running.expect("a real Prometheus starts"), port }
    }

    /// Gives where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        loopback(self.port.number())
    }

    /// Writes samples: a remote write request in protobuf, compressed with snappy.
    ///
    /// # Panics
    ///
    /// It does not take them.
    pub fn write(&self, compressed: &[u8]) {
        let headers = "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
             X-Prometheus-Remote-Write-Version: 0.1.0\r\n";
        drop(self.posted("/api/v1/write", headers, compressed));
    }

    /// Posts a body and gives the answer's; `headers` end with a line end each.
    ///
    /// # Panics
    ///
    /// The answer is no success.
    #[must_use]
    pub fn posted(&self, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        plain_http::post(self.address(), path, headers, body).expect("Prometheus answers")
    }

    /// Posts a form and gives the answer.
    ///
    /// # Panics
    ///
    /// The answer is no success.
    #[must_use]
    pub fn ask(&self, path: &str, form: &[(&str, &str)]) -> String {
        plain_http::post_form(self.address(), path, form).expect("Prometheus answers")
    }
}
