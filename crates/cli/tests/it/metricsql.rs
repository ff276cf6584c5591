//! Queries, checked from the command line.

use insta::assert_snapshot;

use crate::support::{command, run, with_input};

fn check(arguments: &[&str]) -> String {
    let mut command = command("metricsql check");
    command.args(arguments);
    let (code, stdout, stderr) = run(command, b"");
    format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
}

#[test]
fn a_query_is_shown_as_it_is_read_and_as_it_is_sent() {
    let query = "WITH (x = up{a='b'}) sum(x) by (job)";
    assert_snapshot!(check(&[query, "--label", "tenant=a"]), @r#"
    exit 0
    --- stdout
    sum(up{a="b"}) by(job)
    sum(up{a="b",tenant="a"}) by(job)
    --- stderr
    "#);
}

#[test]
fn values_of_one_label_are_alternatives() {
    let arguments = ["-up", "--label", "t=a.b", "--label", "t=c", "--label", "u=d"];
    assert_snapshot!(check(&arguments), @r#"
    exit 0
    --- stdout
    0 - up
    0 - up{t=~"a\\.b|c",u="d"}
    --- stderr
    "#);
}

#[test]
fn warnings_do_not_stop_a_query() {
    assert_snapshot!(check(&["sum() + {a=“b”}"]), @r#"
    exit 0
    --- stdout
    sum() + {a="b"}
    --- stderr
    warning: typographic quotes at 1:12; write "b"
    warning: `sum` takes at least 1 argument, found 0
    "#);
}

#[test]
fn an_error_points_at_its_place() {
    assert_snapshot!(check(&["sum(rat(up))"]), @r"
    exit 2
    --- stdout
    --- stderr
    error: no function is called `rat` at 1:5; did you mean `rate`?
    sum(rat(up))
        ^^^
    ");
}

#[test]
fn a_filter_of_another_tenant_is_rejected() {
    assert_snapshot!(check(&["up{tenant=\"b\"}", "--label", "tenant=a"]), @r#"
    exit 2
    --- stdout
    up{tenant="b"}
    --- stderr
    error: the filter `tenant="b"` cannot hold together with the enforced `tenant="a"`
    "#);
}

#[test]
fn many_queries_are_read_from_standard_input() {
    let input = format!("1 + 2\n\nup +\n{}\nup\n", "x".repeat(100_000));
    let shown = with_input("metricsql check -", input.as_bytes());
    assert_snapshot!(shown.replace(&"x".repeat(20), "X"), @r"
    exit 2
    --- stdout
    3
    up
    --- stderr
    error: expected an expression, found the end of the query at 1:5
    up +
        ^
    error: the query exceeds the limit of 16384 bytes at 1:16385
    XXXx
                                                               ^^
    ");
}

#[test]
fn each_of_many_queries_has_its_warnings_and_its_enforced_form() {
    let input = "a or b{c=“d”}\nb{tenant='x'}\nrate()\n";
    let shown = with_input("metricsql check - --label tenant=t", input.as_bytes());
    assert_snapshot!(shown, @r#"
    exit 2
    --- stdout
    a or b{c="d"}
    a{tenant="t"} or b{c="d",tenant="t"}
    b{tenant="x"}
    rate()
    rate()
    --- stderr
    warning: typographic quotes at 1:10; write "d"
    error: the filter `tenant="x"` cannot hold together with the enforced `tenant="t"`
    warning: `rate` takes 1 argument, found 0
    "#);
}

#[test]
fn a_label_may_be_enforced_by_a_regular_expression() {
    assert_snapshot!(check(&["up", "--label", "namespace=~team-1-.*"]), @r#"
    exit 0
    --- stdout
    up
    up{namespace=~"team-1-.*"}
    --- stderr
    "#);
}

#[test]
fn a_query_is_written_for_the_store_it_is_sent_to() {
    let store = ["--store", "victoria-metrics:1.145"];
    assert_snapshot!(check(&["up @ scalar(x)", store[0], store[1]]), @r"
    exit 0
    --- stdout
    up @ scalar(x)
    up @ clamp(scalar(x), 0, 9e+09)
    --- stderr
    ");
    assert_snapshot!(check(&["limit_offset(1, -1, up)", store[0], store[1]]), @r"
    exit 2
    --- stdout
    limit_offset(1, -1, up)
    --- stderr
    error: VictoriaMetrics may end when it runs `limit_offset(1, -1, up)`: the limit and the offset must be numbers that are not negative
    ");
}

#[test]
fn a_line_that_is_not_text_does_not_end_the_others() {
    let shown = with_input("metricsql check -", b"a\n\xff\nb\n");
    assert_snapshot!(shown, @r"
    exit 2
    --- stdout
    a
    b
    --- stderr
    error: the line is not UTF-8
      hint: queries are text in UTF-8
    ");
}
