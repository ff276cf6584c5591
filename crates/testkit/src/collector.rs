//! A real OpenTelemetry Collector that writes down all telemetry that it takes.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::certificates::{Authority, Files};
use crate::log_record::LogRecord;
use crate::ports::{TcpPort, UdpPort};
use crate::real;
use crate::running::{self, Running, log_in, loopback};

/// An input; each has a port, a pipeline and a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// OTLP over gRPC.
    OtlpGrpc,
    /// OTLP over gRPC and TLS.
    OtlpGrpcTls,
    /// OTLP over HTTP, as protobuf or JSON.
    OtlpHttp,
    /// OTLP over HTTPS, as protobuf or JSON.
    OtlpHttpTls,
    /// Lines over TCP.
    TcpLog,
    /// Lines over TCP and TLS.
    TcpLogTls,
    /// Datagrams.
    UdpLog,
    /// Lines over TCP that are read as RFC 3164, where they can be.
    Syslog,
}

const INPUTS: [Input; 8] = [
    Input::OtlpGrpc,
    Input::OtlpGrpcTls,
    Input::OtlpHttp,
    Input::OtlpHttpTls,
    Input::TcpLog,
    Input::TcpLogTls,
    Input::UdpLog,
    Input::Syslog,
];

/// What the Collector logs once all of its inputs are open.
const READY: &str = "Everything is ready";

/// A running Collector; it ends when it is dropped or this process ends.
#[derive(Debug)]
pub struct Collector {
    running: Running,
    ports: Vec<Port>,
    authority: Authority,
}

/// A port that is held for an input: the Collector does not say which it takes for port 0.
#[derive(Debug)]
enum Port {
    Tcp(TcpPort),
    Udp(UdpPort),
}

impl Port {
    fn hold(input: Input) -> anyhow::Result<Self> {
        Ok(match input {
            Input::UdpLog => Self::Udp(UdpPort::hold()?),
            _ => Self::Tcp(TcpPort::hold()?),
        })
    }

    fn number(&self) -> u16 {
        match self {
            Self::Tcp(port) => port.number(),
            Self::Udp(port) => port.number(),
        }
    }
}

impl Collector {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// It is missing or does not start.
    #[must_use]
    pub fn start() -> Self {
        let [program] = real::require(["otelcol"]);
        Self::start_with(&program).expect("a real Collector starts")
    }

    fn start_with(program: &Path) -> anyhow::Result<Self> {
        let ports = INPUTS.into_iter().map(Port::hold).collect::<anyhow::Result<Vec<_>>>()?;
        let authority = Authority::new();
        let prepare = |directory: &Path| {
            let file = directory.join("config.json");
            let files = authority.server().write(directory, "server")?;
            let configuration = configuration(directory, &ports, &files);
            fs::write(&file, configuration.to_string()).context("write its configuration")?;
            Ok(vec![format!("--config={}", file.display())])
        };
        let is_ready = |directory: &Path| {
            fs::read_to_string(log_in(directory)).is_ok_and(|log| log.contains(READY))
        };
        let running = Running::start(program, prepare, is_ready)?;
        Ok(Self { running, ports, authority })
    }

    /// Gives the address of an input.
    ///
    /// # Panics
    ///
    /// Never: every input has a port.
    #[must_use]
    pub fn address(&self, input: Input) -> SocketAddr {
        let mut all = INPUTS.iter().zip(&self.ports);
        let (_input, port) = all.find(|(known, _port)| **known == input).expect("all are listed");
        loopback(port.number())
    }

