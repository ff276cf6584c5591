//! `ktel metricsql`: queries, checked as the exporter checks them.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use anyhow::anyhow;
use clap::Subcommand;
use ktel_metricsql::{Expr, Limits, Matcher, Store, Violation, check_arity, enforce, parse};

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
        /// alternatives) or NAME=~EXPRESSION
        #[arg(long = "label", value_name = "NAME=VALUE")]
        labels: Vec<String>,
        /// Write what is sent for this store, or say why it would not survive it:
        /// victoria-metrics:VERSION
        #[arg(long, value_name = "STORE:VERSION")]
        store: Option<Store>,
    },
}

pub(super) fn run(command: MetricsqlCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    let MetricsqlCommand::Check { query, labels, store } = command;
    let target = Target { matchers: matchers(&labels)?, store };
    if query != "-" {
        return check(&query, &target, printer);
    }
    let mut exit = Exit::Done;
    let mut lines = io::stdin().lock();
    while let Some(line) = next_line(&mut lines)? {
        let Ok(line) = String::from_utf8(line) else {
            // One bad line says nothing about the others.
            printer.error("the line is not UTF-8", Some("queries are text in UTF-8"));
            exit = Exit::Usage;
            continue;
        };
        let line = line.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            continue;
        }
        if check(line, &target, printer)? != Exit::Done {
            exit = Exit::Usage;
        }
    }
    Ok(exit)
}

/// What a query is sent with, and where to.
struct Target {
    matchers: Vec<Matcher>,
    store: Option<Store>,
}

impl Target {
    /// Writes what is sent.
    fn sent(&self, expr: &Expr) -> Result<String, String> {
        let enforced = enforce(expr, &self.matchers).map_err(|violation| violation.to_string())?;
        match self.store {
            Some(store) => store.query(&enforced).map_err(|error| error.to_string()),
            None => Ok(enforced.wire()),
        }
    }
}

/// Reads a line, of which there is no use in more than a query may have.
fn next_line(lines: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    // One more than allowed, so that the parser says which limit it was, and the end of the line.
    let most = u64::try_from(Limits::default().bytes + 2).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    if lines.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if !line.ends_with(b"\n") {
        skip_line(lines)?;
    }
    Ok(Some(line))
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

fn check(query: &str, target: &Target, printer: &mut Printer) -> Result<Exit, Failure> {
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
    if target.matchers.is_empty() && target.store.is_none() {
        return Ok(Exit::Done);
    }
    match target.sent(&expr) {
        Ok(sent) => printer.out(format!("{sent}\n"))?,
        Err(reason) => {
            printer.error(&reason, None);
            return Ok(Exit::Usage);
        }
    }
    Ok(Exit::Done)
}

/// Reads `NAME=VALUE` and `NAME=~EXPRESSION`, and puts values of one name together.
fn matchers(labels: &[String]) -> Result<Vec<Matcher>, Failure> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut matchers = Vec::new();
    for label in labels {
        let (name, value) = label.split_once('=').ok_or_else(|| {
            Failure::usage(anyhow!("`{label}` has no `=`"), Some("write `--label NAME=VALUE`"))
        })?;
        match value.strip_prefix('~') {
            Some(pattern) => matchers.push(Matcher::matching(name, pattern)),
            None => values.entry(name).or_default().push(value),
        }
    }
    matchers.extend(values.into_iter().map(|(name, values)| Matcher::one_of::<&str>(name, values)));
    let matchers: Result<Vec<Matcher>, Violation> = matchers.into_iter().collect();
    matchers.map_err(|violation| Failure::usage(violation, None::<String>))
}
