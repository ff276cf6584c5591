//! The Collector's real receiver for Splunk's event collector; it checks no token.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::certificates::Authority;
use crate::log_record::LogRecord;
use crate::ports::TcpPort;
use crate::real;
use crate::running::{self, Running, accepts, log_in, loopback};

/// A running receiver; it ends when it is dropped or this process ends.
#[derive(Debug)]
pub struct Hec {
    running: Running,
    port: TcpPort,
    authority: Option<Authority>,
}

impl Hec {
    /// Starts it, with TLS or without.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn start(tls: bool) -> Self {
        let [program] = real::require(["hec"]);
        let authority = tls.then(Authority::new);
        Self::start_with(&program, authority).expect("a real receiver starts")
    }

    fn start_with(program: &Path, authority: Option<Authority>) -> anyhow::Result<Self> {
        let port = TcpPort::hold()?; // the receiver does not say which port it takes
        let address = loopback(port.number());
        let prepare = |directory: &Path| {
            let mut arguments = vec![address.to_string()];
            if let Some(authority) = &authority {
                let files = authority.server().write(directory, "server")?;
                let files = [files.certificate, files.key];
                arguments.extend(files.map(|path| path.display().to_string()));
            }
            Ok(arguments)
        };
        let running = Running::start(program, prepare, |_directory| accepts(address))?;
        Ok(Self { running, port, authority })
    }

    /// Gives the address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        loopback(self.port.number())
    }

    /// Gives the URL, without a path or a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address())
    }

    /// Gives its certificate authority as PEM; none without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.authority.as_ref().map(Authority::certificate_pem)
    }

    /// Gives all events as soon as there are so many; `host`, `source` and the like are
    /// attributes of the resource, and `fields` those of the record.
    ///
    /// # Panics
    ///
    /// There are not within this time.
    #[must_use]
    #[track_caller]
    pub fn records(&self, count: usize, within: Duration) -> Vec<LogRecord> {
        let log = log_in(self.running.directory());
        running::wait_for(&log, count, within, |line| match line.starts_with('{') {
            true => LogRecord::all_in(line),
            false => Vec::new(), // attributes that it adds itself
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::client::{Client, SOON};

    #[test]
    fn an_event_comes_out_field_by_field_with_tls_and_without() {
        let client = Client::find();
        for tls in [false, true] {
            let hec = Hec::start(tls);
            if let Some(ca) = hec.ca_pem() {
                fs::write(client.directory().join("ca.pem"), ca).unwrap();
            }
            let event = json!({"a": 1, "b": {"c": ["d", true]}});
            let envelope = json!({"time": 1_790_000_000.5, "host": "h", "source": "s",
                "sourcetype": "t", "index": "i", "event": event, "fields": {"k": "v"}});
            let url = format!("{}/services/collector/event", hec.url());
            let arguments = ["-H", "Authorization: Splunk x", "--data-binary", "@-", &url];
            let heard = client.curl(&arguments, format!("{envelope}{envelope}").as_bytes());
            assert!(heard.printed.contains("Success"), "{heard:?}");
            let records = hec.records(2, SOON);
            let record = &records[1];
            assert_eq!(record.body, event);
            assert_eq!(record.resource["host.name"], "h");
            assert_eq!(record.resource["com.splunk.index"], "i");
            assert_eq!(record.attributes, json!({"k": "v"}));
            assert_eq!(record.written["timeUnixNano"], "1790000000500000000");
        }
    }
}
