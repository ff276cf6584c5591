//! MetricsQL, as we understand it and as VictoriaMetrics does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ktel_metricsql::{Expr, Matcher, Store, Version, enforce, parse};
use serde_json::{Value, json};

use crate::victoria_metrics::VictoriaMetrics;

/// A query, and its canonical form if it is valid.
struct Case {
    query: String,
    canonical: Option<String>,
}

fn corpus() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/metricsql/tests/corpus");
    let mut cases: Vec<Case> = Vec::new();
    for file in ["promql", "metricsql", "with", "selectors", "functions", "invalid"] {
        let text = fs::read_to_string(folder.join(file).with_extension("txt")).unwrap();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("## ")) {
            let decoded = |text: &str| match text {
                "␀" => String::new(),
                text => text.replace('⏎', "\n"),
            };
            match (line.strip_prefix("=> "), line.strip_prefix("!! "), cases.last_mut()) {
                (Some(canonical), _, Some(case)) => case.canonical = Some(decoded(canonical)),
                (_, Some(_), Some(case)) => case.canonical = None,
                _ => {
                    let (query, canonical) = (decoded(line), Some(decoded(line)));
                    cases.push(Case { query, canonical });
                }
            }
        }
    }
    cases
}

/// The server that the tests start.
const STORE: Store = Store::VictoriaMetrics(Version::new(1, 145));

