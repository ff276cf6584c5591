//! What an embedder builds, keeps and changes without a query.

use std::collections::HashSet;

use ktel_metricsql::{
    Aggregate, Binary, Call, Duration, Expr, Fill, Filter, FilterOperator, Grouping, Join, Matcher,
    Matching, Number, Operator, Place, Rollup, Selector, Store, Version, parse,
};
use proptest::prelude::*;

use crate::corpus;
use crate::generate::expression;

#[test]
fn every_node_can_be_made_without_a_query() {
    let codes = Filter::new("code", FilterOperator::Matches, "5..").unwrap();
    let name = Filter::equal("__name__", "requests");
    let mut rate = Rollup::new(Selector::new(vec![vec![name, codes]]));
    rate.window = Duration::parse("5m");
    rate.offset = Duration::parse("1h");
    rate.at = Some(Call::new("end", Vec::new()).into());
    let mut sum = Aggregate::new("SUM", vec![Call::new("rate", vec![rate.into()]).into()]);
    sum.grouping = Some(Grouping::by(["job"]));
    sum.limit = Some(3);
    let mut all = Aggregate::new("count", vec![Selector::metric("requests").into()]);
    all.grouping = Some(Grouping::without(["pod"]));
    let mut share = Binary::new(sum, Operator::Divide, all);
    share.matching = Some(Matching::on(["job"]));
    let mut join = Join::left(["team"]);
    join.prefix = Some("p_".into());
    share.join = Some(join);
    share.fill = Some(Fill::Right(Number::new(0.0)));
    let limited = Binary::new(share, Operator::Less, 0.5);
    let query = r#"sum(rate(requests{code=~"5.."}[5m] offset 1h @ end())) by (job) limit 3
        / on (job) group_left (team) prefix "p_" fill_right(0) count(requests) without (pod) < 0.5"#;
    assert_eq!(Expr::from(limited), query.parse().unwrap());
    let five = Duration::parse("5m").unwrap();
    let mut joined = Binary::new(Selector::metric("a"), Operator::Add, five);
    joined.matching = Some(Matching::ignoring(["x"]));
    joined.join = Some(Join::right(["y"]));
    assert_eq!(Expr::from(joined), "a + ignoring(x) group_right(y) 5m".parse().unwrap());
    let set = Call::new("label_set", vec![Selector::metric("a").into(), "x".into(), "y".into()]);
    assert_eq!(Expr::from(set), r#"label_set(a, "x", "y")"#.parse().unwrap());
}

#[test]
fn text_is_read_as_the_type_it_names() {
    assert_eq!("1 + 2".parse::<Expr>().unwrap().wire(), "3");
    assert!("1 +".parse::<Expr>().is_err());
    assert_eq!("up{a='b'}".parse::<Selector>().unwrap().wire(), r#"up{a="b"}"#);
    let error = "up + 1".parse::<Selector>().unwrap_err();
    assert_eq!(
        error.render("up + 1"),
        "expected a selector, found something else at 1:1\nup + 1\n^^^^^^"
    );
    assert_eq!("1h30m".parse::<Duration>().unwrap().millis(0), 5_400_000);
    assert!("1q".parse::<Duration>().is_err());
}

#[test]
#[expect(
    clippy::mutable_key_type,
    reason = "a compiled pattern has caches, which are not compared"
)]
fn equal_expressions_are_one_key() {
    let queries = ["up{a='b'} + 1e3", "up{a=\"b\"} + 1000", "NaN", "nan", "up{a=~'b'}"];
    let keys: HashSet<Expr> = queries.iter().map(|query| query.parse().unwrap()).collect();
    assert_eq!(keys.len(), 3);
}

#[test]
fn a_part_can_be_replaced_wherever_it_stands() {
    let (mut expr, _) = parse("sum(rate(a[5m])) + b @ c - topk(3, d) or 1").unwrap();
    expr.visit_mut(&mut |part| {
        if let Expr::Selector(selector) = part {
            let name = selector.metric_name().unwrap_or_default().to_uppercase();
            *part = Call::new("abs", vec![Selector::metric(name).into()]).into();
        }
    });
    assert_eq!(expr.wire(), "sum(rate(abs(A)[5m])) + (abs(B) @ abs(C)) - topk(3, abs(D)) or 1");
}

