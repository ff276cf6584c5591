//! Enforcement, against every way around it that has been found in the wild.

use ktel_metricsql::{Call, Labels, Matcher, Violation, enforce, parse};

const ME: &str = "me";

fn matcher() -> Matcher {
    Matcher::equal("tenant", ME).unwrap()
}

/// Says what is sent upstream for a query of the tenant, or why nothing is.
fn sent(query: &str) -> Result<String, String> {
    let (expr, _) = parse(query).map_err(|error| error.to_string())?;
    enforce(&expr, &[matcher()]).map(|expr| expr.wire()).map_err(|violation| violation.to_string())
}

/// Every or-group of every selector that is sent must have the tenant's filter.
#[track_caller]
fn is_confined(query: &str, expected: &str) {
    let wire = sent(query).unwrap_or_else(|error| panic!("`{query}`: {error}"));
    assert_eq!(wire, expected, "{query}");
    let (read, _) = parse(&wire).unwrap();
    for selector in read.selectors() {
        assert!(!selector.groups().is_empty(), "{wire}");
        for group in selector.groups() {
            let tenant = |filter: &&ktel_metricsql::Filter| filter.to_string() == "tenant=\"me\"";
            assert_eq!(group.iter().filter(tenant).count(), 1, "{wire}");
        }
        assert!(!selector.matches(&[("__name__", "up"), ("tenant", "other")]), "{wire}");
    }
}

#[track_caller]
fn is_rejected(query: &str, reason: &str) {
    match sent(query) {
        Ok(wire) => panic!("`{query}` is sent as `{wire}`"),
        Err(error) => assert!(error.contains(reason), "`{query}`: {error}"),
    }
}

const CANNOT: &str = "cannot hold together with the enforced `tenant=\"me\"`";