    /// Gives the certificate authority of the inputs with TLS, as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.authority.certificate_pem()
    }

    /// Gives the metrics or traces that came first over an input of OTLP, as the Collector's JSON.
    ///
    /// # Panics
    ///
    /// None came within this time.
    #[must_use]
    #[track_caller]
    pub fn first(&self, input: Input, signal: &str, within: Duration) -> Value {
        let file = signal_file(self.running.directory(), input, signal);
        let line =
            |line: &str| vec![serde_json::from_str(line).expect("the Collector writes JSON")];
        running::wait_for(&file, 1, within, line).swap_remove(0)
    }

    /// Gives the metrics or traces of an input, a value for each request, as soon as there are so many data points or
    /// spans.
    ///
    /// # Panics
    ///
    /// There are not within this time.
    #[must_use]
    #[track_caller]
    pub fn lines(&self, input: Input, signal: &str, count: usize, within: Duration) -> Vec<Value> {
        let file = signal_file(self.running.directory(), input, signal);
        // A request stands at its first item.
        let items = |line: &str| {
            let request: Value = serde_json::from_str(line).expect("the Collector writes JSON");
            let others = line.matches("\"timeUnixNano\"").count().saturating_sub(1);
            std::iter::once(Some(request)).chain(std::iter::repeat_n(None, others)).collect()
        };
        running::wait_for(&file, count, within, items).into_iter().flatten().collect()
    }

    /// Gives all log records of an input as soon as there are so many.
    ///
    /// # Panics
    ///
    /// There are not within this time.
    #[must_use]
    #[track_caller]
    pub fn records(&self, input: Input, count: usize, within: Duration) -> Vec<LogRecord> {
        let file = file_of(self.running.directory(), input);
        running::wait_for(&file, count, within, LogRecord::all_in)
    }
}

fn file_of(directory: &Path, input: Input) -> PathBuf {
    directory.join(format!("{input:?}.json"))
}

/// Gives where metrics and traces go; logs have the file of their input.
fn signal_file(directory: &Path, input: Input, signal: &str) -> PathBuf {
    directory.join(format!("{input:?}-{signal}.json"))
}

fn receiver(input: Input, port: u16, tls: &Value) -> (&'static str, Value) {
    let at = loopback(port).to_string();
    match input {
        Input::OtlpGrpc => ("otlp", json!({"protocols": {"grpc": {"endpoint": at}}})),
        Input::OtlpGrpcTls => {
            ("otlp", json!({"protocols": {"grpc": {"endpoint": at, "tls": tls}}}))
        }
        Input::OtlpHttp => ("otlp", json!({"protocols": {"http": {"endpoint": at}}})),
        Input::OtlpHttpTls => {
            ("otlp", json!({"protocols": {"http": {"endpoint": at, "tls": tls}}}))
        }
        Input::TcpLog => ("tcp_log", json!({"listen_address": at})),
        Input::TcpLogTls => ("tcp_log", json!({"listen_address": at, "tls": tls})),
        Input::UdpLog => ("udp_log", json!({"listen_address": at})),
        Input::Syslog => ("syslog", json!({"protocol": "rfc3164", "tcp": {"listen_address": at}})),
    }
}

fn configuration(directory: &Path, ports: &[Port], files: &Files) -> Value {
    let tls = json!({"cert_file": files.certificate, "key_file": files.key});
    let mut all = json!({
        "receivers": {}, "exporters": {},
        "service": {"telemetry": {"metrics": {"level": "none"}}, "pipelines": {}},
    });
    for (input, port) in INPUTS.into_iter().zip(ports) {
        let (kind, receiver) = receiver(input, port.number(), &tls);
        let (from, to) = (format!("{kind}/{input:?}"), format!("file/{input:?}"));
        all["receivers"][&from] = receiver;
        all["exporters"][&to] =
            json!({"path": file_of(directory, input), "flush_interval": "10ms"});
        all["service"]["pipelines"][format!("logs/{input:?}")] =
            json!({"receivers": [from], "exporters": [to]});
        for signal in ["metrics", "traces"].into_iter().filter(|_| kind == "otlp") {
            let to = format!("file/{input:?}-{signal}");
            let path = signal_file(directory, input, signal);
            all["exporters"][&to] = json!({"path": path, "flush_interval": "10ms"});
            all["service"]["pipelines"][format!("{signal}/{input:?}")] =
                json!({"receivers": [from], "exporters": [to]});
        }
    }
    all
}

