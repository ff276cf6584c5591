//! Why a report cannot be sent, and what to do next.

use std::io;
use std::path::PathBuf;

use ktel_delivery::http::Url;
use thiserror::Error;

use crate::line;

/// The schemes that are understood, for messages.
pub const SCHEMES: &str = "splunk://, splunk+http://, splunk+tls://, splunk+tcp://, splunk+udp://, \
https://, http://, otlp://, otlp+insecure://, otlp+http://, otlp+https://, file:PATH, stdout:";

/// Why a report cannot be sent.
#[derive(Debug, Error)]
pub enum Error {
    /// It has no scheme.
    #[error("report server `{url}` has no scheme; known are {SCHEMES}")]
    NoScheme {
        /// As given.
        url: String,
    },
    /// It is a host and a port.
    #[error("report server `{text}` has no scheme; known are {SCHEMES}")]
    OnlyHost {
        /// As given.
        text: String,
    },
    /// Its scheme is not known.
    #[error("report server scheme `{scheme}` is not known; known are {SCHEMES}")]
    UnknownScheme {
        /// What stands before the colon.
        scheme: String,
    },
    /// There is nothing behind the scheme.
    #[error("report server `{url}` names no file")]
    NoFile {
        /// As given.
        url: String,
    },
    /// It is no URL.
    #[error("report server `{url}` {what}")]
    Malformed {
        /// As given, without what could be a secret.
        url: String,
        /// What is wrong with it.
        what: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// The receiver's form cannot carry what the report holds.
    #[error("`{server}` cannot carry this report")]
    Unsafe {
        /// The server.
        server: String,
        /// Why.
        source: line::LineError,
    },
    /// The file cannot be written.
    #[error("write the report to `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// Tells whether the URL is at fault, which the user can mend.
    #[must_use]
    pub fn is_in_url(&self) -> bool {
        !matches!(self, Self::Write { .. } | Self::Unsafe { .. })
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoScheme { url } => Some(format!("for a file, write `file:{url}`")),
            Self::OnlyHost { text } => {
                Some(format!("for ktel's own server, write `https://{text}`, or `http://{text}`"))
            }
            Self::UnknownScheme { .. } => None,
            Self::NoFile { .. } => Some("write `file:report.jsonl`, say".into()),
            Self::Malformed { hint, .. } => hint.clone(),
            Self::Unsafe { source, .. } => Some(source.hint().to_owned()),
            Self::Write { path, .. } => {
                Some(format!("`{}` must be a file that you can write to", path.display()))
            }
        }
    }
}

/// Cuts a URL to what may be printed, should somebody have put a password into it.
pub(super) fn printable(url: &str) -> String {
    match Url::parse(url) {
        Ok(parsed) if parsed.username().is_empty() && parsed.password().is_none() => url.to_owned(),
        Ok(parsed) => format!("{}://…", parsed.scheme()),
        Err(_) if url.contains('@') => "…".to_owned(),
        Err(_) => url.to_owned(),
    }
}
