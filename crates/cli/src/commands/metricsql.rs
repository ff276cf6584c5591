//! `ktel metricsql`: queries, checked as the exporter checks them.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use anyhow::anyhow;
use clap::Subcommand;
use ktel_metricsql::{Limits, Matcher, Store, check_arity, enforce, parse};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Subcommand)]
pub(crate) enum MetricsqlCommand {
    /// Print the canonical form of a query, its warnings, and the query with enforced labels
    Check {
        /// The query, or - to read one from each line of standard input
        #[arg(value_name = "EXPR", allow_hyphen_values = true)]
        query: String,
        /// Enforce this label in every selector: NAME=VALUE (repeatable; values of one name are
        /// alternatives)
        #[arg(long = "label", value_name = "NAME=VALUE")]
        labels: Vec<String>,
    },
}

pub(super) fn run(command: MetricsqlCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    let MetricsqlCommand::Check { query, labels } = command;
    let matchers = matchers(&labels)?;
    if query != "-" {
        return check(&query, &matchers, printer);
    }
    let mut exit = Exit::Done;
    let mut lines = io::stdin().lock();
    while let Some(line) = next_line(&mut lines)? {
        if line.trim().is_empty() {
            continue;
        }
        if check(&line, &matchers, printer)? != Exit::Done {
            exit = Exit::Usage;
        }
    }
    Ok(exit)
}

/// Reads a line, up to the maximum length of a query. The rest of the line is skipped.
fn next_line(lines: &mut impl BufRead) -> Result<Option<String>, Failure> {
    // One more than allowed, so that the parser reports the limit, and one for the end of the line.
    let most = u64::try_from(Limits::default().bytes + 2).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    if lines.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if !line.ends_with(b"\n") {
        skip_line(lines)?;
    }
    let line = String::from_utf8(line)
        .map_err(|error| Failure::usage(error, Some("queries are text in UTF-8")))?;
    Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned()))
}

fn skip_line(lines: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = lines.fill_buf()?;
        let newline = buffer.iter().position(|byte| *byte == b'\n');
        let (skipped, done) =
            newline.map_or((buffer.len(), buffer.is_empty()), |newline| (newline + 1, true));
        lines.consume(skipped);
        if done {
            return Ok(());
        }
    }
}

fn check(query: &str, matchers: &[Matcher], printer: &mut Printer) -> Result<Exit, Failure> {
    let (expr, warnings) = match parse(query) {
        Ok(parsed) => parsed,
        Err(error) => {
            printer.error(&error.render(query), None);
            return Ok(Exit::Usage);
        }
    };
    for warning in warnings {
        printer.warn(&warning.to_string());
    }
    for finding in check_arity(&expr) {
        printer.warn(&finding.to_string());
    }
    printer.out(format!("{expr}\n"))?;
    if matchers.is_empty() {
        return Ok(Exit::Done);
    }
    match enforce(&expr, matchers) {
        Ok(enforced) => printer.out(format!("{}\n", enforced.wire()))?,
        Err(violation) => {
            printer.error(&violation.to_string(), None);
            return Ok(Exit::Usage);
        }
    }
    Ok(Exit::Done)
}

/// Reads `NAME=VALUE`, and puts values of one name together.
fn matchers(labels: &[String]) -> Result<Vec<Matcher>, Failure> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for label in labels {
        let (name, value) = label.split_once('=').ok_or_else(|| {
            Failure::usage(anyhow!("`{label}` has no `=`"), Some("write `--label NAME=VALUE`"))
        })?;
        values.entry(name).or_default().push(value);
    }
    let matcher = |(name, values)| Matcher::one_of::<&str>(name, values);
    let matchers: Result<Vec<Matcher>, _> = values.into_iter().map(matcher).collect();
    matchers.map_err(|violation| Failure::usage(violation, None::<String>))
}
