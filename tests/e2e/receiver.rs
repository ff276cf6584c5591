//! `ktel serve`, as other tests send to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ktel_server::store::Place;
#[cfg(target_os = "linux")]
use ktel_server::token::{Role, TokenRecord};
use ktel_server::{Catalog, Store};
use ktel_testkit::wait;
use serde_json::{Map, Value};

use crate::program::program;

/// How long a report may take to come.
const SOON: Duration = Duration::from_secs(60);

/// A receiver with a folder of its own; it ends with the test.
pub(crate) struct Ours {
    process: Child,
    folder: tempfile::TempDir,
    /// Where it listens.
    pub(crate) url: String,
    /// Where it takes what Kamaji's clients post.
    pub(crate) for_kamaji: String,
    /// Where it takes lines, in the order in which that was asked for.
    pub(crate) for_lines: Vec<String>,
    /// A token for senders.
    pub(crate) token: String,
    /// A token for administrators.
    pub(crate) admin: String,
}

impl Ours {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts it with more arguments, such as listeners for lines.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut serve = Command::new(program());
        serve.env_clear().args(["serve", "--listen", "127.0.0.1:0"]);
        serve.args(["--listen-legacy", "127.0.0.1:0", "--store"]).arg(folder.path());
        serve.args(more);
        let listeners = more.iter().filter(|word| **word == "--listen-lines").count();
        let process = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let (url, for_kamaji, for_lines, token, admin) = Default::default();
        let process = process.expect("ktel can be started");
        let mut ours = Self { process, folder, url, for_kamaji, for_lines, token, admin };
        let said = BufReader::new(ours.process.stdout.take().expect("it was piped"));
        for line in said.lines() {
            let line = line.expect("text");
            match line.split_once("  ") {
                Some(("ingest token", token)) => token.clone_into(&mut ours.token),
                Some(("admin token", token)) => token.clone_into(&mut ours.admin),
                Some(("listening on", url)) => url.clone_into(&mut ours.url),
                Some(("for Kamaji on", url)) => url.clone_into(&mut ours.for_kamaji),
                Some(("for lines on", url)) => ours.for_lines.push(url.to_owned()),
                _ => {}
            }
            if !ours.for_kamaji.is_empty() && ours.for_lines.len() == listeners {
                return ours;
            }
        }
        panic!("it ended without listening");
    }

    /// Makes one more token, as a second process on its folder does.
    #[cfg(target_os = "linux")]
    pub(crate) fn add_token(&self, token: &str, role: Role) {
        let place = Place::Folder(self.folder.path().into());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let store = Store::open(&place, &Catalog::built_in().tables()).expect("its store");
            store.add_token(TokenRecord::of(token, role, None)).await.expect("it is added");
        });
    }

    /// Gives the address of the main routes.
    #[cfg(target_os = "linux")]
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        let address = self.url.strip_prefix("http://").expect("a plain address");
        address.parse().expect("an address")
    }

    /// Reads how much memory it has in use, or had at the most, from what the system says of it.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory_kib(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("a number of KiB")
    }

    /// Reads a counter of items.
    pub(crate) fn count(&self, result: &str) -> u64 {
        let address = self.url.strip_prefix("http://").expect("a plain address");
        let mut stream = TcpStream::connect(address).expect("it listens");
        let head = format!(
            "GET /metrics HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.admin
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        let name = format!("ktel_server_items_total{{result=\"{result}\"}} ");
        let number = text.lines().find_map(|line| line.strip_prefix(&name));
        number.and_then(|number| number.parse().ok()).expect("a counter")
    }

    /// Reads the newest rows of a schema, as a second process on its folder, which is allowed.
    pub(crate) fn rows(&self, schema: &str) -> Vec<Map<String, Value>> {
        let catalog = Catalog::built_in();
        let table = Arc::clone(&catalog.find(schema, None).expect("it is built in").table);
        let place = Place::Folder(self.folder.path().into());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let store = Store::open(&place, &catalog.tables()).expect("its store");
            store.rows(&table).await.expect("its rows")
        })
    }

    /// Waits until a schema has so many rows; under TLS, too, where nobody else is asked.
    #[track_caller]
    pub(crate) fn wait_for_rows(&self, schema: &str, count: usize) -> Vec<Map<String, Value>> {
        let waited = wait::poll(SOON, || {
            let rows = self.rows(schema);
            if rows.len() >= count { Ok(rows) } else { Err(rows.len()) }
        });
        waited.unwrap_or_else(|rows| panic!("{rows} rows of {count}"))
    }

    #[track_caller]
    pub(crate) fn wait_for_stored(&self, count: u64) {
        let waited = wait::poll(SOON, || {
            let stored = self.count("stored");
            if stored >= count { Ok(()) } else { Err(stored) }
        });
        let rejected = || self.count("rejected");
        waited.unwrap_or_else(|stored| panic!("{stored} were stored, {} rejected", rejected()));
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.process.kill().ok(); // it may have ended
        self.process.wait().ok();
    }
}
