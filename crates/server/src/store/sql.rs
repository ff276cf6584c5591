//! The SQL of both databases.

use crate::layout::{Column, ColumnKind, Table};
use crate::limits::{COUNTS_KEEP_DAYS, EXPIRE_ROWS_MAX, ROWS_MAX};

use super::view::View;

/// A database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// The table of records.
pub(super) const RECORDS: &str = "ktel_records";
/// The table of the words of lists and maps.
pub(super) const ITEMS: &str = "ktel_items";

/// The columns that every schema's table has before its own.
const OWN: [(&str, &str); 4] =
    [("_day", "integer"), ("_sequence", "bigint"), ("_position", "integer"), ("_product", "text")];

impl Dialect {
    /// Gives the type of a column, as the database itself writes it.
    pub(super) fn type_name(self, kind: ColumnKind) -> &'static str {
        match (self, kind) {
            (Self::Sqlite, ColumnKind::Boolean | ColumnKind::Integer) => "INTEGER",
            (Self::Sqlite, ColumnKind::Real) => "REAL",
            (Self::Sqlite, ColumnKind::Text) => "TEXT",
            // 0 and 1, so that the same SQL reads both databases.
            (Self::Postgres, ColumnKind::Boolean) => "smallint",
            (Self::Postgres, ColumnKind::Integer) => "bigint",
            (Self::Postgres, ColumnKind::Real) => "double precision",
            (Self::Postgres, ColumnKind::Text) => "text",
        }
    }

    /// Gives what makes the tables that do not depend on schemas.
    pub(super) fn fixed(self) -> &'static str {
        match self {
            Self::Sqlite => include_str!("sql/sqlite.sql"),
            Self::Postgres => include_str!("sql/postgres.sql"),
        }
    }

    /// Gives what makes a schema's table, if it is not there.
    pub(super) fn create(self, table: &Table) -> String {
        let columns: String =
            table.columns.iter().map(|it| format!(", {}", self.column(it))).collect();
        let name = &table.name;
        match self {
            Self::Sqlite => format!(
                "CREATE TABLE IF NOT EXISTS {name} (_day INTEGER NOT NULL, \
                 _sequence INTEGER NOT NULL, _position INTEGER NOT NULL, _product TEXT{columns}, \
                 PRIMARY KEY (_day, _sequence, _position)) STRICT, WITHOUT ROWID"
            ),
            Self::Postgres => format!(
                "CREATE TABLE IF NOT EXISTS {name} (_day integer NOT NULL, \
                 _sequence bigint NOT NULL, _position integer NOT NULL, _product text{columns}, \
                 PRIMARY KEY (_day, _sequence, _position)) PARTITION BY RANGE (_day)"
            ),
        }
    }

    /// Gives what adds a column that a newer schema has.
    pub(super) fn add(self, table: &Table, column: &Column) -> String {
        format!("ALTER TABLE {} ADD COLUMN {}", table.name, self.column(column))
    }

    fn column(self, column: &Column) -> String {
        format!("\"{}\" {}", column.name, self.type_name(column.kind))
    }

    /// Gives what inserts a row into a schema's table; where rows are sent as one array for each
    /// column, many.
    pub(super) fn insert(self, table: &Table) -> String {
        let own = OWN.iter().map(|(name, word)| ((*name).to_owned(), *word));
        let all =
            table.columns.iter().map(|it| (format!("\"{}\"", it.name), self.type_name(it.kind)));
        let (names, words): (Vec<String>, Vec<&str>) = own.chain(all).unzip();
        let (name, names) = (&table.name, names.join(", "));
        let numbered = (1..).zip(&words);
        match self {
            Self::Sqlite => {
                let places: Vec<String> =
                    numbered.map(|(number, _)| format!("?{number}")).collect();
                format!("INSERT INTO {name} ({names}) VALUES ({})", places.join(", "))
            }
            Self::Postgres => {
                let places: Vec<String> =
                    numbered.map(|(number, word)| format!("${number}::{word}[]")).collect();
                format!("INSERT INTO {name} ({names}) SELECT * FROM unnest({})", places.join(", "))
            }
        }
    }

    /// Gives what deletes some rows of a table that are older than the day ?1, and says which.
    pub(super) fn expire(self, table: &str) -> String {
        let first = self.first();
        format!(
            "DELETE FROM {table} WHERE (_day, _sequence, _position) IN (SELECT _day, _sequence, \
             _position FROM {table} WHERE _day < {first} ORDER BY _day, _sequence, _position \
             LIMIT {EXPIRE_ROWS_MAX}) RETURNING _day, _sequence, _position"
        )
    }

    /// Gives what deletes all rows of a table in which a column is ?1, and says which.
    pub(super) fn forget(self, table: &str, column: &str) -> String {
        let first = self.first();
        format!(
            "DELETE FROM {table} WHERE \"{column}\" = {first} \
             RETURNING _day, _sequence, _position"
        )
    }

    /// Gives what reads the newest rows. They are found by the key, so they are those of the newest
    /// days, and among them those that came last.
    pub(super) fn select(self, view: &View) -> String {
        let newest = "ORDER BY _day DESC, _sequence DESC, _position";
        let most = format!("LIMIT {ROWS_MAX}");
        match view {
            View::All(table) => format!("SELECT * FROM {} {newest} {most}", table.name),
            View::Latest(table) => {
                format!("SELECT * FROM {}_latest ORDER BY _sequence DESC {most}", table.name)
            }
            View::Items => format!("SELECT * FROM {ITEMS} {newest}, field, word {most}"),
            // Records have no positions; in `SQLite` their sequence is their key.
            View::Records => {
                let key = match self {
                    Self::Sqlite => "_sequence DESC",
                    Self::Postgres => "_day DESC, _sequence DESC",
                };
                format!("SELECT * FROM {RECORDS} ORDER BY {key} {most}")
            }
        }
    }

    /// Gives what deletes some counts whose week ended longer before the day ?1 than their schema says, and
    /// what was published of them.
    pub(super) fn expire_counts(self) -> [String; 3] {
        let today = format!("CAST({} AS integer)", self.first());
        let expire = |table: &str, key: &str| {
            format!(
                "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} AS it \
                 WHERE _week < {today} - COALESCE((SELECT min(keep_days) FROM ktel_count_retention), 0) - 6 \
                 AND _week < {today} - COALESCE((SELECT keep_days FROM ktel_count_retention AS kept \
                 WHERE kept.schema = it.schema), {COUNTS_KEEP_DAYS}) - 6 LIMIT {EXPIRE_ROWS_MAX})"
            )
        };
        let counts = "product, _week, version, schema, field, word, authenticated, token_group";
        let published = "product, _week, schema, authenticated, is_shown, field, word, is_other";
        let steps = "product, _week, schema, authenticated, token_group";
        [
            expire("ktel_counts", counts),
            expire("ktel_published", published),
            expire("ktel_steps", steps),
        ]
    }

    /// Gives what remembers how long counts of the schema ?1 are kept: ?2 days.
    pub(super) fn count_retention(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "INSERT INTO ktel_count_retention (schema, keep_days) VALUES (?1, ?2) \
                 ON CONFLICT (schema) DO UPDATE SET keep_days = excluded.keep_days"
            }
            Self::Postgres => {
                "INSERT INTO ktel_count_retention (schema, keep_days) VALUES ($1, $2) \
                 ON CONFLICT (schema) DO UPDATE SET keep_days = excluded.keep_days"
            }
        }
    }

    fn first(self) -> String {
        self.parameter(1)
    }

    /// Gives the parameter at a place, counted from 1.
    pub(super) fn parameter(self, at: usize) -> String {
        match self {
            Self::Sqlite => format!("?{at}"),
            Self::Postgres => format!("${at}"),
        }
    }
}