#[test]
fn selectors_without_the_label_get_it() {
    is_confined("{}", r#"{tenant="me"}"#);
    is_confined("up", r#"up{tenant="me"}"#);
    is_confined(r#"{__name__=~".+"}"#, r#"{__name__=~".+",tenant="me"}"#);
    is_confined(r#"{or="x"}"#, r#"{or="x",tenant="me"}"#);
    is_confined("up # }", r#"up{tenant="me"}"#);
    is_confined("up{ # }\n}", r#"up{tenant="me"}"#);
}

#[test]
fn every_or_group_gets_it() {
    is_confined(r#"{a="b" or c="d"}"#, r#"{a="b",tenant="me" or c="d",tenant="me"}"#);
    is_confined(r#"{a="b" OR c="d"}"#, r#"{a="b",tenant="me" or c="d",tenant="me"}"#);
    is_confined(
        r#"{__name__="a",x="y" or __name__="a"}"#,
        r#"{__name__="a",x="y",tenant="me" or __name__="a",tenant="me"}"#,
    );
    is_confined("WITH (e = {}) {e or a=\"b\"}", r#"{tenant="me" or a="b",tenant="me"}"#);
    is_rejected(r#"{a="b" or tenant="other"}"#, CANNOT);
    is_rejected(r#"{tenant="me" or tenant="other"}"#, CANNOT);
}

#[test]
fn the_tenants_own_filter_stays_where_it_can_hold() {
    is_confined(r#"{tenant="me"}"#, r#"{tenant="me"}"#);
    is_confined(r#"{tenant=~".*"}"#, r#"{tenant=~".*",tenant="me"}"#);
    is_confined(r#"{tenant!~""}"#, r#"{tenant!~"",tenant="me"}"#);
    is_confined(r#"{tenant!="other"}"#, r#"{tenant!="other",tenant="me"}"#);
    is_confined(r#"{tenant=~"me|you"}"#, r#"{tenant=~"me|you",tenant="me"}"#);
}

#[test]
fn a_filter_that_cannot_hold_is_an_error_and_never_replaced() {
    for query in [
        r#"{tenant="other"}"#,
        r#"{tenant!="me"}"#,
        r#"{tenant=""}"#,
        r#"{tenant!~".*"}"#,
        r#"{tenant=~"m"}"#,
        r#"{tenant=~"me",tenant!="me"}"#,
        r#"{"tenant"="other"}"#,
        r#"{'tenant'="other"}"#,
        r#"{`tenant`="other"}"#,
        r#"{\x74enant="other"}"#,
        r#"{t\enant="other"}"#,
        r#"{\u0074enant="other"}"#,
        r#"{"\x74enant"="other"}"#,
        r#"{"up",tenant="other"}"#,
        r#"{tenant='other'}"#,
        r#"{tenant=`other`}"#,
        r#"{tenant="o"+"ther"}"#,
        "{tenant=“other”}",
    ] {
        is_rejected(query, CANNOT);
    }
}

#[test]
fn both_sides_of_operators_are_confined() {
    is_rejected(r#"up{tenant="me"} or up{tenant="other"}"#, CANNOT);
    is_rejected(r#"sum(up) + on() up{tenant="other"}"#, CANNOT);
    is_confined("up or secret", r#"up{tenant="me"} or secret{tenant="me"}"#);
    is_confined(
        r#"up * on(x) group_left(*) prefix "tenant" secret"#,
        r#"up{tenant="me"} * on(x) group_left(*) prefix "tenant" secret{tenant="me"}"#,
    );
}

#[test]
fn templates_are_expanded_before_they_are_confined() {
    is_rejected(r#"WITH (t={tenant="other"}) up{t}"#, CANNOT);
    is_rejected(r#"WITH (tenant="other", up=foo{tenant="other"}) up"#, CANNOT);
    is_rejected(r#"WITH (f(t)={tenant=t}) f("other")"#, CANNOT);
    is_rejected(r#"WITH (f(t)={t}) f({tenant="other"})"#, CANNOT);
    is_confined("WITH (f(x)=x or secret) f(up)", r#"up{tenant="me"} or secret{tenant="me"}"#);
    is_confined(r#"WITH (x={}) x{a="b"}"#, r#"{tenant="me"}"#);
    is_confined(
        r#"WITH (ru(a,b)=secret) ru(up, WITH (alias(q,n)=q) alias(up, "x"))"#,
        r#"secret{tenant="me"}"#,
    );
    is_confined(r#"alias(secret, "x")"#, r#"label_set(secret{tenant="me"}, "__name__", "x")"#);
}

#[test]
fn functions_that_forge_labels_see_only_the_tenants_series() {
    let table = [
        r#"label_set(_, "tenant", "me")"#,
        r#"label_replace(_, "tenant", "me", "", "")"#,
        r#"label_copy(_, "a", "tenant")"#,
        r#"label_move(_, "a", "tenant")"#,
        r#"label_map(_, "tenant", "me", "other")"#,
        r#"label_join(_, "tenant", "", "a")"#,
        r#"count_values("tenant", _)"#,
        r#"quantiles("tenant", 0.5, 0.9, _)"#,
        r#"topk(scalar(_), _)"#,
        r#"quantile(scalar(_), _)"#,
        r#"limitk(scalar(_), _)"#,
        r#"absent(_)"#,
        r#"union(_, _)"#,
        r#"(_, _)"#,
        r#"_ @ end()"#,
        r#"up{tenant="me"} @ end(_)"#,
        r#"_[5m] offset 1i"#,
        r#"_ @ (_)"#,
        r#"up{tenant="me"} @ scalar(_)"#,
        r#"(_[5m:1m]) @ (_ + _)"#,
        r#"rate(_[5m] offset 1i)"#,
        r#"_ default (_ if _)"#,
        r#"sum(_) by(tenant) limit 5"#,
    ];
    for form in table {
        let query = form.replace("_,", "secret,").replace("_)", "secret)").replace("_ ", "secret ");
        let query = query.replace("_[", "secret[");
        is_confined(&query, &query.replace("secret", r#"secret{tenant="me"}"#));
    }
}

#[test]
fn selectors_that_are_not_labels_are_rejected() {
    is_rejected(r#"{__graphite__="*.secret.*"}"#, "other means");
    is_rejected(r#"up{"__graphite__"="*.secret.*"}"#, "other means");
    is_rejected(r#"up{\x5f_graphite__="*.secret.*"}"#, "other means");
    is_rejected("info(up)", "no function is called `info`");
    // Should the parser learn it one day, or somebody make one by hand.
    let (up, _) = parse("up").unwrap();
    for name in ["info", "INFO"] {
        let call = Call::new(name, vec![up.clone()]);
        let enforced = enforce(&call.into(), &[matcher()]);
        assert_eq!(enforced, Err(Violation::Function { name: name.into() }));
    }
}

#[test]
fn odd_characters_confine_nothing_else() {
    is_rejected("up{tenant＝\"other\"}", "expected");
    is_confined("up{a=\"\u{202e}\"}", "up{a=\"\\u202e\",tenant=\"me\"}");
    is_confined("up{a=\"\\n\\r\\x00\"}", "up{a=\"\\n\\r\\x00\",tenant=\"me\"}");
    // Twins of a letter are other labels: what they hold is the tenant's own business.
    is_confined("{te\\u0301nant=\"other\"}", "{\"te\u{301}nant\"=\"other\",tenant=\"me\"}");
    is_confined("{ténant=\"other\"}", "{\"ténant\"=\"other\",tenant=\"me\"}");
    is_confined(r#"up{a="\"} or secret{b=\""}"#, r#"up{a="\"} or secret{b=\"",tenant="me"}"#);
    is_confined(r#"up{a='"} or secret{b="'}"#, r#"up{a="\"} or secret{b=\"",tenant="me"}"#);
    is_confined(r#"{"a\"}"="b"}"#, r#"{a\"\}="b",tenant="me"}"#);
}

#[test]
fn hostile_patterns_are_linear() {
    is_confined(r#"{a=~"(a+)+$"}"#, r#"{a=~"(a+)+$",tenant="me"}"#);
    let (expr, _) = parse(r#"{a=~"(a+)+$"}"#).unwrap();
    let labels = vec![("a".to_owned(), "a".repeat(100_000) + "!")];
    assert!(!expr.selectors()[0].matches(&labels));
}

#[test]
fn values_of_tenants_are_never_patterns() {
    let matcher = Matcher::one_of("tenant", ["a.b", "c|d", "(e", "f\\"]).unwrap();
    let (expr, _) = parse("up").unwrap();
    let enforced = enforce(&expr, std::slice::from_ref(&matcher)).unwrap();
    assert_eq!(enforced.wire(), r#"up{tenant=~"\\(e|a\\.b|c\\|d|f\\\\"}"#);
    let (read, _) = parse(&enforced.wire()).unwrap();
    for (tenant, expected) in [
        ("a.b", true),
        ("axb", false),
        ("c", false),
        ("d", false),
        ("c|d", true),
        ("(e", true),
        ("", false),
    ] {
        let labels = [("__name__", "up"), ("tenant", tenant)];
        assert_eq!(labels.value("tenant"), Some(tenant));
        assert_eq!(read.selectors()[0].matches(&labels), expected, "{tenant}");
        assert_eq!(matcher.allows(tenant), expected, "{tenant}");
    }
}

#[test]
fn odd_characters_of_a_tenant_stay_in_its_value() {
    let (expr, _) = parse(r#"up or {a="b" or c="d"}"#).unwrap();
    for label in ["tenant", "te nant", "t}", "t\"=\"", "é", "__name__x"] {
        for value in
            ["a\r\nb", "\0", "\"} or secret{a=\"", "\\", "'`", "\u{202e}", "é", "a|b", "%00"]
        {
            let matchers = [
                Matcher::equal(label, value).unwrap(),
                Matcher::one_of(label, [value, "second"]).unwrap(),
            ];
            for matcher in matchers {
                let enforced = enforce(&expr, std::slice::from_ref(&matcher)).unwrap();
                let wire = enforced.wire();
                assert!(!wire.contains(char::is_control), "{wire:?}");
                let (read, _) = parse(&wire).unwrap();
                assert_eq!(read, enforced, "{wire}");
                for selector in read.selectors() {
                    let own = [("__name__", "up"), ("a", "b"), (label, value)];
                    assert!(selector.matches(&own), "{wire}");
                    for other in ["", "a", "b", "secret"] {
                        let other = [("__name__", "up"), ("a", "b"), (label, other)];
                        assert!(!selector.matches(&other), "{wire}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_matcher_must_force_something() {
    for (label, values) in [("", vec!["a"]), ("tenant", vec![]), ("tenant", vec!["a", ""])] {
        assert_eq!(Matcher::one_of(label, values), Err(Violation::EmptyMatcher));
    }
}

#[test]
fn matchers_hold_together_or_not_at_all() {
    let (expr, _) = parse("up").unwrap();
    let both = [matcher(), Matcher::equal("project", "p").unwrap()];
    assert_eq!(enforce(&expr, &both).unwrap().wire(), r#"up{tenant="me",project="p"}"#);
    let contrary = [matcher(), Matcher::equal("tenant", "other").unwrap()];
    assert_eq!(enforce(&expr, &contrary), Err(Violation::Matchers { label: "tenant".into() }));
    let overlapping = [Matcher::one_of("tenant", ["a", "me"]).unwrap(), matcher()];
    let wire = enforce(&expr, &overlapping).unwrap().wire();
    assert_eq!(wire, r#"up{tenant=~"a|me",tenant="me"}"#);
    let name = [Matcher::equal("__name__", "up").unwrap()];
    assert_eq!(enforce(&expr, &name).unwrap().wire(), "up");
    assert_eq!(enforce(&parse("{a=\"b\"}").unwrap().0, &name).unwrap().wire(), r#"up{a="b"}"#);
}

#[test]
fn a_label_may_be_enforced_by_a_regular_expression() {
    let team = Matcher::matching("namespace", "team-1-.*").unwrap();
    assert_eq!((team.pattern(), team.values()), (Some("team-1-.*"), &[][..]));
    let confine = |query: &str| {
        let (expr, _) = parse(query).unwrap();
        enforce(&expr, std::slice::from_ref(&team)).map(|expr| expr.wire())
    };
    for (query, expected) in [
        ("up", r#"up{namespace=~"team-1-.*"}"#),
        (r#"up{namespace="team-1-a"}"#, r#"up{namespace="team-1-a",namespace=~"team-1-.*"}"#),
        (r#"up{namespace!="x"}"#, r#"up{namespace!="x",namespace=~"team-1-.*"}"#),
        (r#"up{namespace=~"team-2-.*"}"#, r#"up{namespace=~"team-2-.*",namespace=~"team-1-.*"}"#),
    ] {
        let wire = confine(query).unwrap();
        assert_eq!(wire, expected);
        let (read, _) = parse(&wire).unwrap();
        for (namespace, mine) in [("team-2-a", false), ("", false), ("xteam-1-a", false)] {
            let labels = [("__name__", "up"), ("namespace", namespace)];
            assert_eq!(read.selectors()[0].matches(&labels), mine, "{wire} {namespace}");
        }
    }
    for query in [
        r#"up{namespace="team-2-a"}"#,
        r#"up{namespace=""}"#,
        r#"up{namespace="team-1-a",namespace!="team-1-a"}"#,
        r#"up{namespace="team-1-a" or namespace="team-2-a"}"#,
    ] {
        assert!(matches!(confine(query), Err(Violation::Contradiction { .. })), "{query}");
    }
    // Values and expressions of one label hold together.
    let (up, _) = parse("up").unwrap();
    let listed = |values: &[&str]| {
        let listed = Matcher::one_of("namespace", values.iter().copied()).unwrap();
        enforce(&up, &[team.clone(), listed]).map(|expr| expr.wire())
    };
    let both = r#"up{namespace=~"team-1-.*",namespace=~"team-1-a|x"}"#;
    assert_eq!(listed(&["team-1-a", "x"]).as_deref(), Ok(both));
    assert_eq!(listed(&["x"]), Err(Violation::Matchers { label: "namespace".into() }));
}

#[test]
fn a_matcher_that_forces_no_label_is_refused() {
    for pattern in [".*", "a|", "(a)?", ""] {
        assert_eq!(Matcher::matching("a", pattern), Err(Violation::EmptyMatcher), "{pattern}");
    }
    assert_eq!(Matcher::matching("", "a"), Err(Violation::EmptyMatcher));
    assert!(matches!(Matcher::matching("a", "(b"), Err(Violation::Pattern { .. })));
    let implicit = Err(Violation::Implicit { filter: "__graphite__".into() });
    assert_eq!(Matcher::equal("__graphite__", "a.b"), implicit);
    assert_eq!(Matcher::matching("__graphite__", "a.b"), implicit);
}
