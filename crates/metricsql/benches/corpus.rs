//! The valid queries of the corpus, as the benches use them.

/// Reads the queries of one file of the corpus.
///
/// # Panics
///
/// When the file is not there.
#[must_use]
pub fn queries(file: &str) -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus");
    let path = format!("{folder}/{file}.txt");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let queries = text.lines().filter(|line| {
        !line.is_empty() && !line.starts_with("## ") && !line.starts_with("=> ")
    });
    queries.map(|line| line.replace('⏎', "\n")).collect()
}
