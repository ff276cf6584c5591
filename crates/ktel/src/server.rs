//! Report servers: where a report goes, named by a URL.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use ktel_model::envelope::Envelope;
use ktel_model::report::Report;
use thiserror::Error;

/// The schemes that are understood, for messages.
pub const SCHEMES: &str = "file:PATH, stdout:";

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportServer {
    /// Standard output gets the bare report.
    Stdout,
    /// A file gets one JSON line more: the envelope.
    File(PathBuf),
}

/// Why a report cannot be sent.
#[derive(Debug, Error)]
pub enum Error {
    /// It has no scheme.
    #[error("report server `{url}` has no scheme; known are {SCHEMES}")]
    NoScheme {
        /// As given.
        url: String,
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
        !matches!(self, Self::Write { .. })
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoScheme { url } => Some(format!("for a file, write `file:{url}`")),
            Self::UnknownScheme { .. } => None,
            Self::NoFile { .. } => Some("write `file:report.jsonl`, say".into()),
            Self::Write { path, .. } => {
                Some(format!("`{}` must be a file that you can write to", path.display()))
            }
        }
    }
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
            scheme => Err(Error::UnknownScheme { scheme: scheme.to_owned() }),
        }
    }
}

impl std::fmt::Display for ReportServer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout => out.write_str("stdout:"),
            Self::File(path) => write!(out, "file:{}", path.display()),
        }
    }
}

impl ReportServer {
    /// Gives the very bytes that go out.
    #[must_use]
    pub fn render(&self, report: &Report, envelope: &Envelope) -> Vec<u8> {
        let rendered = match self {
            Self::Stdout => serde_json::to_vec_pretty(&report.to_json()),
            Self::File(_) => serde_json::to_vec(envelope),
        };
        let mut bytes = rendered.expect("maps with string keys always become JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Sends what [`render`](Self::render) gave; `stdout` is where standard output goes.
    ///
    /// # Errors
    /// When it could not be written whole.
    pub fn deliver(&self, bytes: &[u8], stdout: &mut impl Write) -> Result<(), Error> {
        match self {
            Self::Stdout => stdout
                .write_all(bytes)
                .map_err(|source| Error::Write { path: PathBuf::from("/dev/stdout"), source }),
            Self::File(path) => {
                append(path, bytes).map_err(|source| Error::Write { path: path.clone(), source })
            }
        }
    }
}

/// Appends in one write, so that two processes do not mix their lines.
fn append(path: &PathBuf, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::ReportServer;
    use std::path::PathBuf;

    #[test]
    fn a_url_names_a_server_or_says_what_is_known() {
        let file = |path: &str| Ok(ReportServer::File(PathBuf::from(path)));
        let table: [(&str, Result<ReportServer, &str>); 7] = [
            ("stdout:", Ok(ReportServer::Stdout)),
            ("file:r.jsonl", file("r.jsonl")),
            ("file:///tmp/r", file("/tmp/r")),
            ("file:", Err("names no file")),
            ("gopher://x", Err("`gopher` is not known; known are file:PATH, stdout:")),
            ("report.json", Err("has no scheme")),
            ("", Err("has no scheme")),
        ];
        for (url, expected) in table {
            match (url.parse::<ReportServer>(), expected) {
                (Ok(server), Ok(expected)) => assert_eq!(server, expected, "{url}"),
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{url}: {error}");
                }
                (got, expected) => panic!("{url}: {got:?}, not {expected:?}"),
            }
        }
    }
}