/// Gives a condition that a record, called `it`, has no row left in any table.
pub(super) fn has_no_rows<'t>(tables: impl Iterator<Item = &'t str>) -> String {
    let none = |table| {
        format!(
            " AND NOT EXISTS (SELECT 1 FROM {table} AS t \
             WHERE t._day = it._day AND t._sequence = it._sequence)"
        )
    };
    tables.map(none).collect()
}

/// Reads the key for receipts.
pub(super) const KEY: &str = "SELECT secret, made FROM ktel_keys WHERE id = 1";

/// Tries a write, and leaves nothing behind.
pub(super) const PROBE: &str = "INSERT INTO ktel_probe (id, value) VALUES (1, 0) \
                                ON CONFLICT (id) DO UPDATE SET value = 1 - ktel_probe.value";

/// Gives what makes the view of the last row of every installation; none where there is no history.
pub(super) fn latest(table: &Table) -> Option<[String; 3]> {
    let installation = table.installation.as_ref()?;
    let name = &table.name;
    Some([
        format!(
            "CREATE INDEX IF NOT EXISTS {name}_history ON {name} (\"{installation}\", _sequence)"
        ),
        format!("DROP VIEW IF EXISTS {name}_latest"),
        format!(
            // What came unsigned stands beside what was signed, and never before it.
            "CREATE VIEW {name}_latest AS SELECT {name}.* FROM {name} JOIN (SELECT \
             it.\"{installation}\" AS who, max(it._sequence) AS newest FROM {name} AS it \
             JOIN {RECORDS} AS r ON r._day = it._day AND r._sequence = it._sequence \
             GROUP BY it.\"{installation}\", r.authenticated) AS last \
             ON {name}.\"{installation}\" = last.who AND {name}._sequence = last.newest"
        ),
    ])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rusqlite::Connection;

    use super::{Dialect, View};
    use crate::catalog::Catalog;

    #[test]
    fn the_newest_rows_are_found_without_looking_at_all() {
        let connection = Connection::open_in_memory().unwrap();
        let catalog = Catalog::built_in();
        let table = &catalog.find("ktel/cluster-state", None).unwrap().table;
        connection.execute_batch(Dialect::Sqlite.fixed()).unwrap();
        connection.execute_batch(&Dialect::Sqlite.create(table)).unwrap();
        for view in [View::All(Arc::clone(table)), View::Items, View::Records] {
            let plan = format!("EXPLAIN QUERY PLAN {}", Dialect::Sqlite.select(&view));
            let mut statement = connection.prepare(&plan).unwrap();
            let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            // Sorting within one day and sequence needs no scan.
            let sorts = |step: &String| step.contains("B-TREE FOR ORDER BY");
            assert!(!steps.iter().any(sorts), "{view:?}: {steps:?}");
        }
    }
}
