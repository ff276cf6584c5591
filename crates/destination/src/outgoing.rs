//! A request as it goes out: shown before it is sent, and written to a file when it is.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use http::header::HeaderName;
use ktel_delivery::http::Request;
use ktel_delivery::limits::GZIP_FROM_BYTES;
use ktel_otlp::{Limits, LogsData};

/// A request, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Method, path and headers, one per line; nothing for protocols that are only lines.
    pub head: String,
    /// The body, before compression.
    pub body: Bytes,
}

impl Outgoing {
    pub(crate) fn of(request: &Request) -> Self {
        let url = &request.url;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let mut head = format!(
            "POST {}{query} HTTP/1.1\nhost: {host}{port}\nuser-agent: ktel/{}\naccept: */*\n",
            url.path(),
            env!("CARGO_PKG_VERSION"),
        );
        let mut line = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\n"));
        line("content-type", request.content_type.to_str().unwrap_or("…"));
        if request.gzip && request.body.len() >= GZIP_FROM_BYTES {
            line("content-encoding", "gzip");
        } else {
            line("content-length", &request.body.len().to_string());
        }
        for (name, value) in &request.headers {
            line(name.as_str(), &shown(&request.headers, name, value.to_str().ok()));
        }
        Self { head, body: request.body.clone() }
    }

    pub(crate) fn line(body: &Bytes) -> Self {
        Self { head: String::new(), body: body.clone() }
    }

    /// Gives the body as text: OTLP as JSON, everything else as it is.
    #[must_use]
    pub fn text(&self) -> String {
        let protobuf = ["application/x-protobuf", "application/grpc"];
        let is_protobuf =
            protobuf.iter().any(|kind| self.head.contains(&format!("content-type: {kind}\n")));
        if is_protobuf {
            let message = self.body.get(5..).filter(|_| self.head.contains("application/grpc"));
            let message = message.unwrap_or(&self.body);
            if let Ok(logs) = LogsData::read(message, &Limits::default()) {
                return logs.to_json();
            }
        }
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The value of a header; of a secret, only its scheme.
fn shown(headers: &HeaderMap, name: &HeaderName, value: Option<&str>) -> String {
    let is_secret = headers.get_all(name).iter().any(http::HeaderValue::is_sensitive);
    match (is_secret, value.and_then(|value| value.split_once(' '))) {
        (false, _) => value.unwrap_or("…").to_owned(),
        (true, Some((scheme, _))) if *name == http::header::AUTHORIZATION => format!("{scheme} …"),
        (true, _) => "…".to_owned(),
    }
}

/// A file that gets every request, without its secrets, before it is sent.
#[derive(Debug, Clone)]
pub struct Capture {
    file: Arc<Mutex<File>>,
}

impl Capture {
    /// Opens a file, and appends to it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Arc::new(Mutex::new(file)) })
    }

    /// Writes a request.
    pub(crate) fn write(&self, outgoing: &Outgoing) -> io::Result<()> {
        let Outgoing { head, body } = outgoing;
        let mut bytes = head.clone().into_bytes();
        if !head.is_empty() {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(body);
        if !body.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&bytes)
    }
}
