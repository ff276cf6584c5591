//! What a question gives, and what it can never do.

use jiff::civil::date;

use super::groups::{Sight, image};
use super::{Answer, Error, Image};
use crate::anonymity::Population;
use crate::catalog::Catalog;
use crate::limits::{QUERY_ROWS_MAX, QUERY_WITHIN};
use crate::store::counts::Count;
use crate::tally::FieldWord;

const STATE: &str = "ktel/cluster-state";

fn count(week: i8, field: &str, word: &str, number: i64) -> Count {
    let value = FieldWord { field: field.into(), word: word.into() };
    let week = date(2026, 11, week);
    let is_other = word == "other";
    Count { week, schema: STATE.into(), value, is_other, number, senders: number }
}

/// What was published of one product, and of lines of another.
pub(super) fn groups() -> Image {
    let of = |product: &str, count| (product.to_owned(), count);
    let counts = vec![
        of("acme", count(9, "", "", 40)),
        of("acme", count(9, "pods", "6-20", 30)),
        of("acme", count(9, "nodes", "2-5", 20)),
        of("acme", count(9, "nodes", "other", 10)),
        of("acme", count(9, "gone", "word", 10)),
    ];
    let lines = vec![of("lines", count(9, "", "", 990))];
    let all = vec![(Population::Authenticated, counts), (Population::Unauthenticated, lines)];
    image(&Catalog::built_in(), all, Sight::Published(Some(10)), date(2026, 11, 2)).unwrap()
}

#[track_caller]
fn check(sql: &str, expected: &str) {
    let Answer { rows, .. } = groups().ask(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(serde_json::to_string(&rows).unwrap(), expected, "{sql}");
}

#[test]
fn a_question_sees_what_was_published_and_populations_apart() {
    check("SELECT product, week, number FROM by_week", r#"[["acme","2026-11-09",40]]"#);
    check("SELECT product, number FROM unauthenticated_by_week", r#"[["lines",990]]"#);
    check(
        "SELECT field, word, suppressed, number FROM values_by_week ORDER BY field, number DESC",
        r#"[["nodes","2-5",0,20],["nodes","other",1,10],["pods","6-20",0,30]]"#,
    );
    check("SELECT value FROM about WHERE what = 'min_group_size'", r#"[["10"]]"#);
    check("SELECT sum(installations) FROM installs_by_week", "[[null]]");
    check("SELECT sum(installations) FROM unauthenticated_installs_by_week", "[[null]]");
    check(
        "WITH f AS (SELECT * FROM fields) SELECT upper(field) FROM f JOIN schemas USING (schema) \
         WHERE schema LIKE '%state' AND field = 'pods'",
        r#"[["PODS"]]"#,
    );
}

#[test]
fn a_question_reads_and_does_nothing_else() {
    let groups = groups();
    for sql in [
        "ATTACH '/etc/passwd' AS other",
        "PRAGMA table_info(by_week)",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM sqlite_schema",
        "SELECT * FROM dbstat",
        "SELECT load_extension('evil')",
        "SELECT hex(randomblob(1000))",
        "SELECT printf('%1000d', 1)",
        "SELECT * FROM json_each('[1]')",
        "SELECT fts5(0)",
        "INSERT INTO about VALUES ('a', 'b')",
        "DELETE FROM about",
        "UPDATE about SET value = 1",
        "DROP TABLE about",
        "CREATE TEMP TABLE mine (a)",
        "CREATE VIRTUAL TABLE mine USING fts5(a)",
        "VACUUM INTO '/tmp/out'",
        "BEGIN",
        "SAVEPOINT one",
        "REINDEX",
        "ANALYZE",
        "SELECT 1; DELETE FROM about",
        "SELECT 1; SELECT 2",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        "EXPLAIN DELETE FROM about",
    ] {
        let rejected = groups.ask(sql);
        assert!(
            matches!(rejected, Err(Error::Forbidden | Error::InvalidSql { .. })),
            "{sql}: {rejected:?}"
        );
    }
    // Nothing of this was done, not even to the copy.
    assert_eq!(groups.ask("SELECT count(*) FROM about").unwrap().rows, [[2]]);
}

#[test]
fn a_question_that_is_none_is_told_why() {
    for (sql, part) in [
        ("SELEC 1", "syntax error"),
        ("SELECT x FROM by_week", "no such column"),
        ("SELECT * FROM ktel_records", "no such table"),
        ("", "query is empty"),
        ("-- nothing", "query is empty"),
        ("SELECT 1 AS a, 2 AS a", "called `a`"),
        ("SELECT ?1", ""),
        ("SELECT 'a\0b", ""),
    ] {
        let error = groups().ask(sql).unwrap_err().to_string();
        assert!(error.contains(part), "{sql}: {error}");
    }
    let long = format!("SELECT '{}'", "x".repeat(9000));
    assert!(groups().ask(&long).unwrap_err().to_string().contains("bytes"));
}

#[test]
fn a_question_has_an_end_in_time_memory_and_size() {
    let groups = groups();
    let every = "fields AS a, fields AS b, fields AS c, fields AS d, fields AS e";
    for sql in [
        format!("SELECT count(*) FROM {every}"),
        format!("SELECT a.why || b.why || c.why AS w FROM {every} ORDER BY w"),
    ] {
        let began = std::time::Instant::now();
        assert_eq!(groups.ask(&sql), Err(Error::TooExpensive), "{sql}");
        assert!(began.elapsed() < 5 * QUERY_WITHIN, "{:?}", began.elapsed());
    }
    let doubled =
        (0..14).fold("'xxxxxxxx'".to_owned(), |it, _| format!("replace({it}, 'x', 'xx')"));
    assert_eq!(groups.ask(&format!("SELECT {doubled}")), Err(Error::TooExpensive));
    let many = groups.ask(&format!("SELECT a.field AS x FROM {every}"));
    assert!(matches!(many, Err(Error::TooLarge { rows: QUERY_ROWS_MAX, .. })), "{many:?}");
    let wide =
        format!("SELECT a.why || {} AS x FROM {every} LIMIT 9000", "a.why || ".repeat(20) + "''");
    assert!(matches!(groups.ask(&wide), Err(Error::TooLarge { .. })));
}
