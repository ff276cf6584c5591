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

/// Templates in a query. The largest dashboards have some dozens.
const TEMPLATES: usize = 40;

/// Gives queries of many `WITH` templates, and what shape they have.
#[must_use]
pub fn templates() -> [(&'static str, String); 3] {
    let chain = |first: &str, next: &dyn Fn(usize) -> String| {
        let rest = (1..TEMPLATES).map(|number| format!("t{number} = {}", next(number - 1)));
        let all: Vec<String> = [format!("t0 = {first}")].into_iter().chain(rest).collect();
        all.join(", ")
    };
    let last = TEMPLATES - 1;
    let uses = chain("rate(up[5m])", &|before| format!("sum(t{before}) by (job) + 1"));
    let filters = chain(r#"{job="a"}"#, &|before| format!(r#"{{t{before}, l{before}="v"}}"#));
    // A template within a template within a template, as deep as the parser allows.
    let within = (0..TEMPLATES / 2).fold("up".to_owned(), |inner, number| {
        format!("WITH (w{number} = {inner}) sum(w{number}) by (job)")
    });
    [
        ("each uses the one before", format!("WITH ({uses}) t{last}")),
        ("each within the next", within),
        ("filters from level to level", format!("WITH ({filters}) up{{t{last}}}")),
    ]
}
