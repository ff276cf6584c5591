//! What a store does not survive is written otherwise, or not at all.
//!
//! That a real server dies without this, and lives with it, is proved by the end-to-end tests.

use ktel_metricsql::{Expr, Limits, Matcher, Store, StoreError, Version, enforce, parse};
use ktel_metricsql::{Filter, Selector, parse_with};
use proptest::prelude::*;

use crate::generate::expression;

const STORE: Store = Store::VictoriaMetrics(Version::new(1, 145));

fn sent(query: &str) -> Result<String, StoreError> {
    let (expr, _) = parse(query).unwrap_or_else(|error| panic!("{}", error.render(query)));
    STORE.query(&expr)
}

#[track_caller]
fn is_sent(query: &str, expected: &str) {
    assert_eq!(sent(query).as_deref(), Ok(expected), "{query}");
}

#[track_caller]
fn is_rejected(query: &str, reason: &str) {
    match sent(query) {
        Ok(wire) => panic!("`{query}` is sent as `{wire}`"),
        Err(error) => assert!(error.to_string().contains(reason), "`{query}`: {error}"),
    }
}

#[test]
fn what_the_store_cannot_read_again_is_not_sent() {
    for query in [
        r"a + on(x) group_left(y,\*) b",
        "a[1h: 2h-5m] + 1",
        r#"("foo") + bar"#,
        r#"("a") + Inf"#,
        r#""a" + (1e300*1e300)"#,
    ] {
        is_rejected(query, "cannot read how it prints");
    }
    // Without an operator nothing is printed.
    is_sent("b @ (c[5m])", "b @ clamp(c[5m], 0, 9e+09)");
}

#[test]
fn the_time_of_an_at_is_bounded_by_what_it_is() {
    for query in ["up @ 1e9", "up @ end()", "up @ (end() - 1h)", "up @ (start() + 5m + 1)"] {
        is_sent(query, query);
    }
    is_sent("sum(up) @ (end() + 1e16)", "sum(up) @ clamp(end() + 1e16, 0, 9e+09)");
    is_sent("1 @ scalar(up)", "1 @ clamp(scalar(up), 0, 9e+09)");
    is_sent("up @ clamp(x, 0, 1e300)", "up @ clamp(clamp(x, 0, 1e300), 0, 9e+09)");
    is_sent("up @ clamp(x, 0, NaN)", "up @ clamp(clamp(x, 0, NaN), 0, 9e+09)");
    is_sent("up @ clamp(x, 5, 9)", "up @ clamp(x, 5, 9)");
    is_sent("up @ (end() * 2)", "up @ clamp(end() * 2, 0, 9e+09)");
    // Within the time of another.
    is_sent("up @ (a @ b)", "up @ clamp(a @ clamp(b, 0, 9e+09), 0, 9e+09)");
    for query in ["1 @ 1e16", "up @ -1e16", "sum(up) @ 1e300", "up @ Inf", "up @ NaN"] {
        is_rejected(query, "too far in time");
    }
}

#[test]
fn windows_steps_and_offsets_are_bounded_together() {
    for query in ["up[10y]", "up offset 100y", "rate(sum(up)[1y:1w])", "up[1000i:5i] offset -3i"] {
        is_sent(query, query);
    }
    for query in [
        "sum(up)[300000000y]",
        "rate(sum(up)[290000000y:290000000y])",
        "up offset 290000000y",
        "up offset -290000000y",
        "up[1000000000000i]",
        "sum(up)[5m:9223372036854775807i]",
    ] {
        is_rejected(query, "too far in time");
    }
    // Each step is counted in those of the sub-query around it.
    let nested =
        |depth: usize| format!("{}up{}", "sum(".repeat(depth), ")[99999i:9999i]".repeat(depth));
    assert!(sent(&nested(0)).is_ok());
    is_rejected(&nested(3), "too far in time");
}

#[test]
fn names_that_cannot_be_printed_stand_beside_no_operator() {
    for query in [
        r"1 + \ud800",
        r"1 + x\uffff",
        r#"up + {"\uffff"="x"}"#,
        r"sum(up) by (\ud800) + 1",
        r"a * on(\u2fff) b",
        r"a * on() group_left(\u2fff) b",
        "1 + {\"x\u{e0001}\"=\"y\"}",
        // A letter of Unicode 16, which older Go does not know.
        "1 + {\"x\u{1c89}\"=\"y\"}",
        r"abs(\ud800) + 1",
        r"sum(1 + up) by (\ud800)",
    ] {
        is_rejected(query, "cannot print the name");
    }
    for query in [r"\ud800", r#"{"\uffff"="x"}"#, r"sum(up) by (\ud800)"] {
        assert!(sent(query).is_ok(), "{query}");
    }
    for query in [r"1 + a\ b", r"1 + a\x01", "1 + 温度", "sum(é) by (ü) + 1"] {
        assert!(sent(query).is_ok(), "{query}: {:?}", sent(query));
    }
}

