//! A real VictoriaMetrics with a directory of its own.

use std::net::SocketAddr;
use std::path::Path;

use crate::plain_http;
use crate::ports::TcpPort;
use crate::real;
use crate::running::{Running, accepts, loopback};

/// A running VictoriaMetrics; it ends when it is dropped or this process ends.
#[derive(Debug)]
pub struct VictoriaMetrics {
    _running: Running,
    port: TcpPort,
}

impl VictoriaMetrics {
    /// Starts it; it keeps samples of all times.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts it with more arguments.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn start_with(more: &[&str]) -> Self {
        let [program] = real::require(["victoria-metrics"]);
        let port = TcpPort::hold().expect("a free port"); // it does not say which port it takes
        let address = loopback(port.number());
        let prepare = |directory: &Path| {
            let mut arguments = vec![
                format!("-storageDataPath={}", directory.join("data").display()),
                format!("-httpListenAddr={address}"),
                "-retentionPeriod=100y".to_owned(),
                "-loggerLevel=WARN".to_owned(),
            ];
            arguments.extend(more.iter().map(|&argument| argument.to_owned()));
            Ok(arguments)
        };
        let running = Running::start(&program, prepare, |_directory| accepts(address));
        Self { _running: running.expect("a real VictoriaMetrics starts"), port }
    }

    /// Gives where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        loopback(self.port.number())
    }

    /// Writes lines of its import format, and waits until they can be read.
    ///
    /// # Panics
    ///
    /// It does not take them.
    pub fn import(&self, lines: &str) {
        self.post("/api/v1/import", "", lines.as_bytes());
        self.flush();
    }

    /// Makes what was written readable.
    ///
    /// # Panics
    ///
    /// It does not.
    pub fn flush(&self) {
        self.post("/internal/force_flush", "", b"");
    }

    /// Posts a body and gives the answer's; `headers` end with a line end each.
    ///
    /// # Panics
    ///
    /// The answer is no success.
    #[must_use]
    pub fn posted(&self, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        plain_http::post(self.address(), path, headers, body).expect("VictoriaMetrics answers")
    }

    /// Posts a form and gives the answer.
    ///
    /// # Panics
    ///
    /// The answer is no success.
    #[must_use]
    pub fn ask(&self, path: &str, form: &[(&str, &str)]) -> String {
        plain_http::post_form(self.address(), path, form).expect("VictoriaMetrics answers")
    }

    fn post(&self, path: &str, headers: &str, body: &[u8]) {
        drop(self.posted(path, headers, body));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_imported_can_be_read_at_once() {
        let server = VictoriaMetrics::start();
        server.import(
            "{\"metric\":{\"__name__\":\"up\"},\"values\":[1],\"timestamps\":[1700000000000]}\n",
        );
        let found = server.ask("/api/v1/export", &[("match[]", "up")]);
        assert_eq!(
            found,
            "{\"metric\":{\"__name__\":\"up\"},\"values\":[1],\"timestamps\":[1700000000000]}\n"
        );
    }
}