#[cfg(test)]
mod signals;

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpStream, UdpSocket};

    use super::*;
    use crate::client::{Client, SOON};

    const LINE: &str = "<14>signal=a;b=\"ä: \\t'c'\td\";";

    pub(super) fn start() -> (Client, Collector) {
        let (client, collector) = (Client::find(), Collector::start());
        fs::write(client.directory().join("ca.pem"), collector.ca_pem()).unwrap();
        (client, collector)
    }

    #[test]
    fn lines_come_out_of_each_input_as_they_went_in() {
        let (client, collector) = start();
        let text = format!("{LINE}\n");
        for input in [Input::TcpLog, Input::Syslog] {
            let mut stream = TcpStream::connect(collector.address(input)).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
        }
        let address = collector.address(Input::TcpLogTls).to_string();
        let mut tls = client.s_client(&address, None);
        tls.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.send_to(text.as_bytes(), collector.address(Input::UdpLog)).unwrap();
        for input in [Input::TcpLog, Input::TcpLogTls, Input::UdpLog, Input::Syslog] {
            let records = collector.records(input, 1, SOON);
            let bodies: Vec<&Value> = records.iter().map(|record| &record.body).collect();
            assert_eq!(bodies, [LINE], "{input:?}");
        }
        assert!(tls.wait().unwrap().success());
    }

    #[test]
    fn a_record_comes_out_of_otlp_over_http() {
        let (client, collector) = start();
        let attributes = json!([{"key": "n", "value": {"intValue": "7"}}]);
        let record = json!({"timeUnixNano": "1790000000500000000",
            "body": {"stringValue": "hello"}, "attributes": attributes});
        let request = json!({"resourceLogs": [{"resource": {"attributes": attributes},
            "scopeLogs": [{"scope": {"name": "s"}, "logRecords": [record]}]}]});
        for (input, scheme) in [(Input::OtlpHttp, "http"), (Input::OtlpHttpTls, "https")] {
            let url = format!("{scheme}://{}/v1/logs", collector.address(input));
            let json = "Content-Type: application/json";
            let arguments = ["-H", json, "--data-binary", "@-", &url];
            let heard = client.curl(&arguments, request.to_string().as_bytes());
            assert_eq!(heard.exit, 0, "{heard:?}");
            let [record] = &collector.records(input, 1, SOON)[..] else { panic!("one record") };
            assert_eq!(record.body, "hello");
            assert_eq!(
                (&record.resource, &record.attributes),
                (&json!({"n": 7}), &json!({"n": 7}))
            );
            assert_eq!(
                (&record.scope["name"], &record.written["timeUnixNano"]),
                (&json!("s"), &json!("1790000000500000000"))
            );
        }
    }

    /// Writes a field of protobuf that holds bytes.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 0x80, "one byte holds the length");
        [&[number << 3 | 2, length], content].concat()
    }

    #[test]
    fn a_record_comes_out_of_otlp_over_grpc() {
        let (client, collector) = start();
        let record = field(5, &field(1, b"hello")); // body.string_value
        let request = field(1, &field(2, &field(2, &record)));
        let length = u32::try_from(request.len()).unwrap().to_be_bytes();
        let message = [&[0], length.as_slice(), &request].concat();
        let path = "opentelemetry.proto.collector.logs.v1.LogsService/Export";
        let table = [
            (Input::OtlpGrpc, "http", "--http2-prior-knowledge"),
            (Input::OtlpGrpcTls, "https", "--http2"),
        ];
        for (input, scheme, version) in table {
            let url = format!("{scheme}://{}/{path}", collector.address(input));
            let grpc = ["-H", "Content-Type: application/grpc", "-H", "TE: trailers"];
            let rest = [version, "--output", "/dev/null", "--data-binary", "@-", &url];
            assert_eq!(client.curl(&[grpc.as_slice(), &rest].concat(), &message).exit, 0);
            let [record] = &collector.records(input, 1, SOON)[..] else { panic!("one record") };
            assert_eq!(record.body, "hello");
        }
    }
}
