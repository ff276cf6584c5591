//! Is a query parsed as fast as VictoriaMetrics' own parser parses it? That one is written in Go, and is built here.
//!
//! Both take turns on one processor each; ratios are of the medians. Writes `README.md`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ktel_metricsql::parse;
use ktel_metricsql_benches::{queries, templates};

/// How often both take their turn.
const ROUNDS: usize = 7;
/// How long a query is parsed again and again in one turn.
const TURN: Duration = Duration::from_millis(20);
/// Queries of one file of the corpus. Each costs two turns a round.
const QUERIES_MAX: usize = 60;

/// Some queries that are alike.
struct Row {
    what: String,
    queries: Vec<String>,
}

fn main() {
    let rows = rows();
    let reference = build();
    let mut times = vec![[Vec::new(), Vec::new()]; rows.len()];
    for _ in 0..ROUNDS {
        for (row, times) in rows.iter().zip(&mut times) {
            times[0].push(row.queries.iter().map(|query| own(query)).sum::<f64>());
            times[1].push(of(&reference, &row.queries));
        }
    }
    let page = page(&rows, times);
    print!("{page}");
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"), page)
        .expect("the page is written");
}

fn rows() -> Vec<Row> {
    let of_file = |file: &str| {
        let all = queries(file).into_iter().filter(|query| parse(query).is_ok());
        let what = format!("the corpus, `{file}`");
        Row { what, queries: all.take(QUERIES_MAX).collect() }
    };
    let files = ["promql", "metricsql", "with", "selectors", "functions"].map(of_file);
    let shape =
        |(shape, query)| Row { what: format!("40 templates, {shape}"), queries: vec![query] };
    files.into_iter().chain(templates().map(shape)).collect()
}

/// Builds the other parser.
fn build() -> tempfile::TempPath {
    let program = tempfile::NamedTempFile::new().expect("a place for it").into_temp_path();
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg(".");
    go.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/reference"));
    assert!(go.status().expect("Go is on PATH").success(), "the reference does not build");
    program
}

/// Gives the nanoseconds of a parse of ours.
fn own(query: &str) -> f64 {
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < TURN {
        drop(black_box(parse(black_box(query)).expect("valid")));
        count += 1;
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

/// Gives the nanoseconds of a parse of each query by the other, together.
fn of(reference: &std::path::Path, queries: &[String]) -> f64 {
    let mut child = Command::new(reference)
        .arg(format!("{}ms", TURN.as_millis()))
        .env("GOMAXPROCS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    for query in queries {
        writeln!(stdin, "{}", query.replace('\n', "⏎")).expect("it reads");
    }
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "the reference does not parse a query");
    let text = String::from_utf8(output.stdout).expect("numbers");
    text.lines().map(|line| line.parse::<f64>().expect("nanoseconds")).sum()
}

fn page(rows: &[Row], times: Vec<[Vec<f64>; 2]>) -> String {
    let mut page = "# Benches\n\n\
        Written by `cargo bench --bench reference`. Times are of one machine on one day; what counts is the ratio. Both parsers \
        took\nturns on one processor each; these are medians of the rounds, for all queries of a row together. The reference is\n\
        `github.com/VictoriaMetrics/metricsql`, of the version in `reference/go.mod`. Both expand `WITH` templates. The reference keeps\n\
        compiled regular expressions from one query to the next, and ktel compiles each: that is the row `selectors`.\n\n\
        | what | queries | the reference | ktel | ktel is |\n|---|---|---|---|---|\n"
        .to_owned();
    for (Row { what, queries }, [own, reference]) in rows.iter().zip(times) {
        let (own, reference) = (median(own), median(reference));
        let (count, ratio) = (queries.len(), reference / own);
        let micros = |nanos: f64| nanos / 1000.0;
        writeln!(
            page,
            "| {what} | {count} | {:.0} µs | {:.0} µs | {ratio:.1} times as fast |",
            micros(reference),
            micros(own)
        )
        .expect("a string takes it");
    }
    page
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