#[test]
fn values_survive_serde_as_text() {
    let expr: Expr = r#"sum(up{a="b" or c="d"}) by (x) > 1"#.parse().unwrap();
    let json = serde_json::to_string(&expr).unwrap();
    assert_eq!(json, r#""sum({__name__=\"up\",a=\"b\" or __name__=\"up\",c=\"d\"}) by(x) > 1""#);
    assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), expr);
    assert!(serde_json::from_str::<Expr>(r#""sum(""#).is_err());
    let store = Store::VictoriaMetrics(Version::new(1, 145));
    let json = serde_json::to_string(&store).unwrap();
    assert_eq!(json, r#""victoria-metrics:1.145""#);
    assert_eq!(serde_json::from_str::<Store>(&json).unwrap(), store);
    for (matcher, expected) in [
        (Matcher::one_of("a", ["b", "c"]).unwrap(), r#"{"label":"a","values":["b","c"]}"#),
        (Matcher::matching("a", "b.*").unwrap(), r#"{"label":"a","pattern":"b.*"}"#),
    ] {
        assert_eq!(serde_json::to_string(&matcher).unwrap(), expected);
        assert_eq!(serde_json::from_str::<Matcher>(expected).unwrap(), matcher);
    }
    for invalid in [
        r#"{"label":"a"}"#,
        r#"{"label":"a","values":[""]}"#,
        r#"{"label":"a","pattern":".*"}"#,
        r#"{"label":"a","values":["b"],"pattern":"b"}"#,
    ] {
        assert!(serde_json::from_str::<Matcher>(invalid).is_err(), "{invalid}");
    }
}

#[test]
fn a_long_query_is_broken_where_people_break_it() {
    let query = "histogram_quantile(0.99, sum(rate(http_request_duration_seconds_bucket{job='api',\
        code=~'5..',namespace='production',cluster='eu-central-1'}[5m])) by (le, job)) \
        / on (job) (a + b) > 1";
    let (expr, _) = parse(query).unwrap();
    let expected = r#"
histogram_quantile(
  0.99,
  sum(
    rate(
      http_request_duration_seconds_bucket{
        job="api",
        code=~"5..",
        namespace="production",
        cluster="eu-central-1"
      }[5m]
    )
  ) by(le,job)
)
/ on(job) (a + b)
> 1"#;
    assert_eq!(expr.pretty(), expected.trim_start());
    let (expr, _) = parse("up{a='b'} + 1").unwrap();
    assert_eq!(expr.pretty(), expr.wire());
}

#[test]
fn every_query_of_the_corpus_is_pretty_printed_as_the_same_expression() {
    for case in corpus::valid() {
        let (expr, _) = parse(&case.query).unwrap();
        let again: Expr = expr.pretty().parse().unwrap();
        assert_eq!(again.wire(), expr.wire(), "{}", case.query);
    }
}

#[test]
fn every_node_says_where_it_stands_in_the_query() {
    let query = "WITH (t = c{x='y'}[5m]) sum(rate(a{b='c'}[5m] offset 1h)) by (d) + on (e) t";
    let (expr, _) = parse(query).unwrap();
    let mut places = Vec::new();
    expr.visit(&mut |part| {
        places
            .push(part.place().span().and_then(|span| query.get(span.range())).unwrap_or_default());
    });
    let expected = [
        "+",
        "sum(rate(a{b='c'}[5m] offset 1h)) by (d)",
        "rate(a{b='c'}[5m] offset 1h)",
        "a{b='c'}[5m] offset 1h",
        "a{b='c'}",
        "c{x='y'}[5m]",
        "c{x='y'}",
    ];
    assert_eq!(places, expected);
    // So do numbers, strings and durations. What was computed covers what it was computed of.
    let query = "WITH (w = 7m) union(12, 'a' + \"b\", 5m, -3, 1 + 2 * 4, inf, up[w:1m] offset -2h)";
    let (expr, _) = parse(query).unwrap();
    let Expr::Call(call) = &expr else { panic!("{expr}") };
    let text = |place: Place| query.get(place.span().unwrap().range()).unwrap();
    let places: Vec<&str> = call.args.iter().map(|arg| text(arg.place())).collect();
    let rollup = "up[w:1m] offset -2h";
    assert_eq!(places, ["12", "'a' + \"b\"", "5m", "-3", "1 + 2 * 4", "inf", rollup]);
    let Some(Expr::Rollup(rollup)) = call.args.last() else { panic!("{expr}") };
    let lengths = [&rollup.window, &rollup.step, &rollup.offset].map(|length| length.as_ref());
    let lengths = lengths.map(|length| text(length.unwrap().place()));
    assert_eq!(lengths, ["7m", "1m", "2h"]);
    // The built-in templates are not in the query.
    let (built_in, _) = parse("range_median(a)").unwrap();
    let Expr::Call(call) = &built_in else { panic!("{built_in}") };
    assert_eq!(call.place.span(), None);
    assert_eq!(built_in.selectors()[0].place().span().map(|span| span.range()), Some(13..14));
    // Where it stands makes no difference.
    assert_eq!(parse("  up").unwrap().0, parse("up").unwrap().0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_pretty_printed_is_the_same_expression(query in expression()) {
        let Ok((expr, _)) = parse(&query) else { return Ok(()) };
        let pretty = expr.pretty();
        let again: Expr = pretty.parse().unwrap();
        prop_assert_eq!(again.wire(), expr.wire(), "{}", pretty);
    }
}
