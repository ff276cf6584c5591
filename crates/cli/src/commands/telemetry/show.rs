//! `ktel telemetry show`: everything that one product can send and did send, as text or as a local page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow};
use clap::Args;
use ktel::telemetry::Telemetry as Ambient;
use ktel_model::around::{self, Entry, HEADERS};
use ktel_model::standard::dictionary;
use serde_json::{Value, json};

use super::{status, subject, verify};
use crate::arguments::shared::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::limits::UPLOADS_SHOWN_MAX;
use crate::listing;
use crate::printer::Printer;
use crate::table::table;
use found::{Checked, Upload};

mod found;
mod page;

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Write a page for a browser to this file; it loads nothing and has no script
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub(crate) html: Option<PathBuf>,
    /// Open the page in the browser; without `--html`, it is written to a private temporary file
    #[arg(long, conflicts_with = "output")]
    pub(crate) open: bool,
    /// Check this receipt of a receiver, and show the result on the page (repeatable)
    #[arg(long = "receipt", value_name = "FILE", conflicts_with = "output")]
    pub(crate) receipts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

pub(super) fn run(
    arguments: &ShowArguments,
    ambient: &Ambient<'_>,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let ShowArguments { html, open, receipts, format } = arguments;
    let log = match subject::uploader(&ambient.product().name) {
        Some(uploader) => uploader.accepted().read()?,
        None => String::new(),
    };
    let uploads = uploads(&log);
    if html.is_none() && !*open && receipts.is_empty() {
        let value = as_json(ambient, &uploads);
        printer.out(listing::text(format.output, || text(ambient, &uploads), &value))?;
        return Ok(Exit::Done);
    }
    let receipts = receipts.iter().map(|file| checked(file)).collect::<Result<Vec<_>, _>>()?;
    let text = page::page(ambient, &uploads, &receipts);
    let path = match html {
        Some(path) => {
            let written = fs::write(path, &text);
            written.with_context(|| format!("write `{}`", path.display())).map_err(|error| {
                Failure::usage(error, Some("`--html` names a file that you can write to"))
            })?;
            path.clone()
        }
        None if *open => kept(&text)?,
        None => {
            printer.out(text)?;
            return Ok(Exit::Done);
        }
    };
    printer.say(&format!("`{}` is written", path.display()));
    if *open {
        self::open(&path)?;
    }
    Ok(Exit::Done)
}

/// Reads the log, the newest upload first. A line that was cut off is not an upload.
fn uploads(log: &str) -> Vec<Upload> {
    let lines = log.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let upload = |line: Value| {
        let text = |key: &str| Some(line.get(key)?.as_str()?.to_owned());
        Some(Upload {
            time: text("time")?,
            server: text("server")?,
            batch: text("batch").unwrap_or_default(),
            rejected: line.get("rejected").and_then(Value::as_u64).unwrap_or_default(),
            events: line.get("events")?.as_array()?.clone(),
        })
    };
    lines.filter_map(upload).take(UPLOADS_SHOWN_MAX).collect()
}

/// The dictionary of one product, and what it sent.
fn text(ambient: &Ambient<'_>, uploads: &[Upload]) -> String {
    let product = ambient.product();
    let consent = ambient.consent();
    let mut text = format!(
        "{}: telemetry is {}, because {}\nserver: {}\nnotice: {}\n",
        product.name,
        if consent.given { "on" } else { "off" },
        consent.winner,
        product.server.as_deref().unwrap_or("none, so nothing is sent"),
        status::notice_words(ambient, &consent),
    );
    for schema in product.all_schemas() {
        text.push_str(&format!("\n{}", dictionary::describe(schema)));
    }
    text.push_str("\nAround the events of an upload:\n\n");
    let rows = around::batch().into_iter().map(|entry| [entry.name, entry.what]);
    text.push_str(&table(["MEMBER", "WHAT"], rows));
    if !product.schemas.is_empty() {
        text.push_str("\nAround a report:\n\n");
        let rows = around::envelope().into_iter().map(|entry| [entry.name, entry.what]);
        text.push_str(&table(["MEMBER", "WHAT"], rows));
    }
    text.push_str("\nHeaders of a request:\n\n");
    let rows = HEADERS.iter().map(|header| [header.name, header.when, header.what]);
    text.push_str(&table(["HEADER", "SENT", "WHAT"], rows.map(|row| row.map(str::to_owned))));
    text.push_str("\nWhat servers accepted:\n\n");
    if uploads.is_empty() {
        text.push_str("nothing yet\n");
        return text;
    }
    let rows = uploads.iter().map(|upload| {
        let events = upload.events.len().to_string();
        [upload.time.clone(), events, upload.server.clone(), upload.batch.clone()]
    });
    text.push_str(&table(["TIME", "EVENTS", "SERVER", "BATCH"], rows));
    text.push_str(&format!(
        "\n`ktel telemetry --product {} log` prints the events\n",
        product.name
    ));
    text
}

/// The same for programs.
fn as_json(ambient: &Ambient<'_>, uploads: &[Upload]) -> Value {
    let product = ambient.product();
    let consent = ambient.consent();
    let members = |entries: Vec<Entry>| -> Vec<Value> {
        entries.iter().map(|Entry { name, what }| json!({"member": name, "what": what})).collect()
    };
    let headers: Vec<Value> = HEADERS
        .iter()
        .map(|header| json!({"header": header.name, "sent": header.when, "what": header.what}))
        .collect();
    let uploads: Vec<Value> = uploads
        .iter()
        .map(|Upload { time, server, batch, rejected, events }| {
            json!({"time": time, "server": server, "batch": batch, "rejected": rejected, "events": events})
        })
        .collect();
    let around_report = match product.schemas.is_empty() {
        true => Vec::new(),
        false => members(around::envelope()),
    };
    json!({
        "product": product.name, "telemetry": if consent.given { "on" } else { "off" },
        "decided_by": consent.winner.to_string(), "server": product.server,
        "notice": status::notice_words(ambient, &consent),
        "schemas": product.all_schemas().map(dictionary::document).collect::<Vec<Value>>(),
        "around_events": members(around::batch()), "around_report": around_report,
        "headers": headers, "accepted": uploads,
    })
}

fn checked(file: &Path) -> Result<Checked, Failure> {
    Ok(Checked { file: file.display().to_string(), results: verify::check(file)? })
}

/// Keeps the page in a file that only this user can read.
fn kept(text: &str) -> Result<PathBuf, Failure> {
    let file = tempfile::Builder::new().prefix("ktel-").suffix(".html").tempfile()?;
    fs::write(file.path(), text)?;
    let (_, path) = file.keep().map_err(|error| Failure::from(error.error))?;
    Ok(path)
}

/// Opens a file in the browser of the desktop.
fn open(path: &Path) -> Result<(), Failure> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(opener);
    command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let failed = |error: anyhow::Error| {
        Failure::usage(error, Some(format!("open `{}` in a browser", path.display())))
    };
    let status = command.status().with_context(|| format!("start `{opener}`")).map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    Err(failed(anyhow!("`{opener}` found no browser")))
}

#[cfg(test)]
mod tests {
    use super::uploads;

    #[test]
    fn the_newest_upload_comes_first_and_a_cut_line_is_none() {
        let line = |time: &str| {
            format!("{{\"time\":\"{time}\",\"server\":\"s\",\"batch\":\"b\",\"events\":[{{}}]}}\n")
        };
        let log = line("1") + &line("2") + "{\"time\":\"3\"";
        let times: Vec<String> = uploads(&log).into_iter().map(|upload| upload.time).collect();
        assert_eq!(times, ["2", "1"]);
    }
}
