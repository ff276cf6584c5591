//! The language: what parses, how it is printed, where errors point.

use ktel_metricsql::{ErrorKind, Expr, FunctionKind, functions, parse};

use crate::corpus;
use crate::generate::expression;
use proptest::prelude::*;

/// Where the reference's canonical form cannot be read again, or is read as something else; each
/// with the reason. Everywhere else it is read as what was printed.
const NOT_READ_BACK: &[(&str, &str)] = &[
    // An or-group of nothing but the metric name is lost, and with it the series of that group.
    (r#"{__name__="a",x="y" or __name__="a"}"#, "narrowed"),
    (r#"{__name__="a" or __name__="a",x="y"}"#, "narrowed"),
    (r#"{"up",a="b" or "up"}"#, "narrowed"),
    // An or-group without filters is lost.
    (r#"WITH (f = {}) {f or a="b"}"#, "narrowed"),
    // A negative number before an operator that binds tighter than the minus.
    ("(-2) ^ x", "read as -(2 ^ x)"),
    ("-2 * x # folded first", "as written"),
    ("(-5)[5m]", "read as -(5[5m])"),
    // A string before `+` makes a metric after it look like a template.
    (r#"("foo") + bar"#, "rejected"),
    // A window behind the expression of `@`.
    ("up @ (up[5m])", "rejected"),
    // A rollup without anything is forgotten.
    ("up[$__interval]", "read as the selector"),
    ("(a + b)[$__interval]", "read as the operation"),
    ("up[$__interval] * 2", "read as the selector"),
    ("rate(up[$__interval])", "read as the selector"),
    ("rate(up[$__rate_interval])", "read as the selector"),
];

fn canonical(query: &str) -> String {
    parse(query).unwrap_or_else(|error| panic!("{}", error.render(query))).0.to_string()
}

#[test]
fn every_valid_query_prints_its_canonical_form() {
    let cases = corpus::valid();
    assert!(cases.len() >= 600, "{}", cases.len());
    for case in cases {
        assert_eq!(canonical(&case.query), case.canonical, "{}", case.query);
    }
}

#[test]
fn every_invalid_query_says_where_and_why() {
    let cases = corpus::invalid();
    assert!(cases.len() >= 250, "{}", cases.len());
    for case in cases {
        let error = match parse(&case.query) {
            Ok((expr, _)) => panic!("`{}` parses as `{expr}`", case.query),
            Err(error) => error,
        };
        let found = format!("{}..{} {error}", error.span.start, error.span.end);
        assert_eq!(found, case.error, "{}", case.query);
    }
}

#[test]
fn fill_stands_after_all_other_modifiers_and_only_where_sides_are_computed() {
    for query in [
        "m + fill on(job) n",
        "m == fill(0) bool n",
        "m + fill(0) on(job) n",
        "m + on(job) fill(0) group_left() n",
        "m and fill(0) n",
        "m and fill",
        "m default fill(0) n",
        "m + fill(n) n",
        "m + fill(0 n",
        "m + fill() n",
        "m + bool group_left m2 fill(0)",
    ] {
        assert!(parse(query).is_err(), "{query}");
    }
}

#[test]
fn every_error_can_be_drawn_under_its_query() {
    for case in corpus::invalid() {
        let error = parse(&case.query).unwrap_err();
        assert!(case.query.is_char_boundary(error.span.start), "{}", case.query);
        assert!(error.span.end <= case.query.len(), "{}", case.query);
        let drawn = error.render(&case.query);
        assert_eq!(drawn.lines().count(), 3, "{drawn}");
        assert!(drawn.lines().nth(2).unwrap().contains('^'), "{drawn}");
    }
}

#[test]
fn errors_name_the_nearest_word() {
    let table = [
        ("rat(up)", Some("did you mean `rate`?")),
        ("Counnt(up)", Some("did you mean `count`?")),
        ("up offse 5m", Some("did you mean `offset`?")),
        ("sum(up) withot (job)", Some("did you mean `without`?")),
        ("zzzzzz(up)", None),
        ("up)", None),
    ];
    for (query, expected) in table {
        let error = parse(query).unwrap_err();
        assert_eq!(error.hint().as_deref(), expected, "{query}: {error}");
    }
}

#[test]
fn every_function_stands_in_the_corpus_in_small_letters_and_in_capitals() {
    let queries: Vec<String> = corpus::valid().into_iter().map(|case| case.query).collect();
    for function in functions() {
        for name in [function.name.to_owned(), function.name.to_uppercase()] {
            let call = format!("{name}(");
            assert!(queries.iter().any(|query| query.starts_with(&call)), "{name}");
        }
    }
}

#[test]
fn what_goes_over_the_wire_is_read_as_the_same_expression() {
    for case in corpus::valid() {
        check_wire(&case.query);
    }
}

#[track_caller]
fn check_wire(query: &str) {
    let (expr, _) = parse(query).unwrap();
    let wire = expr.wire();
    let again = parse(&wire).unwrap_or_else(|error| panic!("{}\n{query}", error.render(&wire))).0;
    assert_eq!(again.wire(), wire, "{query}");
    // An or-group without filters is sent as a filter that everything passes.
    if !has_empty_group(&expr) {
        assert_eq!(again, expr, "{query}\n{wire}");
    }
}

#[test]
fn a_metric_name_that_a_template_brings_is_written_so_that_it_is_read() {
    let (expr, _) = parse(r#"WITH (e={__name__="",a="b"}) x{e or c="d"}"#).unwrap();
    let wire = r#"{__name__="x",__name__=~"",a="b" or __name__="x",c="d"}"#;
    assert_eq!(expr.wire(), wire);
    assert_eq!(parse(wire).unwrap().0.wire(), wire);
    let (expr, _) = parse(r#"WITH (e={__name__="",a="b"}) x{e}"#).unwrap();
    assert_eq!(expr.wire(), r#"x{__name__=~"",a="b"}"#);
    assert!(!expr.selectors()[0].matches(&[("__name__", "x"), ("a", "b")]));
}

#[test]
fn names_beyond_ascii_are_quoted_or_numbered_on_the_wire() {
    let table = [
        ("温度", r#"{__name__="温度"}"#),
        ("x{é=\"a\"}", r#"x{"é"="a"}"#),
        ("sum(x) by (é, b)", r"sum(x) by(\u00e9,b)"),
        ("a * on(é) group_left(ü) b", r"a * on(\u00e9) group_left(\u00fc) b"),
        ("x{é\\x01=\"a\"}", r#"x{\u00e9\x01="a"}"#),
        // A letter of Unicode 16.
        ("x{\u{1c89}=\"a\"}", "x{\"\u{1c89}\"=\"a\"}"),
        ("sum(x) by (\u{1c89})", r"sum(x) by(\u1c89)"),
    ];
    for (query, wire) in table {
        let (expr, _) = parse(query).unwrap();
        assert_eq!(expr.wire(), wire, "{query}");
        assert_eq!(parse(wire).unwrap().0, expr, "{query}");
    }
}

#[test]
fn names_that_are_words_are_quoted_on_the_wire() {
    for word in ["fill", "FILL_LEFT", "fill_right", "on", "bool", "or", "sum", "alias", "by"] {
        let (expr, _) = parse(&format!(r#"a + {{__name__="{word}"}}"#)).unwrap();
        let wire = expr.wire();
        assert!(wire.contains(&format!(r#"{{__name__="{word}"}}"#)), "{wire}");
        assert_eq!(parse(&wire).unwrap().0, expr);
    }
}

#[test]
fn an_aggregate_with_an_escaped_letter_is_the_aggregate() {
    for (query, wire) in
        [(r#"count_v\alues("x", up)"#, r#"count_values("x", up)"#), (r"su\m(up)", "sum(up)")]
    {
        let (expr, _) = parse(query).unwrap();
        assert!(matches!(expr, Expr::Aggregate(_)), "{query}: {expr:?}");
        assert_eq!(expr.wire(), wire, "{query}");
    }
}

#[test]
fn a_word_that_only_begins_functions_is_none() {
    let error = parse("range(up)").unwrap_err();
    let is_unknown =
        matches!(&error.kind, ErrorKind::UnknownFunction { name, .. } if name == "range");
    assert!(is_unknown, "{error:?}");
}

/// The sections and features of the documentation of MetricsQL, by a word of each.
const DOCUMENTED: [&str; 33] = [
    "MetricsQL features",
    "Graphite",
    "Lookbehind",
    "`_` in numbers",
    "`or` filters",
    "several constants",
    "group_left(*)",
    "number of arguments",
    "`@` anywhere",
    "after `@`",
    "[Ni]",
    "`offset` anywhere",
    "Fractional",
    "without a suffix",
    "Durations anywhere",
    "Suffixes of numbers",
    "Trailing commas",
    "Unicode",
    "Escapes",
    "`limit N`",
    "boundsLabel",
    "`default`",
    "`if`",
    "`ifnot`",
    "`WITH`",
    "Concatenation",
    "keep_metric_names",
    "Rollup functions",
    "Transform functions",
    "Label manipulation functions",
    "Aggregate functions",
    "Subqueries",
    "Implicit query conversions",
];

#[test]
fn the_readme_has_an_example_that_parses_for_everything_that_is_documented() {
    let table = include_str!("../../README.md")
        .split("\n## ")
        .find(|part| part.starts_with("What is supported"));
    let rows: Vec<&str> =
        table.unwrap().lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    for documented in DOCUMENTED {
        let named =
            |row: &&&str| row.split(" | ").next().is_some_and(|name| name.contains(documented));
        assert_eq!(rows.iter().filter(named).count(), 1, "{documented}");
    }
    for row in rows {
        let example = row.split(" | ").nth(1).unwrap_or_default();
        // A heading has none.
        if let Some(query) = example.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
            canonical(&query.replace("\\|", "|"));
        }
    }
    let count = |kind| functions().filter(|function| function.kind == kind).count();
    let counts =
        [FunctionKind::Rollup, FunctionKind::Transform, FunctionKind::Aggregate].map(count);
    assert_eq!(counts, [80, 111, 37], "the table has the counts");
}

fn has_empty_group(expr: &Expr) -> bool {
    let mut selectors = expr.selectors().into_iter();
    selectors
        .any(|selector| selector.groups().len() > 1 && selector.groups().iter().any(Vec::is_empty))
}

#[test]
fn the_canonical_form_is_read_back_but_for_the_listed_faults_of_the_reference() {
    let excused = |query: &str| NOT_READ_BACK.iter().any(|(listed, _)| *listed == query);
    for case in corpus::valid() {
        let (expr, _) = parse(&case.query).unwrap();
        let same = parse(&case.canonical).is_ok_and(|(again, _)| again == expr);
        if !excused(&case.query) {
            assert!(same, "`{}` is printed as `{}`", case.query, case.canonical);
        }
    }
    for (query, fault) in NOT_READ_BACK {
        let (expr, _) = parse(query).unwrap();
        let same = parse(&expr.to_string()).is_ok_and(|(again, _)| again == expr);
        assert_eq!(same, *fault == "as written", "`{query}` is printed as `{expr}`");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_expressions_survive_the_wire(query in expression()) {
        if parse(&query).is_ok() {
            check_wire(&query);
        }
    }

    #[test]
    fn printing_twice_is_printing_once(query in expression()) {
        if let Ok((expr, _)) = parse(&query)
            && let Ok((again, _)) = parse(&expr.to_string())
            && again == expr
        {
            // An infinity that was computed has a sign, one that was read has not.
            let unsigned = |expr: &Expr| expr.to_string().replace("+Inf", "Inf");
            prop_assert_eq!(unsigned(&again).to_lowercase(), unsigned(&expr).to_lowercase());
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(query in "\\PC{0,60}|[a-z0-9{}()\\[\\]=~!\"'`,.:@$# \n+*/^<>\\\\-]{0,60}") {
        if let Err(error) = parse(&query) {
            prop_assert!(error.span.end <= query.len());
            prop_assert!(!error.render(&query).is_empty());
        }
    }
}
