//! A recorded request.

use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::read::MultiGzDecoder;

use crate::limits::{REQUEST_BODY_BYTES_MAX, REQUEST_HEAD_BYTES_MAX};
use crate::loopback::Connection;

/// A request that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Such as `POST`.
    pub method: String,
    /// The path and, behind a `?`, the query.
    pub target: String,
    /// Names and values, as they came and in their order.
    pub headers: Vec<(String, String)>,
    /// The body as it was on the wire, perhaps compressed.
    pub wire_body: Vec<u8>,
    version: String,
}

impl Request {
    /// Gives the target up to its `?`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _query)| path)
    }

    /// Finds a parameter of the query and decodes its value.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        let (_path, query) = self.target.split_once('?')?;
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find(|(key, _value)| *key == name).map(|(_key, value)| decoded(value))
    }

    /// Finds a header, whatever its letters' case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _value)| key.eq_ignore_ascii_case(name));
        found.map(|(_key, value)| value.as_str())
    }

    /// Gives the body, decompressed if its encoding is `gzip`.
    ///
    /// # Errors
    ///
    /// The body is not what its encoding says, or decompresses to more than 64 MiB.
    pub fn body(&self) -> io::Result<Vec<u8>> {
        if self.header("Content-Encoding") != Some("gzip") {
            return Ok(self.wire_body.clone());
        }
        let mut body = Vec::new();
        MultiGzDecoder::new(self.wire_body.as_slice())
            .take(REQUEST_BODY_BYTES_MAX + 1)
            .read_to_end(&mut body)?;
        if body.len() as u64 > REQUEST_BODY_BYTES_MAX {
            return Err(invalid("the decompressed body is too long"));
        }
        Ok(body)
    }

    /// Reads the body as JSON.
    ///
    /// # Panics
    ///
    /// It is something else.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let body = self.body().expect("the body is what its encoding says");
        serde_json::from_slice(&body).expect("the body is JSON")
    }

    /// Tells whether the client wants the connection to end behind the answer.
    pub(super) fn is_last(&self) -> bool {
        let ends = |value: &str| value.eq_ignore_ascii_case("close");
        self.version == "HTTP/1.0" || self.header("Connection").is_some_and(ends)
    }
}

/// Reads the next request; none when the client has ended the connection instead.
pub(super) fn read(reader: &mut BufReader<Connection>) -> io::Result<Option<Request>> {
    let mut head = Vec::new();
    let mut budget = REQUEST_HEAD_BYTES_MAX;
    loop {
        let line = match line(reader, &mut budget)? {
            Some(line) => line,
            None if head.is_empty() => return Ok(None),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        };
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let mut request = parse(&head)?;
    if request.header("Expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        reader.get_mut().flush()?;
    }
    request.wire_body = body(reader, &request)?;
    Ok(Some(request))
}

fn parse(head: &[String]) -> io::Result<Request> {
    let (first, headers) = head.split_first().ok_or_else(|| invalid("the head is empty"))?;
    let words: Vec<&str> = first.split(' ').collect();
    let [method, target, version] = words[..] else {
        return Err(invalid("the first line is not `METHOD TARGET VERSION`"));
    };
    let header = |line: &String| {
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header has no `:`"))?;
        Ok((name.to_owned(), value.trim().to_owned()))
    };
    Ok(Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.iter().map(header).collect::<io::Result<_>>()?,
        wire_body: Vec::new(),
        version: version.to_owned(),
    })
}

fn body(reader: &mut BufReader<Connection>, request: &Request) -> io::Result<Vec<u8>> {
    let chunked = request.header("Transfer-Encoding");
    if chunked.is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return chunks(reader);
    }
    let length = request.header("Content-Length").unwrap_or("0").parse();
    let length: u64 = length.map_err(|_not_a_number| invalid("the length is not a number"))?;
    let mut body = Vec::new();
    exactly(reader, length, &mut body)?;
    Ok(body)
}

fn chunks(reader: &mut BufReader<Connection>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut budget = REQUEST_HEAD_BYTES_MAX;
        let mut next = || line(reader, &mut budget)?.ok_or(io::ErrorKind::UnexpectedEof.into());
        let size: io::Result<String> = next();
        let size = u64::from_str_radix(size?.split(';').next().unwrap_or_default(), 16);
        let size = size.map_err(|_not_a_number| invalid("a chunk's size is not a number"))?;
        if size == 0 {
            while !next()?.is_empty() {} // trailers
            return Ok(body);
        }
        exactly(reader, size, &mut body)?;
        exactly(reader, 2, &mut Vec::new())?;
    }
}

/// Appends so many bytes, unless that makes a body too long.
fn exactly(reader: &mut BufReader<Connection>, length: u64, to: &mut Vec<u8>) -> io::Result<()> {
    if length > REQUEST_BODY_BYTES_MAX - to.len() as u64 {
        return Err(invalid("the body is too long"));
    }
    if reader.by_ref().take(length).read_to_end(to)? as u64 == length {
        return Ok(());
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Reads a line without its end; none at the end of the connection.
fn line(reader: &mut BufReader<Connection>, budget: &mut u64) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let length = reader.by_ref().take(*budget).read_until(b'\n', &mut bytes)? as u64;
    *budget -= length;
    match bytes.strip_suffix(b"\n") {
        Some(line) => {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = String::from_utf8(line.to_vec());
            Ok(Some(line.map_err(|_not_utf8| invalid("the head is not UTF-8"))?))
        }
        None if *budget == 0 => Err(invalid("the head is too long")),
        None if length == 0 => Ok(None),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Decodes `%41` and the like; what is not two hexadecimal digits stays as it is.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
