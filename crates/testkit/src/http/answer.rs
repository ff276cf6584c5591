//! The answer of a server to a request, or what it does instead.

use std::convert::Infallible;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

/// The pause after each 16 KiB of an endless body, so that other tests have time to run.
const PAUSE: Duration = Duration::from_millis(1);

/// What a server does with a request that it has read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Answers.
    Whole(Response),
    /// Announces one byte more than it sends, and then sends nothing.
    Unfinished(Response),
    /// Sends the head, and then a body that never ends.
    Endless(Response),
    /// Never answers.
    Stall,
    /// Closes the connection without an answer.
    Drop,
}

/// An HTTP answer; its length is added when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, as it is on the wire.
    pub body: Vec<u8>,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Whole(response)
    }
}

impl Response {
    /// Makes an answer without a body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Makes an answer that holds JSON.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status)
            .with_header("Content-Type", "application/json")
            .with_body(body.to_string())
    }

    /// Makes a redirection to another address, by 301, 302, 303, 307 or 308.
    #[must_use]
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::new(status).with_header("Location", to)
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `Retry-After`, in seconds or as an HTTP date.
    #[must_use]
    pub fn with_retry_after(self, value: &str) -> Self {
        self.with_header("Retry-After", value)
    }

    /// Replaces the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Replaces the status, for servers that report errors with a 200.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn write(&self, to: &mut impl Write, head_only: bool) -> io::Result<()> {
        let bodiless = matches!(self.status, 100..=199 | 204 | 304);
        let length = (!bodiless).then(|| format!("Content-Length: {}\r\n", self.body.len()));
        let mut bytes = self.head(&length.unwrap_or_default());
        if !head_only && !bodiless {
            bytes.extend_from_slice(&self.body);
        }
        to.write_all(&bytes)?;
        to.flush()
    }

    pub(super) fn write_unfinished(&self, to: &mut impl Write) -> io::Result<()> {
        let mut bytes = self.head(&format!("Content-Length: {}\r\n", self.body.len() + 1));
        bytes.extend_from_slice(&self.body);
        to.write_all(&bytes)?;
        to.flush()
    }

    /// Ends with an error when the client closes the connection.
    pub(super) fn write_endless(&self, to: &mut impl Write) -> io::Result<Infallible> {
        to.write_all(&self.head("Transfer-Encoding: chunked\r\n"))?;
        let piece = format!("4000\r\n{}\r\n", "endless ".repeat(0x4000 / 8));
        loop {
            to.write_all(piece.as_bytes())?;
            thread::sleep(PAUSE);
        }
    }

    fn head(&self, framing: &str) -> Vec<u8> {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers: String = headers.collect();
        format!("HTTP/1.1 {} -\r\n{headers}{framing}\r\n", self.status).into_bytes()
    }
}