#[test]
fn no_query_makes_label_values_without_end() {
    let set = r#"label_set(up, "x", "aaaa")"#;
    let nest = |form: &str, depth: usize| {
        (0..depth).fold(set.to_owned(), |inner, _| form.replace('§', &inner))
    };
    for form in [
        r#"label_join(§, "x", "", "x", "x")"#,
        r#"label_replace(§, "x", "$1$1", "x", "(.*)")"#,
        r#"label_transform(§, "x", "a", "aa")"#,
        r#"label_graphite_group(§, 0, 0)"#,
        r#"label_uppercase(§, "x")"#,
    ] {
        let once = nest(form, 1);
        assert!(sent(&once).is_ok(), "{once}: {:?}", sent(&once));
        is_rejected(&nest(form, 12), "may make a label value of more than 65535 bytes");
    }
    let long = "b".repeat(5_000);
    is_rejected(&format!(r#"label_transform(up, "x", ".", "{long}")"#), "label value");
    is_rejected(&format!(r#"sum(1 + LABEL_TRANSFORM(up, "x", ".", "{long}"))"#), "label value");
}

#[test]
fn functions_that_end_the_store_are_not_called() {
    for query in
        ["limit_offset(1, -1, up)", "limit_offset(NaN, 1, up)", "LIMIT_OFFSET(1, 0 - x, up)"]
    {
        is_rejected(query, "must be numbers that are not negative");
    }
    is_sent("limit_offset(1, 2, up)", "limit_offset(1, 2, up)");
    is_rejected(r#"SORT_BY_LABEL_NUMERIC(up, "x")"#, "308 digits");
    is_sent(
        r#"AGGR_OVER_TIME("min_over_time", up[5m])"#,
        r#"aggr_over_time("min_over_time", up[5m])"#,
    );
}

#[test]
fn the_version_says_what_the_store_can_read_and_survives() {
    let newer = Store::VictoriaMetrics(Version::new(1, 151));
    let (fill, _) = parse("a + fill(0) b").unwrap();
    let expected = StoreError::Version { feature: "fill", since: Version::new(1, 148) };
    assert_eq!(STORE.query(&fill), Err(expected));
    assert_eq!(newer.query(&fill).as_deref(), Ok("a + fill(0) b"));
    let (sort, _) = parse(r#"sort_by_label_numeric(up, "x")"#).unwrap();
    assert!(newer.query(&sort).is_ok());
}

#[test]
fn a_store_is_named_with_its_version() {
    for text in ["victoria-metrics:1.145", "victoria-metrics:v1.145.0"] {
        assert_eq!(text.parse(), Ok(STORE), "{text}");
    }
    assert_eq!(STORE.to_string(), "victoria-metrics:1.145");
    for text in ["victoria-metrics", "victoria-metrics:new", "prometheus:3.0", ""] {
        assert!(text.parse::<Store>().is_err(), "{text}");
    }
}

#[test]
fn an_expression_made_by_hand_is_checked_as_it_is_read() {
    let name = Filter::equal("__name__", "");
    let unreadable = Selector::new(vec![vec![Filter::equal("", "x"), name]]);
    let found = STORE.query(&Expr::Selector(unreadable));
    assert!(matches!(found, Err(StoreError::Unreadable { .. })), "{found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_is_enforced_and_read_again_by_the_store(query in expression()) {
        let Ok((expr, _)) = parse(&query) else { return Ok(()) };
        let matcher = Matcher::equal("tenant", "b").unwrap();
        let Ok(enforced) = enforce(&expr, &[matcher]) else { return Ok(()) };
        let newest = Store::VictoriaMetrics(Version::new(2, 0));
        let Ok(sent) = newest.query(&enforced) else { return Ok(()) };
        let (read, _) = parse(&sent).unwrap();
        let mut limits = Limits::default();
        limits.depth = 1_000;
        let mut operates = false;
        read.visit(&mut |part| operates |= matches!(part, Expr::Binary(_)));
        prop_assert!(!operates || parse_with(&read.to_string(), &limits).is_ok(), "{}", read);
        for selector in read.selectors() {
            for group in selector.groups() {
                let own = group.iter().any(|filter| filter.to_string() == "tenant=\"b\"");
                prop_assert!(own, "{}", sent);
            }
        }
    }
}
