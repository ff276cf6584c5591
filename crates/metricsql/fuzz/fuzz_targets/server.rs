//! A real VictoriaMetrics with some data, asked over one connection.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketAddrV4, SocketType, bind, getsockname, socket};

/// A server that ends with the fuzzer.
pub(crate) struct Server {
    /// Ends the server once this end of its input is closed.
    _process: Child,
    /// Holds the port, so that no other program gets it before the server does.
    _port: OwnedFd,
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
    folder: PathBuf,
    asked: u64,
    /// Where to write how many queries were answered, for who has to know that there were enough.
    count: Option<PathBuf>,
}

/// How long the server may take to listen, and to answer once.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// After so many queries the count is written.
const COUNTED: u64 = 100;

/// The time of the newest sample, which every query is run at: 2026-01-01.
const NOW: u64 = 1_767_225_600;

impl Server {
    pub(crate) fn start() -> Self {
        let program = std::env::var_os("VICTORIA_METRICS").expect(
            "VICTORIA_METRICS must name the program; `bash tests/real/get.sh victoria-metrics` prints it",
        );
        let folder = std::env::temp_dir().join(format!("ktel-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("there is room for a folder");
        let (port, address) = hold_port().expect("loopback has a free port");
        let log = fs::File::create(folder.join("log")).expect("the log can be written");
        // The shell ends the server when the fuzzer is gone, however that came about.
        let process = Command::new("sh")
            .args(["-c", r#""$@" & read -r _; kill $!; wait; rm -rf "$0""#])
            .arg(&folder)
            .arg(&program)
            .arg(format!("-storageDataPath={}", folder.join("data").display()))
            .arg(format!("-httpListenAddr={address}"))
            .args(["-retentionPeriod=100y", "-loggerLevel=PANIC", "-search.disableCache"])
            .args(["-search.maxQueryDuration=5s", "-http.connTimeout=0"])
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file has two handles"))
            .stderr(log)
            .spawn()
            .expect("there is a shell");
        let count = std::env::var_os("FUZZ_COUNT").map(PathBuf::from);
        let (connection, asked) = (None, 0);
        let mut server =
            Self { _process: process, _port: port, address, connection, folder, asked, count };
        let start = Instant::now();
        while server.post("/health", "").is_none() {
            assert!(start.elapsed() < ANSWER_MAX, "VictoriaMetrics does not listen on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        server.post("/api/v1/import", &samples()).expect("samples are taken");
        server.post("/internal/force_flush", "").expect("samples become visible");
        server
    }

    /// Asks for one moment and for a range, and panics if the server is gone.
    pub(crate) fn ask(&mut self, query: &str) {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let instant = format!("query={encoded}&time={NOW}");
        let range = format!("query={encoded}&start={}&end={NOW}&step=1m", NOW - 600);
        for (path, form) in [("/api/v1/query", instant), ("/api/v1/query_range", range)] {
            // A connection may end between two queries, a server may not.
            if self.post(path, &form).or_else(|| self.post(path, &form)).is_none() {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                let words: Vec<&str> = log.lines().filter(|line| line.contains("panic")).collect();
                panic!("after {} queries, `{query}` ended the server: {words:?}", self.asked);
            }
        }
        self.asked += 1;
        if self.asked % 10_000 == 0 {
            eprintln!("the server has survived {} queries", self.asked);
        }
        if let Some(count) = self.count.as_ref().filter(|_| self.asked % COUNTED == 0) {
            fs::write(count, self.asked.to_string()).expect("the count can be written");
        }
    }

    /// Posts a form; `None` if nobody answers.
    fn post(&mut self, path: &str, body: &str) -> Option<()> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(self.address).ok()?;
                stream.set_read_timeout(Some(ANSWER_MAX)).ok()?;
                stream.set_nodelay(true).ok()?;
                BufReader::new(stream)
            }
        };
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        connection.get_mut().write_all(request.as_bytes()).ok()?;
        skip_answer(&mut connection)?;
        self.connection = Some(connection);
        Some(())
    }
}

/// Holds a port of loopback that only a program gets which asks for it by its number: the socket does not
/// listen, and both sides set `SO_REUSEADDR`, as servers do.
fn hold_port() -> rustix::io::Result<(OwnedFd, SocketAddr)> {
    let held = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    set_socket_reuseaddr(&held, true)?;
    bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    let address = SocketAddrV4::try_from(getsockname(&held)?)?;
    Ok((held, address.into()))
}

/// Reads an answer to its end; what it says is the store's business.
fn skip_answer(connection: &mut BufReader<TcpStream>) -> Option<()> {
    let mut length = 0;
    let mut chunked = false;
    loop {
        let line = line(connection)?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
        chunked |= line == "transfer-encoding: chunked";
    }
    while chunked {
        let size = u64::from_str_radix(&line(connection)?, 16).ok()?;
        // A chunk ends with an empty line.
        skip(connection, size + 2)?;
        chunked = size > 0;
    }
    skip(connection, length)
}

fn line(connection: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    (connection.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}

fn skip(connection: &mut BufReader<TcpStream>, bytes: u64) -> Option<()> {
    let copied = std::io::copy(&mut connection.take(bytes), &mut std::io::sink()).ok()?;
    (copied == bytes).then_some(())
}

/// Series of every kind that functions look at: gauges, counters, buckets, gaps and odd labels.
fn samples() -> String {
    let mut lines = Vec::new();
    let mut series = |labels: &str, values: [&str; 5]| {
        let times: Vec<String> =
            (0..5).rev().map(|back| ((NOW - back * 60) * 1000).to_string()).collect();
        lines.push(format!(
            r#"{{"metric":{{{labels},"tenant":"me"}},"values":[{}],"timestamps":[{}]}}"#,
            values.join(","),
            times.join(",")
        ));
    };
    for metric in ["up", "a", "b", "foo", "m", "x"] {
        for job in ["x", "y"] {
            let labels = format!(r#""__name__":"{metric}","job":"{job}""#);
            series(&labels, ["1", "2.5", "0", "-3", "7"]);
        }
    }
    series(r#""__name__":"odd","job":"x""#, ["null", "\"Infinity\"", "1e300", "null", "-1e-300"]);
    let long = "9".repeat(400);
    series(&format!(r#""__name__":"odd","job":"{long}""#), ["1", "1", "1", "1", "1"]);
    for (le, value) in [("0.1", "1"), ("1", "2"), ("+Inf", "5"), ("x", "1")] {
        series(&format!(r#""__name__":"h","le":"{le}""#), [value; 5]);
    }
    for range in ["1e0...2e0", "2e0...3e0", "x"] {
        series(&format!(r#""__name__":"v","vmrange":"{range}""#), ["1"; 5]);
    }
    lines.join("\n")
}
