//! Warnings: what parses although MetricsQL itself rejects it.

use ktel_metricsql::{check_arity, parse};

#[track_caller]
fn check(query: &str, canonical: &str, warnings: &[&str]) {
    let (expr, found) = parse(query).unwrap_or_else(|error| panic!("{}", error.render(query)));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        (expr.to_string().as_str(), found),
        (canonical, warnings.iter().map(ToString::to_string).collect())
    );
}

#[test]
fn typographic_quotes_are_read_and_reported_with_the_fix() {
    check(
        "{service_name=“networking.datumapis.com”}",
        r#"{service_name="networking.datumapis.com"}"#,
        &[r#"typographic quotes at 1:15; write "networking.datumapis.com""#],
    );
    check("{a=‘b’}", r#"{a="b"}"#, &[r#"typographic quotes at 1:4; write "b""#]);
    check("{a=„b“}", r#"{a="b"}"#, &[r#"typographic quotes at 1:4; write "b""#]);
    check("{a=“b\"}", r#"{a="b"}"#, &[r#"typographic quotes at 1:4; write "b""#]);
    check("{“up”}", "up", &[r#"typographic quotes at 1:2; write "up""#]);
    check(
        "up{a=“b”,\n é=“c”}",
        r#"up{a="b",é="c"}"#,
        &[r#"typographic quotes at 1:6; write "b""#, r#"typographic quotes at 2:4; write "c""#],
    );
    check(
        "label_set(up, “a”, “b\\n”)",
        r#"label_set(up, "a", "b\n")"#,
        &[r#"typographic quotes at 1:15; write "a""#, r#"typographic quotes at 1:20; write "b\n""#],
    );
}

#[test]
fn typographic_quotes_within_a_string_are_the_strings_own() {
    check("{a=\"“b”\"}", "{a=\"“b”\"}", &[]);
    check("up # “comment", "up", &[]);
}

#[test]
fn a_typographic_quote_that_is_not_closed_is_an_error() {
    let error = parse("{a=“b}").unwrap_err();
    assert_eq!(error.to_string(), "the string is not closed; expected `”`");
}

/// What the reference reads and we reject on purpose; the README gives the reasons.
#[test]
fn what_is_rejected_on_purpose_stays_rejected() {
    for query in [r#""\xff""#, r#"{""="x"}"#, r#"{"","x"}"#, r#"{a=~"b)|(?:c"}"#] {
        assert!(parse(query).is_err(), "{query}");
    }
    assert_eq!(parse("5m$__interval").unwrap().0.to_string(), "5m1i");
}

#[test]
fn the_number_of_arguments_is_judged_apart() {
    let table = [
        ("sum()", "`sum` takes at least 1 argument, found 0"),
        ("rate(up, 5)", "`rate` takes 1 argument, found 2"),
        ("round()", "`round` takes 1 to 2 arguments, found 0"),
        ("label_set(up, \"a\")", "`label_set` takes at least 1 argument, found 2"),
        ("label_replace(up)", "`label_replace` takes 5 arguments, found 1"),
    ];
    for (query, expected) in table {
        let (expr, _) = parse(query).unwrap();
        let findings: Vec<String> = check_arity(&expr).iter().map(ToString::to_string).collect();
        assert_eq!(findings, [expected], "{query}");
    }
    for query in ["(a, b)", "()", "sum(a, b, c)", "label_set(up, \"a\", \"b\")", "now()"] {
        assert_eq!(check_arity(&parse(query).unwrap().0), [], "{query}");
    }
}
