//! JSON files: one value, many in a row, or the one stream that `kubectl cluster-info dump` prints.

use std::path::Path;

use serde_json::{Deserializer, Value};

use crate::error::Error;

/// Tells JSON from YAML by how the text begins.
pub(crate) fn looks_like(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) || text.trim_start().starts_with("==== START logs")
}

/// Reads all values of a text, skipping the logs of containers that stand between them.
///
/// # Errors
///
/// A value is not valid JSON; the error tells the line and column in the file.
pub(crate) fn values(path: &Path, text: &str) -> Result<Vec<Value>, Error> {
    let mut values = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let start = rest.trim_start();
        at += rest.len() - start.len();
        if start.is_empty() {
            break;
        }
        if let Some(logs) = start.strip_prefix("==== START logs") {
            at = after_logs(text, at, logs);
            continue;
        }
        let mut stream = Deserializer::from_str(start).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => values.push(value),
            Some(Err(source)) => return Err(error(path, text, at, source)),
            None => break,
        }
        at += stream.byte_offset();
    }
    Ok(values)
}

/// Returns where the text goes on after logs: they may contain anything, even JSON.
fn after_logs(text: &str, at: usize, logs: &str) -> usize {
    let title = logs.lines().next().unwrap_or_default().trim_end();
    let end = format!("==== END logs{title}");
    let rest = text.get(at..).unwrap_or_default();
    match rest.find(&end) {
        Some(found) => at + found + end.len(),
        None => text.len(), // a dump cut short inside logs
    }
}

fn error(path: &Path, text: &str, at: usize, source: serde_json::Error) -> Error {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + source.line();
    let column = match source.line() {
        1 => before.rsplit('\n').next().map_or(0, str::len) + source.column(),
        _ => source.column(),
    };
    Error::Json { path: path.into(), line, column, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_in_one_stream_is_read_without_its_logs() {
        let text = "{\"a\":1}\n==== START logs for container c of pod x/y ====\n{\"kind\":\"Pod\"}\n\
                    {broken\n==== END logs for container c of pod x/y ====\n{\"b\":2}\n";
        assert!(looks_like(text));
        let values = values(Path::new("dump"), text).unwrap();
        assert_eq!(values, [serde_json::json!({"a": 1}), serde_json::json!({"b": 2})]);
    }

    #[test]
    fn an_error_tells_the_line_and_column_of_the_file() {
        let Err(Error::Json { line, column, .. }) = values(Path::new("f"), "{}\n{}\n {\"a\":x}")
        else {
            panic!("no error")
        };
        assert_eq!((line, column), (3, 7));
    }
}
