//! Reads what programs say of themselves at `/metrics`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Gives what a program serves at `/metrics`.
pub(crate) fn get(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

fn values<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = (&'t str, f64)> {
    let lines = text.lines().filter_map(move |line| line.strip_prefix(name));
    lines
        .filter(|rest| rest.starts_with(['{', ' ']))
        .filter_map(|rest| rest.rsplit_once(' '))
        .filter_map(|(labels, value)| Some((labels, value.parse().ok()?)))
}

/// Adds up the series of a metric.
pub(crate) fn sum(text: &str, name: &str) -> f64 {
    values(text, name).map(|(_, value)| value).sum()
}

/// Gives the largest value of a metric.
pub(crate) fn largest(text: &str, name: &str) -> f64 {
    values(text, name).map(|(_, value)| value).fold(0.0, f64::max)
}

/// Adds up the requests that VictoriaMetrics got from readers.
pub(crate) fn requests(text: &str) -> f64 {
    let is_read = |labels: &str| labels.contains("/api/v1/") && !labels.contains("/import");
    let all = values(text, "vm_http_requests_total");
    all.filter(|(labels, _)| is_read(labels)).map(|(_, value)| value).sum()
}
