//! `ktel telemetry list`: the products on this machine, and who decided about each.

use ktel::directories::process_environment;
use ktel::machine::{self, Traces};
use ktel::product_file::{ProductFile, SYSTEM_DIRECTORIES};
use ktel::product_name::ProductName;
use ktel::telemetry::Telemetry;
use serde_json::{Value, json};

use super::subject::{self, Known};
use crate::arguments::shared::OutputFormat;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::listing;
use crate::printer::Printer;

/// A product as it is listed.
struct Line {
    name: ProductName,
    /// `on`, `off`, or that only the product knows.
    telemetry: &'static str,
    decided_by: String,
    waiting: u64,
    last_sent: Option<String>,
    has_file: bool,
}

pub(super) fn run(output: OutputFormat, printer: &mut Printer) -> Result<Exit, Failure> {
    let lines = products()?.into_iter().map(|(name, traces)| line(name, &traces));
    let lines = lines.collect::<Result<Vec<Line>, Failure>>()?;
    if lines.is_empty() && output == OutputFormat::Table {
        printer.say("no product on this machine uses ktel, as far as its directories show");
        return Ok(Exit::Done);
    }
    let head = ["PRODUCT", "TELEMETRY", "WAITING", "LAST SENT", "DECIDED BY"];
    printer.out(listing::list(output, head, lines.iter().map(row), &json_of(&lines)))?;
    Ok(Exit::Done)
}

/// Finds the products on this machine.
pub(super) fn products() -> Result<Vec<(ProductName, Traces)>, Failure> {
    let found = machine::products(&subject::directories(), &SYSTEM_DIRECTORIES);
    let found = found
        .map_err(|error| Failure::usage(error, Some("check that you may read this directory")))?;
    Ok(found.into_iter().collect())
}

fn line(name: ProductName, traces: &Traces) -> Result<Line, Failure> {
    let file = ProductFile::find(name.as_str(), &subject::directories(), &SYSTEM_DIRECTORIES);
    let (telemetry, decided_by) = match (file, subject::ask(&name)) {
        (Ok(file), _) => {
            let consent = Telemetry::of(&file, &process_environment).consent();
            (if consent.given { "on" } else { "off" }, consent.winner.to_string())
        }
        (Err(_), Known::Decided(consent)) => {
            (if consent.given { "on" } else { "off" }, consent.winner.to_string())
        }
        // A file that is broken sends nothing.
        (Err(error), Known::ByProduct(_)) if traces.file => {
            ("off", format!("{:#}", anyhow::Error::new(error)))
        }
        (Err(_), Known::ByProduct(_)) => ("?", "the product, by its own default".to_owned()),
    };
    let uploader = subject::uploader(&name);
    let waiting = match &uploader {
        Some(uploader) if traces.events => {
            let status = uploader.spool().status();
            status.map_err(|error| Failure::usage(error, None::<String>))?.parcels
        }
        _ => 0,
    };
    let last_sent = match &uploader {
        Some(uploader) if traces.log => last_sent(&uploader.accepted().read()?),
        _ => None,
    };
    let has_file = traces.file;
    Ok(Line { name, telemetry, decided_by, waiting, last_sent, has_file })
}

/// Reads the time of the last line of the log. A line that was cut off has none.
fn last_sent(log: &str) -> Option<String> {
    let times = log.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    times.filter_map(|line| Some(line.get("time")?.as_str()?.to_owned())).next()
}

fn row(line: &Line) -> [String; 5] {
    let Line { name, telemetry, decided_by, waiting, last_sent, has_file: _ } = line;
    [
        name.to_string(),
        (*telemetry).to_owned(),
        waiting.to_string(),
        last_sent.clone().unwrap_or_else(|| "never".to_owned()),
        decided_by.clone(),
    ]
}

fn json_of(lines: &[Line]) -> Value {
    let one = |line: &Line| {
        let Line { name, telemetry, decided_by, waiting, last_sent, has_file } = line;
        let telemetry = if *telemetry == "?" { Value::Null } else { json!(telemetry) };
        json!({
            "product": name, "telemetry": telemetry, "decided_by": decided_by, "waiting": waiting,
            "last_sent": last_sent, "has_product_file": has_file,
        })
    };
    lines.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::last_sent;

    #[test]
    fn the_last_whole_line_says_when_something_was_sent() {
        let log = "{\"time\":\"2026-01-01T00:00:00Z\"}\n{\"time\":\"2026-02-01T00:00:00Z\"}\n{\"ti";
        assert_eq!(last_sent(log).as_deref(), Some("2026-02-01T00:00:00Z"));
        assert_eq!(last_sent(""), None);
    }
}