/// Queries of the corpus that end the server.
const DEADLY: [&str; 2] =
    [r#"("foo") + bar"#, r#"AGGR_OVER_TIME("min", up[5m]) KEEP_METRIC_NAMES"#];

/// Queries of each kind that ends the server. `Store::query` refuses them, or writes them otherwise.
const ENDING: [&str; 21] = [
    // What it prints cannot be read.
    r#"("foo") + bar"#,
    r#"("a") + Inf"#,
    "rate(a) + (b @ (c[5m]))",
    // Times overflow.
    "1 @ 1e16",
    "sum(up) @ -1e16",
    "sum(up) @ (end() + 1e16)",
    "sum(up) @ (scalar(vector(1e300)))",
    "sum(up)[300000000y]",
    "rate(sum(up)[290000000y:290000000y])",
    // Names that cannot be printed.
    r"1 + \ud800",
    r"1 + \u0fff",
    r"1 + x\u1f00\u2fef",
    r#"up + {"\uffff"="x"}"#,
    r"sum(up) by (\ud800) + 1",
    r"1 + sum(up) by (job, x\ufff9)",
    "1 + {\"x\u{f0000}\"=\"y\"}",
    // Functions.
    "limit_offset(1, -1, up)",
    "limit_offset(NaN, 1, up)",
    r#"AGGR_OVER_TIME("min_over_time", up[5m])"#,
    r#"sort_by_label_numeric((label_set(1, "x", "NUMBER"), label_set(2, "x", "2")), "x")"#,
    r#"sort_by_label_numeric_desc((label_set(1, "x", "NUMBER"), label_set(2, "x", "2")), "x")"#,
];

#[test]
fn victoria_metrics_ends_for_each_of_these_and_for_nothing_that_is_sent() {
    let guarded = VictoriaMetrics::start();
    for query in ENDING {
        let query = query.replace("NUMBER", &"9".repeat(400));
        let unguarded = VictoriaMetrics::start();
        unguarded.post("/api/v1/import/prometheus", "up{tenant=\"me\"} 1");
        unguarded.post("/internal/force_flush", "");
        assert!(!unguarded.survives(&query), "the server survives `{query}`");
        let (expr, _) = parse(&query).unwrap();
        let enforced = enforce(&expr, &[Matcher::equal("tenant", "me").unwrap()]).unwrap();
        if let Ok(sent) = STORE.query(&enforced) {
            assert!(guarded.survives(&sent), "the server does not survive `{sent}`");
        }
    }
}

/// Queries the server optimises before it prints them; the parser's own form is the canonical one.
const OPTIMISED: [&str; 3] = [
    "(a + b)[$__interval]",
    r#"a + (group_left{x="y"})"#,
    r#"ru(node_memory_free, node_memory_total{job="x"})"#,
];

/// How errors begin that are found when a query is read, not when it is run.
const READ_ERRORS: [&str; 6] = [
    "unparsed data",
    "cannot expand WITH",
    "unexpected token",
    "unsupported function",
    "cannot find the first token",
    "cannot recognize",
];

#[test]
fn victoria_metrics_agrees_on_every_query_of_the_corpus() {
    let server = VictoriaMetrics::start();
    let cases = corpus();
    assert!(cases.len() > 1_400, "{}", cases.len());
    for Case { query, canonical } in cases {
        if DEADLY.contains(&query.as_str()) {
            continue;
        }
        let expanded = server.ask("/expand-with-exprs", &[("query", &query), ("format", "json")]);
        let printed = expanded.get("expr").and_then(Value::as_str);
        if OPTIMISED.contains(&query.as_str()) {
            assert_ne!(printed, canonical.as_deref(), "`{query}` is not optimised any more");
        } else {
            assert_eq!(printed, canonical.as_deref(), "{query}");
        }
        // The prettifier reads but does not expand: it accepts more, and never less.
        let prettified = server.ask("/prettify-query", &[("query", &query)]);
        if canonical.is_some() {
            assert_eq!(prettified["status"], "success", "{query}");
        }
        let run = server.ask("/api/v1/query", &[("query", &query)]);
        let error = run["error"].as_str().unwrap_or_default();
        if canonical.is_some() {
            let read = !READ_ERRORS.iter().any(|words| error.contains(words));
            assert!(run["status"] == "success" || read, "{query}: {error}");
        } else {
            assert_eq!(run["status"], "error", "{query}");
        }
    }
}

#[test]
fn victoria_metrics_reads_what_is_enforced_as_it_was_meant() {
    let server = VictoriaMetrics::start();
    let matcher = Matcher::one_of("tenant", ["me", "a.b"]).unwrap();
    for Case { query, .. } in corpus() {
        let Ok((expr, _)) = parse(&query) else { continue };
        let Ok(enforced) = enforce(&expr, std::slice::from_ref(&matcher)) else { continue };
        let Ok(wire) = STORE.query(&enforced) else { continue };
        let (enforced, _) = parse(&wire).unwrap();
        let answer = server.ask("/expand-with-exprs", &[("query", &wire), ("format", "json")]);
        let printed = answer["expr"].as_str().unwrap_or_else(|| panic!("{wire}: {answer}"));
        // What is not optimised is printed from the very tree that was read.
        if printed == enforced.to_string() {
            continue;
        }
        let (read, _) = parse(printed).unwrap_or_else(|error| panic!("{}", error.render(printed)));
        let selectors = (read.selectors(), enforced.selectors());
        assert_eq!(selectors.0.len(), selectors.1.len(), "{wire}");
        for group in selectors.0.iter().flat_map(|selector| selector.groups()) {
            let own = group.iter().any(|filter| {
                filter.label() == "tenant" && filter.to_string() == r#"tenant=~"a\\.b|me""#
            });
            assert!(own, "{wire} was read as {printed}");
        }
    }
}

/// Values that selectors differ about.
const VALUES: [&str; 12] = ["", "a", "b", "ab", "A", "a\nb", "é", "aéb", "k", "\u{212a}", "1", " "];

// Not among them: `\b` behind literal text, where the store looks at the rest of the value alone.
const SELECTORS: [&str; 38] = [
    r#"m"#,
    r#"m{v="a"}"#,
    r#"m{v!="a"}"#,
    r#"m{v=""}"#,
    r#"m{v!=""}"#,
    r#"m{v=~""}"#,
    r#"m{v!~""}"#,
    r#"m{v=~".*"}"#,
    r#"m{v!~".*"}"#,
    r#"m{v=~".+"}"#,
    r#"m{v!~".+"}"#,
    r#"m{v=~"a|b"}"#,
    r#"m{v=~"|a"}"#,
    r#"m{v!~"|a"}"#,
    r#"m{v=~"a.*"}"#,
    r#"m{v=~".*b"}"#,
    r#"m{v=~".*a.*"}"#,
    r#"m{v!~".*a.*"}"#,
    r#"m{v=~"a.b"}"#,
    r#"m{v=~"a(?-s).b"}"#,
    r#"m{v=~"^a$"}"#,
    r#"m{v=~"a$\nb"}"#,
    r#"m{v=~"(?m)a$\n^b"}"#,
    r#"m{v=~"(?i)a|K"}"#,
    r#"m{v=~"(?i)k"}"#,
    r#"m{v=~"\\w"}"#,
    r#"m{v=~"\\W"}"#,
    r#"m{v=~"\\s|\\d"}"#,
    r#"m{v=~"[[:^alpha:]]"}"#,
    r#"m{v=~"x*"}"#,
    r#"m{v=~"(a|)"}"#,
    r#"m{v="a" or v="b"}"#,
    r#"{__name__="m",v="a" or __name__="n",v="b"}"#,
    r#"{v="a" or "n"}"#,
    r#"{__name__=~"m|n",v=""}"#,
    r#"{__name__!="m",v="a"}"#,
    r#"{other="",v="a"}"#,
    r#"m{v=~"a|b",v!="a"}"#,
];

#[test]
fn victoria_metrics_selects_what_we_say_it_does() {
    let server = VictoriaMetrics::start();
    let mut world = Vec::new();
    for metric in ["m", "n"] {
        for (number, value) in VALUES.iter().enumerate() {
            let labels = [("__name__", metric), ("id", &number.to_string()), ("v", value)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let kept = labels.into_iter().filter(|(_, value)| !value.is_empty());
            world.push(kept.collect::<BTreeMap<String, String>>());
        }
    }
    let line =
        |labels| json!({"metric": labels, "values": [1], "timestamps": [1_700_000_000_000_u64]});
    let lines: Vec<String> = world.iter().map(|labels| line(labels).to_string()).collect();
    server.post("/api/v1/import", &lines.join("\n"));
    server.post("/internal/force_flush", "");
    for query in SELECTORS {
        let (expr, _) = parse(query).unwrap();
        let Expr::Selector(selector) = &expr else { panic!("`{query}` is no selector") };
        let ours: BTreeSet<_> = world.iter().filter(|series| selector.matches(*series)).collect();
        for written in [query.to_owned(), expr.wire()] {
            let form = [("match[]", written.as_str()), ("start", "1600000000")];
            let answer = server.ask("/api/v1/series", &form);
            let data = serde_json::from_value(answer["data"].clone());
            let theirs: BTreeSet<BTreeMap<String, String>> = data.unwrap();
            assert_eq!(theirs.iter().collect::<BTreeSet<_>>(), ours, "{written}");
        }
    }
}
