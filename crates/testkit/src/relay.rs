//! Real programs that stand between a sender and a receiver, and pass on what comes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::ports::TcpPort;
use crate::real;
use crate::rsyslog::{any_port, port_in};
use crate::running::{Running, log_in, loopback};

/// A running relay; it ends when it is dropped or this process ends.
#[derive(Debug)]
pub struct Relay {
    _running: Running,
    port: u16,
    _held: Option<TcpPort>,
}

impl Relay {
    /// Starts an rsyslogd that passes each message on three times: counted and in the form of RFC
    /// 5424 over TCP, as it came over UDP, and as rsyslog does by itself over TLS, whose server it
    /// trusts by the certificates given as PEM.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn rsyslog(tcp: SocketAddr, udp: SocketAddr, tls: (SocketAddr, &str)) -> Self {
        let [program] = real::require(["rsyslogd"]);
        let (tls, ca) = tls;
        let prepare = |directory: &Path| {
            let file = directory.join("rsyslog.conf");
            fs::write(directory.join("ca.pem"), ca).context("write a CA")?;
            let text = rsyslog_configuration(directory, [tcp, udp, tls]);
            fs::write(&file, text).context("write its configuration")?;
            let file = file.display().to_string();
            Ok(vec!["-n".to_owned(), "-iNONE".to_owned(), "-f".to_owned(), file])
        };
        let running = Running::start(&program, prepare, |directory| port_in(directory).is_some());
        let running = running.expect("a real rsyslogd starts");
        let port = port_in(running.directory()).expect("it has written down its port");
        Self { _running: running, port, _held: None }
    }

    /// Starts a Collector that takes OTLP over HTTP and passes each record on to a receiver of the
    /// same twice, as protobuf and as JSON.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn collector(url: &str, token: &str) -> Self {
        let [program] = real::require(["otelcol"]);
        let held = TcpPort::hold().expect("a free port"); // it does not say which port it takes
        let port = held.number();
        let exporter = |encoding: &str| {
            json!({
                "logs_endpoint": format!("{url}/v1/logs"), "encoding": encoding,
                "headers": {"Authorization": format!("Bearer {token}")},
            })
        };
        let configuration = json!({
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": loopback(port).to_string()}}}},
            "exporters": {
                "otlp_http/protobuf": exporter("proto"), "otlp_http/json": exporter("json"),
            },
            "service": {
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {"logs": {
                    "receivers": ["otlp"],
                    "exporters": ["otlp_http/protobuf", "otlp_http/json"],
                }},
            },
        });
        let prepare = |directory: &Path| {
            let file = directory.join("config.json");
            fs::write(&file, configuration.to_string()).context("write its configuration")?;
            Ok(vec![format!("--config={}", file.display())])
        };
        let is_ready = |directory: &Path| {
            let log = fs::read_to_string(log_in(directory));
            log.is_ok_and(|log| log.contains("Everything is ready"))
        };
        let running = Running::start(&program, prepare, is_ready);
        let running = running.expect("a real Collector starts");
        Self { _running: running, port, _held: Some(held) }
    }

    /// Gives where it takes what it passes on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        loopback(self.port)
    }
}

fn rsyslog_configuration(directory: &Path, [tcp, udp, tls]: [SocketAddr; 3]) -> String {
    let path = directory.display();
    let to =
        |address: SocketAddr| format!(r#"target="{}" port="{}""#, address.ip(), address.port());
    let (tcp, udp, tls) = (to(tcp), to(udp), to(tls));
    let any_port = any_port(directory);
    format!(
        r#"global(
  workDirectory="{path}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="{path}/ca.pem"
)
module(load="imtcp")
template(name="raw" type="string" string="%rawmsg%\n")
ruleset(name="on") {{
  action(type="omfwd" {tcp} protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
  action(type="omfwd" {udp} protocol="udp" template="raw")
  action(type="omfwd" {tls} protocol="tcp" streamDriver="ossl" streamDriverMode="1" streamDriverAuthMode="x509/certvalid")
}}
input(type="imtcp" address="127.0.0.1" ruleset="on" {any_port})
"#
    )
}
