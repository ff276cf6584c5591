//! The SQL of published tables, for both databases.

use super::counts::Asked;
use super::sql::Dialect;
use crate::anonymity::Step;
use crate::limits::{COUNTS_MAX, VERSIONS_MAX};

/// The condition of one table, whose key begins at a parameter.
const KEY: [&str; 4] = ["product", "_week", "schema", "authenticated"];

/// The column that tells what is shown from what is held back.
pub(super) fn is_shown(step: Step) -> i16 {
    match step {
        Step::Advance => 0,
        Step::Complete => 1,
    }
}

impl Dialect {
    fn of_table(self) -> String {
        let columns = (1..).zip(KEY).map(|(at, name)| format!("{name} = {}", self.parameter(at)));
        columns.collect::<Vec<_>>().join(" AND ")
    }

    /// The groups of tokens with senders, one bit each, where each group has one row.
    fn token_groups(senders: &str) -> String {
        format!(
            "CAST(sum(CASE WHEN {senders} > 0 THEN CAST(1 AS bigint) << token_group ELSE 0 END) AS bigint)"
        )
    }

    /// The tables since a week, each with the senders since its last step, their tokens, and whether a state of it
    /// is held back.
    pub(super) fn candidates(self) -> String {
        let from = self.parameter(1);
        let same = |one: &str, other: &str| {
            let same = KEY.map(|name| format!("{one}.{name} = {other}.{name}"));
            same.join(" AND ")
        };
        let (steps, published) = (same("c", "s"), same("t", "p"));
        let tokens = Self::token_groups("new");
        format!(
            "SELECT product, _week, schema, authenticated, CAST(sum(new) AS bigint), \
             {tokens}, CASE WHEN EXISTS (SELECT 1 FROM ktel_published AS p \
             WHERE {published} AND p.is_shown = 0) THEN 1 ELSE 0 END FROM \
             (SELECT c.product, c._week, c.schema, c.authenticated, c.token_group, \
             sum(c.senders) - COALESCE(max(s.senders), 0) AS new FROM ktel_counts AS c \
             LEFT JOIN ktel_steps AS s ON {steps} AND c.token_group = s.token_group \
             WHERE c.field = '' AND c._week >= {from} \
             GROUP BY c.product, c._week, c.schema, c.authenticated, c.token_group) AS t \
             GROUP BY product, _week, schema, authenticated"
        )
    }

    /// What was reported for one table, and with which tokens.
    pub(super) fn reported(self) -> String {
        let (table, tokens) = (self.of_table(), Self::token_groups("senders"));
        format!(
            "SELECT field, word, CAST(sum(number) AS bigint), CAST(sum(senders) AS bigint), \
             {tokens} FROM (SELECT field, word, token_group, sum(number) AS number, \
             sum(senders) AS senders FROM ktel_counts WHERE {table} \
             GROUP BY field, word, token_group) AS t \
             GROUP BY field, word HAVING sum(senders) > 0 LIMIT {COUNTS_MAX}"
        )
    }

    /// What makes room for the next state of a table.
    pub(super) fn make_room(self, step: Step) -> Vec<String> {
        let table = self.of_table();
        match step {
            Step::Advance => vec![
                format!("DELETE FROM ktel_published WHERE {table} AND is_shown = 1"),
                format!("UPDATE ktel_published SET is_shown = 1 WHERE {table}"),
            ],
            Step::Complete => vec![format!("DELETE FROM ktel_published WHERE {table}")],
        }
    }

    /// What remembers the senders of a table at a step. It runs after the table was read, so that nobody who
    /// came between counts as new a second time.
    pub(super) fn remember_step(self) -> [String; 2] {
        let table = self.of_table();
        [
            format!("DELETE FROM ktel_steps WHERE {table}"),
            format!(
                "INSERT INTO ktel_steps (product, _week, schema, authenticated, token_group, senders) \
                 SELECT product, _week, schema, authenticated, token_group, \
                 CAST(sum(senders) AS bigint) FROM ktel_counts WHERE {table} AND field = '' \
                 GROUP BY product, _week, schema, authenticated, token_group"
            ),
        ]
    }

    /// The published cells between two weeks, optionally of one product, as sums over products.
    pub(super) fn published(self, asked: &Asked) -> String {
        let [from, to, authenticated, product] = [1, 2, 3, 4].map(|at| self.parameter(at));
        let product = asked.product.as_ref().map(|_| format!("AND product = {product} "));
        format!(
            "SELECT _week, schema, field, word, CAST(sum(number) AS bigint), \
             CAST(sum(senders) AS bigint), is_other FROM ktel_published WHERE is_shown = 1 \
             AND _week BETWEEN {from} AND {to} AND authenticated = {authenticated} {}\
             GROUP BY _week, schema, field, word, is_other LIMIT {COUNTS_MAX}",
            product.unwrap_or_default()
        )
    }

    /// The published cells between two weeks by product, the newest first.
    pub(super) fn published_by_product(self) -> String {
        let [from, to, authenticated] = [1, 2, 3].map(|at| self.parameter(at));
        format!(
            "SELECT _week, schema, field, word, number, senders, is_other, product \
             FROM ktel_published WHERE is_shown = 1 AND _week BETWEEN {from} AND {to} \
             AND authenticated = {authenticated} ORDER BY _week DESC LIMIT {COUNTS_MAX}"
        )
    }

    /// The products with published cells.
    pub(super) fn published_products(self) -> String {
        let authenticated = self.parameter(1);
        format!(
            "SELECT DISTINCT product FROM ktel_published WHERE is_shown = 1 \
             AND authenticated = {authenticated} ORDER BY product LIMIT {VERSIONS_MAX}"
        )
    }
}
