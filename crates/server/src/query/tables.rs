//! The tables that questions are asked of.

/// What there is to read.
pub const TABLES: [&str; 8] = [
    "about",
    "by_week",
    "fields",
    "flows_by_week",
    "grids_by_week",
    "installs_by_week",
    "schemas",
    "values_by_week",
];

/// The tables, with what their columns hold.
pub const DEFINITIONS: &str = "\
CREATE TABLE about (what TEXT, value TEXT);
CREATE TABLE schemas (schema TEXT, title TEXT, kind TEXT, unit TEXT, question TEXT, owner TEXT, kept TEXT, kept_in_sums TEXT);
CREATE TABLE fields (schema TEXT, field TEXT, why TEXT, example TEXT);
CREATE TABLE by_week (schema TEXT, product TEXT, week TEXT, unit TEXT, number INTEGER, senders INTEGER);
CREATE VIEW installs_by_week AS SELECT schema, product, week, number AS installations
  FROM by_week WHERE unit = 'installations';
CREATE TABLE values_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, word TEXT, suppressed INTEGER, number INTEGER, senders INTEGER);
CREATE TABLE flows_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, before TEXT, after TEXT, suppressed INTEGER, number INTEGER, senders INTEGER);
CREATE TABLE grids_by_week (schema TEXT, product TEXT, week TEXT, field TEXT, word TEXT, against TEXT, against_word TEXT, suppressed INTEGER, number INTEGER, senders INTEGER);";
