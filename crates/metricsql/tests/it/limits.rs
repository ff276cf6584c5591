//! Limits: whatever a query asks for, the answer comes soon and the stack holds.

use std::fmt::Write;
use std::time::{Duration, Instant};

use ktel_metricsql::{ErrorKind, Limits, Matcher, enforce, parse, parse_with, simplify};

/// What any query within the default limits may take, on a slow machine and unoptimised.
const SOON: Duration = Duration::from_secs(2);

#[track_caller]
fn exceeds(query: &str, limits: &Limits, expected: &str) {
    let start = Instant::now();
    let error = parse_with(query, limits).expect_err("the query is within the limits");
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    match error.kind {
        ErrorKind::Limit { what, .. } => assert_eq!(what, expected),
        other => panic!("{other}"),
    }
}

/// As [`Limits::default`], but for queries of any length.
fn long() -> Limits {
    let mut limits = Limits::default();
    limits.bytes = usize::MAX;
    limits
}

#[test]
fn a_long_query_is_rejected_before_it_is_read() {
    exceeds(&"x".repeat(10 << 20), &Limits::default(), "bytes");
}

#[test]
fn nesting_is_rejected_wherever_it_nests() {
    let deep = 100_000;
    for (open, close) in [
        ("(", ")"),
        ("-", ""),
        ("+", ""),
        ("sum(", ")"),
        ("rate(", ")"),
        ("a @ (", ")"),
        ("a+(", ")"),
        ("a^", ""),
        ("a^-", ""),
        ("WITH (x=1) ", ""),
        ("WITH (x=", ") x"),
        ("a offset 5m @ (", ")"),
    ] {
        let query = format!("{}a{}", open.repeat(deep), close.repeat(deep));
        let mut limits = long();
        limits.height = u32::MAX;
        exceeds(&query, &limits, "levels of nesting");
    }
}

#[test]
fn what_nests_less_is_read_printed_compared_and_enforced() {
    for (open, close) in
        [("(", ")"), ("-", ""), ("sum(", ")"), ("a+(", ")"), ("a^", ""), ("a @ (b+", ")")]
    {
        for deep in (1..99).rev() {
            let query = format!("{}a{}", open.repeat(deep), close.repeat(deep));
            let Ok((expr, _)) = parse(&query) else { continue };
            let enforced = enforce(&expr, &[Matcher::equal("tenant", "me").unwrap()]).unwrap();
            assert_eq!(parse(&enforced.wire()).unwrap().0, enforced);
            assert!(deep > 30, "{open} {deep}");
            break;
        }
    }
}

#[test]
fn a_chain_of_operators_may_be_long_but_not_endless() {
    let chain = |count: usize| format!("a{}", " or a".repeat(count));
    exceeds(&chain(100_000), &long(), "operators in a row");
    // Threads of servers have 2 MiB of stack, and have used some of it.
    let everything = move || {
        let (expr, _) = parse(&chain(990)).unwrap();
        let enforced = enforce(&expr, &[Matcher::equal("tenant", "me").unwrap()]).unwrap();
        assert_eq!(parse_with(&enforced.wire(), &long()).unwrap().0, enforced);
        assert_eq!(enforced.selectors().len(), 991);
        assert!(simplify(enforced.clone()).to_string().starts_with("(((("));
        assert!(!format!("{enforced:?}").is_empty());
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(everything).unwrap().join().unwrap();
}

#[test]
fn templates_that_expand_exponentially_are_rejected() {
    let templates = |first: &str, next: &str, count: usize| {
        let mut query = format!("WITH ({first}");
        for index in 1..count {
            let previous = index - 1;
            write!(
                query,
                ", {}",
                next.replace("NEW", &format!("x{index}")).replace("OLD", &format!("x{previous}"))
            )
            .unwrap();
        }
        write!(query, ") x{}", count - 1).unwrap();
        query
    };
    for (first, next, end) in [
        ("x0 = a", "NEW = OLD + OLD", ""),
        ("x0 = a", "NEW = (OLD, OLD)", ""),
        ("x0(q) = q", "NEW(q) = OLD(OLD(q))", "(a)"),
        ("x0(q) = q", "NEW(q) = OLD((q, q))", "(a)"),
        ("x0 = {a=\"b\"}", "NEW = {OLD,OLD,x\\NEW=\"y\"}", ""),
        ("x0 = \"aaaaaaaa\"", "NEW = OLD + OLD", ""),
        ("x0 = \"aaaaaaaa\"", "NEW = \"\" + OLD + OLD", ""),
        ("x0 = {a=\"b\" or c=\"d\"}", "NEW = OLD{e=\"f\"} or OLD", ""),
    ] {
        let query = templates(first, next, 60) + end;
        let start = Instant::now();
        let result = parse(&query);
        assert!(start.elapsed() < SOON, "{next}: {:?}", start.elapsed());
        // Filters given twice are dropped, so that these never grow.
        if !next.starts_with("NEW = {") {
            assert!(result.is_err(), "{next}");
        }
    }
}

#[test]
fn many_templates_are_found_quickly() {
    let mut query = String::from("WITH (");
    for index in 0..1_000 {
        write!(query, "t{index}=a,").unwrap();
    }
    query += ") ";
    query += &vec!["zzz"; 900].join("+");
    let start = Instant::now();
    parse(&query).unwrap();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

#[test]
fn patterns_share_one_limit() {
    let one = r#"a=~"(x.){100}y\\pL""#;
    let many = vec![one; 300].join(",").replace("a=~", "A=~");
    let different: Vec<String> =
        (0..200).map(|index| format!(r#"a{index}=~".{{900}}\\pL{{3}}""#)).collect();
    for filters in [many, different.join(",")] {
        let start = Instant::now();
        let error = parse(&format!("{{{filters}}}")).unwrap_err();
        assert!(start.elapsed() < 2 * SOON, "{:?}", start.elapsed());
        assert!(error.to_string().contains("too large"), "{error}");
    }
}

#[test]
fn every_limit_can_be_set() {
    let mut limits = Limits::default();
    limits.depth = 2;
    limits.height = 3;
    limits.expansion = 5;
    limits.bytes = 40;
    limits.pattern_states = 10;
    assert!(parse_with("a + b", &limits).is_ok());
    exceeds("((a))", &limits, "levels of nesting");
    exceeds("a + b + c + d", &limits, "operators in a row");
    exceeds("WITH (x = a + b + c) x", &limits, "units of WITH expansion");
    exceeds("a + b                                     ", &limits, "bytes");
    assert!(parse_with(r#"{a=~"a.....b"}"#, &limits).is_err());
}

#[test]
fn templates_within_each_other_are_copied_once() {
    let nested = |levels: usize| {
        let wrap = |query, level| format!("WITH (a{level} = {query}) sum(a{level}) by (job)");
        (0..levels).fold("up".to_owned(), wrap)
    };
    let mut limits = Limits::default();
    // Each level copies its own words. With what is defined within it, 40 levels would take 16 000.
    limits.expansion = 40 * 30;
    parse_with(&nested(40), &limits).unwrap();
    limits.expansion = 40 * 5;
    exceeds(&nested(40), &limits, "units of WITH expansion");
}
