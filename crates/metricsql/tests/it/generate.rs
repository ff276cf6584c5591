//! Makes random queries: most parse, and all have the parts that enforcement must not miss.

use proptest::prelude::*;
use proptest::sample::select;

pub(crate) const TENANTS: [&str; 4] = ["a", "b", "a.b", ""];

const METRICS: [&str; 6] = ["up", "down", "sum", "on", "温度", "x.y"];
const LABELS: [&str; 5] = ["tenant", "job", "\"tenant\"", "t\\enant", "\\x74enant"];
const VALUES: [&str; 12] =
    ["a", "b", "a.b", "", "a|b", ".*", ".+", "a.*", "[ab]", "(a|b)?", "^a$", "A"];

fn filter() -> impl Strategy<Value = String> {
    (select(&LABELS[..]), select(&["=", "!=", "=~", "!~"][..]), select(&VALUES[..]))
        .prop_map(|(label, operator, value)| format!("{label}{operator}\"{value}\""))
}

/// Makes a selector, often with filters on the label of the tenant.
pub(crate) fn selector() -> impl Strategy<Value = String> {
    let group = prop::collection::vec(filter(), 1..3).prop_map(|filters| filters.join(","));
    let groups = prop::collection::vec(group, 0..4);
    (prop::option::of(select(&METRICS[..])), groups, any::<bool>()).prop_map(
        |(metric, groups, quoted)| {
            let groups = groups.join(" or ");
            match metric {
                Some(metric) if quoted && !groups.is_empty() => {
                    format!("{{\"{metric}\",{groups}}}")
                }
                Some(metric) if groups.is_empty() => metric.to_owned(),
                metric => format!("{}{{{groups}}}", metric.unwrap_or_default()),
            }
        },
    )
}

/// Makes an expression of everything the language has.
pub(crate) fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => selector(),
        1 => select(&["1", "5m", "-2", "1Ki", "\"s\"", "NaN", "inf", "end()"][..])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator = select(
            &[
                "+",
                "-",
                "*",
                "/",
                "%",
                "^",
                "==",
                "!= bool",
                "and",
                "or",
                "unless",
                "default",
                "if",
                "ifnot",
                "atan2",
                "+ on(job)",
                "* on() group_left(*) prefix \"tenant\"",
                "- ignoring(x) group_right",
                "/ fill(0)",
                "+ on(job) fill_left(1) fill_right(-Inf)",
            ][..],
        );
        let unary = select(
            &[
                "rate(¤)",
                "sum(¤) by (tenant)",
                "topk(3, ¤)",
                "count_values(\"tenant\", ¤)",
                "label_set(¤, \"tenant\", \"b\")",
                "alias(¤, \"x\")",
                "(¤)",
                "-(¤)",
                "-¤",
                "¤[5m]",
                "(¤)[5m:1m]",
                "¤ offset 5m",
                "¤ @ end()",
                "¤[$__interval]",
                "WITH (x = ¤) x + x",
                "WITH (f(q) = q or up) f(¤)",
                "abs(¤) keep_metric_names",
                "WITH (t = {tenant=\"b\"}) up{t} + ¤",
                "sum(¤) limit 3",
                "absent(¤) # }",
            ][..],
        );
        let binary =
            select(&["(¤, §)", "¤ @ (§)", "topk(scalar(¤), §)", "union(¤, §)", "ru(¤, §)"][..]);
        prop_oneof![
            (unary, inner.clone()).prop_map(|(form, arg)| form.replace('¤', &arg)),
            (binary, inner.clone(), inner.clone()).prop_map(|(form, first, second)| {
                form.replace('§', &second).replace('¤', &first)
            }),
            (inner.clone(), operator, inner, any::<bool>()).prop_map(
                |(left, operator, right, keep)| {
                    let keep = if keep { " keep_metric_names" } else { "" };
                    format!("{left} {operator} {right}{keep}")
                }
            ),
        ]
    })
}
