//! Reads the corpus: a query on a line, what becomes of it on the next.

use std::fs;
use std::path::Path;

/// A query that parses, and how the reference prints it.
pub(crate) struct Valid {
    pub(crate) query: String,
    pub(crate) canonical: String,
}

/// A query that does not parse.
pub(crate) struct Invalid {
    pub(crate) query: String,
    /// `start..end message`
    pub(crate) error: String,
}

/// Reads every valid query.
pub(crate) fn valid() -> Vec<Valid> {
    let mut cases: Vec<Valid> = Vec::new();
    for file in ["promql", "metricsql", "with", "selectors", "functions", "next"] {
        for line in lines(file) {
            match (line.strip_prefix("=> "), cases.last_mut()) {
                (Some(canonical), Some(case)) => case.canonical = decoded(canonical),
                _ => cases.push(Valid { query: decoded(&line), canonical: decoded(&line) }),
            }
        }
    }
    cases
}

/// Reads every invalid query.
pub(crate) fn invalid() -> Vec<Invalid> {
    let mut cases: Vec<Invalid> = Vec::new();
    for line in lines("invalid") {
        match (line.strip_prefix("!! "), cases.last_mut()) {
            (Some(error), Some(case)) => error.clone_into(&mut case.error),
            _ => cases.push(Invalid { query: decoded(&line), error: String::new() }),
        }
    }
    cases
}

fn lines(file: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let path = folder.join(file).with_extension("txt");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let content = text.lines().filter(|line| !line.is_empty() && !line.starts_with("## "));
    content.map(str::to_owned).collect()
}

/// `⏎` stands for a newline, and `␀` for nothing at all.
fn decoded(line: &str) -> String {
    if line == "␀" { String::new() } else { line.replace('⏎', "\n") }
}
