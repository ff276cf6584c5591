//! The server's reference: its options, endpoints and limits, from the program itself.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Context;
use jiff::civil::Date;
use ktel_server::{limits, openapi};
use serde_json::Value;

use super::commands;

pub(super) const PAGE: &str = "docs/reference/server.md";

pub(super) fn tables() -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut command = ktel_cli::command();
    command.build();
    let serve = command.find_subcommand("serve").context("find the command `serve`")?;
    let mut options = String::new();
    commands::options(serve, &mut options);
    Ok(vec![
        ("options", options.trim_start().to_owned()),
        ("endpoints", endpoints(&openapi::document(Date::MIN))?),
        ("limits", limits()),
    ])
}

/// Every endpoint of the OpenAPI description.
fn endpoints(document: &Value) -> anyhow::Result<String> {
    let mut table = String::from("| endpoint | token | meaning |\n|---|---|---|\n");
    let paths = document["paths"].as_object().context("read the paths of the description")?;
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let summary = operation["summary"].as_str().context("an operation has a summary")?;
            let (method, token) = (method.to_uppercase(), token(&operation["security"]));
            writeln!(table, "| `{method} {path}` | {token} | {summary} |")?;
        }
    }
    Ok(table)
}

/// The roles of a list of alternatives; an empty one is `--public`.
fn token(security: &Value) -> String {
    let names = |one: &Value| one.as_object().and_then(|one| one.keys().next().cloned());
    let all: Vec<Option<String>> = security.as_array().into_iter().flatten().map(names).collect();
    let has = |name: &str| all.iter().any(|one| one.as_deref() == Some(name));
    let role = match () {
        () if all.is_empty() => "none",
        () if has("admin") => "admin",
        () if has("reader") => "reader or admin",
        () => "ingest",
    };
    let public = if all.contains(&None) { "; none with `--public`" } else { "" };
    format!("{role}{public}")
}

fn limits() -> String {
    let mut table = String::from("| limit | value |\n|---|---|\n");
    let rows: [(&str, String); 21] = [
        ("Body of a request, as it is sent", bytes(limits::BODY_BYTES_MAX)),
        ("Body of a request, decompressed", bytes(limits::DECODED_BYTES_MAX)),
        ("Body of a request that needs no token", bytes(limits::SMALL_BODY_BYTES_MAX)),
        ("All bodies that are read at the same time", bytes(limits::BODIES_BYTES_MAX)),
        ("Headers of a request", bytes(limits::HEAD_BYTES_MAX)),
        ("Time to receive the headers (including the TLS handshake)", time(limits::HEAD_WITHIN)),
        ("Time to receive the body", time(limits::BODY_WITHIN)),
        ("Age of a connection", time(limits::CONNECTION_AGE_MAX)),
        ("Items in one request", limits::ITEMS_MAX.to_string()),
        ("Sections or events in one item", limits::SECTIONS_MAX.to_string()),
        ("Requests of one token: burst", limits::RATE_BURST.to_string()),
        ("Requests of one token: per second", limits::RATE_PER_SECOND.to_string()),
        (
            "Requests of one client subnet without an ingest token: burst",
            limits::SUBNET_BURST.to_string(),
        ),
        (
            "Requests of one client subnet without an ingest token: per second",
            limits::SUBNET_PER_SECOND.to_string(),
        ),
        ("Connections", limits::CONNECTIONS_MAX.to_string()),
        ("Connections of one client subnet", limits::CONNECTIONS_PER_SUBNET_MAX.to_string()),
        ("Length of a syslog line", bytes(limits::LINE_BYTES_MAX)),
        ("Age of a report, in days", limits::DAYS_BACK_MAX.to_string()),
        ("Time to compute a query", time(limits::QUERY_WITHIN)),
        ("Rows of an answer to a query", limits::QUERY_ROWS_MAX.to_string()),
        ("Retention of the audit log, in days", limits::AUDIT_KEEP_DAYS.to_string()),
    ];
    for (what, value) in rows {
        writeln!(table, "| {what} | {value} |").expect("a string takes everything");
    }
    table
}

fn bytes(number: usize) -> String {
    match number {
        large if large % (1 << 20) == 0 => format!("{} MiB", large >> 20),
        middle if middle % (1 << 10) == 0 => format!("{} KiB", middle >> 10),
        small => format!("{small} bytes"),
    }
}

fn time(duration: Duration) -> String {
    match duration.as_secs() {
        long if long >= 120 && long % 60 == 0 => format!("{} min", long / 60),
        short => format!("{short} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, time, token};
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn a_role_is_named_for_every_kind_of_security() {
        for (security, expected) in [
            (json!([]), "none"),
            (json!([{"sender": []}]), "ingest"),
            (json!([{"splunk": []}]), "ingest"),
            (json!([{"reader": []}, {"browser": []}]), "reader or admin"),
            (json!([{"reader": []}, {"browser": []}, {}]), "reader or admin; none with `--public`"),
            (json!([{"admin": []}, {"browser": []}]), "admin"),
        ] {
            assert_eq!(token(&security), expected);
        }
    }

    #[test]
    fn numbers_have_the_largest_unit_that_fits() {
        assert_eq!(bytes(4 << 20), "4 MiB");
        assert_eq!(bytes(16 << 10), "16 KiB");
        assert_eq!(bytes(1000), "1000 bytes");
        assert_eq!(time(Duration::from_secs(600)), "10 min");
        assert_eq!(time(Duration::from_secs(5)), "5 s");
    }
}
