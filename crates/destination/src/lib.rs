//! Report servers: where a report goes, named by a URL.
//!
//! It makes bytes of a report or of events, and keeps what waits in an outbox. It may not know
//! Kubernetes, how a report was made, or whether the user has consented: only what is sent is given to it.
//!
//! A [`ReportServer`] is what the URL says and holds no secret; [`Sender`] is what it becomes once
//! tokens and certificates have been read, and carries parcels to it.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use bytes::Bytes;
use jiff::Timestamp;
use ktel_delivery::Parcel;
use ktel_model::envelope::Envelope;
use ktel_model::report::Report;
use sha2::{Digest, Sha256};

mod address;
mod batch;
mod error;
mod items;
mod json_lines;
mod limits;
mod otlp;
mod outgoing;
mod remedy;
mod sender;
mod splunk;

pub mod line;
pub mod outbox;

pub use error::{Error, SCHEMES};
pub use json_lines::JsonLines;
pub use outgoing::{Capture, Outgoing};
pub use remedy::Owner;
pub use sender::{Answered, NotReady, Sender, Tokens};

use address::{Address, Protocol};

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportServer {
    /// Standard output gets the bare report.
    Stdout,
    /// A file gets one JSON line more: the envelope.
    File(PathBuf),
    /// A receiver behind a network.
    Remote(Box<Remote>),
}

/// A receiver behind a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    text: String,
    address: Address,
}

/// What is sent, in every form that a receiver may want.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The bare report.
    pub report: &'a Report,
    /// The report with what must be known to read it.
    pub envelope: &'a Envelope,
    /// When it was made.
    pub time: Timestamp,
}

impl FromStr for ReportServer {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(Error::NoScheme { url: url.to_owned() });
        };
        match scheme {
            "stdout" => Ok(Self::Stdout),
            "file" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                if path.is_empty() {
                    return Err(Error::NoFile { url: url.to_owned() });
                }
                Ok(Self::File(PathBuf::from(path)))
            }
            scheme => {
                let address = address::parse(scheme, url)?;
                Ok(Self::Remote(Box::new(Remote { text: url.to_owned(), address })))
            }
        }
    }
}

impl fmt::Display for ReportServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => out.write_str("stdout:"),
            Self::File(path) => write!(out, "file:{}", path.display()),
            Self::Remote(remote) => remote.fmt(out),
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl Remote {
    /// Gives the URL as it was written; it holds no secret.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.text
    }

    /// Says what a person should know before anything is sent there.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        self.address.open().then(|| format!("`{self}`: anybody on the way can read what is sent"))
    }

    /// Tells whether the receiver says that it has a report.
    #[must_use]
    pub fn confirms(&self) -> bool {
        !matches!(self.address.protocol, Protocol::Line { .. })
    }

    /// Tells whether it gets the envelope itself, which can carry a signature.
    #[must_use]
    pub fn takes_envelope(&self) -> bool {
        matches!(self.address.protocol, Protocol::Https { .. })
    }

    /// Makes what goes out: the very bytes, and a key by which a receiver tells a repetition.
    ///
    /// # Errors
    /// When the receiver's form cannot carry the report without forging something.
    pub fn parcel(&self, content: Content<'_>) -> Result<Parcel, Error> {
        let (content_type, body) = self.body(content)?;
        let mut digest = Sha256::new();
        digest.update(self.text.as_bytes());
        digest.update(content.time.as_nanosecond().to_le_bytes());
        digest.update(&body);
        let digest = digest.finalize();
        let key = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let content_type = content_type.to_owned();
        Ok(Parcel { to: self.text.clone(), key, content_type, body })
    }

    fn body(&self, content: Content<'_>) -> Result<(&'static str, Bytes), Error> {
        let Content { report, envelope, time } = content;
        Ok(match &self.address.protocol {
            Protocol::Splunk(collector) => {
                let product = envelope.product.name.as_deref();
                ("application/json", collector.event(product, report.to_json(), time).into())
            }
            Protocol::Line { dialect, keys, signal, .. } => {
                let product = envelope.product.name.as_deref();
                let signal = signal.as_deref().or(product).unwrap_or("ktel");
                let line = dialect.line(signal, &keys.translate(report.sections()));
                let server = self.text.clone();
                let line = line.map_err(|source| Error::Unsafe { server, source })?;
                ("text/plain", line.into())
            }
            Protocol::Https { .. } => {
                let json = serde_json::to_vec(envelope);
                ("application/json", json.expect("an envelope always becomes JSON").into())
            }
            Protocol::OtlpGrpc { .. } | Protocol::OtlpHttp { .. } => {
                ("application/x-protobuf", otlp::logs(report, envelope, time).into())
            }
        })
    }
}

impl ReportServer {
    /// Gives the very bytes that go out.
    ///
    /// # Errors
    /// When the receiver's form cannot carry the report without forging something.
    pub fn render(&self, content: Content<'_>) -> Result<Bytes, Error> {
        let rendered = match self {
            Self::Stdout => serde_json::to_vec_pretty(&content.report.to_json()),
            Self::File(_) => serde_json::to_vec(content.envelope),
            Self::Remote(remote) => return Ok(remote.parcel(content)?.body),
        };
        let mut bytes = rendered.expect("maps with string keys always become JSON");
        bytes.push(b'\n');
        Ok(bytes.into())
    }
}

/// Appends in one write, so that two processes do not mix their lines.
///
/// # Errors
/// When it could not be written whole.
pub fn append(path: &PathBuf, bytes: &[u8]) -> Result<(), Error> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(|source| Error::Write { path: path.clone(), source })
}

/// Makes a random name that says nothing: of a batch, of a channel.
#[must_use]
pub fn random_id() -> String {
    splunk::channel()
}

#[cfg(test)]
mod tests;
