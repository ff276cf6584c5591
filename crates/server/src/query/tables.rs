//! The tables that questions are asked of.

use crate::anonymity::Population;

/// What there is to read.
pub const TABLES: [&str; 13] = [
    "about",
    "by_week",
    "fields",
    "flows_by_week",
    "grids_by_week",
    "installs_by_week",
    "schemas",
    "unauthenticated_by_week",
    "unauthenticated_flows_by_week",
    "unauthenticated_grids_by_week",
    "unauthenticated_installs_by_week",
    "unauthenticated_values_by_week",
    "values_by_week",
];

/// The tables that do not depend on the population, with what their columns hold.
const COMMON: &str = "\
CREATE TABLE about (what TEXT, value TEXT);
CREATE TABLE schemas (schema TEXT, title TEXT, kind TEXT, unit TEXT, question TEXT, owner TEXT, kept TEXT, kept_in_sums TEXT);
CREATE TABLE fields (schema TEXT, field TEXT, why TEXT, example TEXT);
";

/// The tables of one population, whose names begin with `{}`.
const OF_A_POPULATION: &str = "\
CREATE TABLE {}by_week (schema TEXT, product TEXT, week TEXT, unit TEXT, number INTEGER, senders INTEGER);
CREATE VIEW {}installs_by_week AS SELECT schema, product, week, number AS installations
  FROM {}by_week WHERE unit = 'installations';
CREATE TABLE {}values_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, word TEXT, suppressed INTEGER, number INTEGER, senders INTEGER);
CREATE TABLE {}flows_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, before TEXT, after TEXT, suppressed INTEGER, number INTEGER, senders INTEGER);
CREATE TABLE {}grids_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, word TEXT, against TEXT, against_word TEXT, suppressed INTEGER, number INTEGER, senders INTEGER);
";

/// What the names of the tables of a population begin with. They are tables of their own, so that no sum over
/// one of them has both populations.
pub(super) fn prefix(population: Population) -> &'static str {
    match population {
        Population::Authenticated => "",
        Population::Unauthenticated => "unauthenticated_",
    }
}

/// The tables, with what their columns hold.
#[must_use]
pub fn definitions() -> String {
    let of = |population| OF_A_POPULATION.replace("{}", prefix(population));
    [COMMON.to_owned()].into_iter().chain(Population::ALL.map(of)).collect()
}
