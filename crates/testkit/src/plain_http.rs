//! Asks a server on loopback over HTTP/1.0, whose answers end with the connection and are not in chunks.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, ensure};

/// Posts a body and gives the answer's; `headers` end with a line end each.
///
/// # Errors
///
/// There is no answer, or its status is not that of success.
pub(crate) fn post(
    address: SocketAddr,
    path: &str,
    headers: &str,
    body: &[u8],
) -> anyhow::Result<Vec<u8>> {
    let mut stream =
        TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: {address}\r\n{headers}Content-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let body = answer.split_off(end.context("the answer has no body")? + 4);
    let status = String::from_utf8_lossy(&answer);
    let status = status.split_whitespace().nth(1).unwrap_or_default();
    let said = String::from_utf8_lossy(&body);
    ensure!(status.starts_with('2'), "{path}: status {status}: {said}");
    Ok(body)
}

/// Posts a form and gives the answer.
///
/// # Errors
///
/// As [`post`].
pub(crate) fn post_form(
    address: SocketAddr,
    path: &str,
    form: &[(&str, &str)],
) -> anyhow::Result<String> {
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pair = |(name, value): &(&str, &str)| format!("{}={}", percent(name), percent(value));
    let body = form.iter().map(pair).collect::<Vec<_>>().join("&");
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = post(address, path, headers, body.as_bytes())?;
    Ok(String::from_utf8(answer)?)
}
