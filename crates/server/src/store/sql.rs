//! The SQL of both databases, and the few words in which they differ.

use crate::layout::{Column, Kind, Table};
use crate::limits::ROWS_MAX;

use super::View;

/// Whose words are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
}

/// The columns that every schema's table has before its own.
pub(super) const OWN: [&str; 4] = ["_day", "_sequence", "_position", "_product"];

impl Dialect {
    /// Gives the type of a column.
    pub(super) fn word(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Sqlite, Kind::Boolean | Kind::Integer) => "INTEGER",
            (Self::Sqlite, Kind::Real) => "REAL",
            (Self::Sqlite, Kind::Text) => "TEXT",
        }
    }

    /// Gives what makes the tables that do not depend on schemas.
    pub(super) fn fixed(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[
                "CREATE TABLE IF NOT EXISTS ktel_records (_sequence INTEGER PRIMARY KEY, \
                 _day INTEGER NOT NULL, id TEXT NOT NULL, received INTEGER NOT NULL, product TEXT, \
                 source TEXT NOT NULL, authenticated INTEGER NOT NULL, UNIQUE (_day, id)) STRICT",
                "CREATE TABLE IF NOT EXISTS ktel_items (_day INTEGER NOT NULL, \
                 _sequence INTEGER NOT NULL, _position INTEGER NOT NULL, field TEXT NOT NULL, \
                 word TEXT NOT NULL, number INTEGER, bucket TEXT, \
                 PRIMARY KEY (_day, _sequence, _position, field, word)) STRICT, WITHOUT ROWID",
                "CREATE TABLE IF NOT EXISTS ktel_tokens (hash TEXT PRIMARY KEY, \
                 role TEXT NOT NULL, product TEXT) STRICT, WITHOUT ROWID",
                "CREATE TABLE IF NOT EXISTS ktel_probe (id INTEGER PRIMARY KEY, \
                 turn INTEGER NOT NULL) STRICT",
            ],
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
        }
    }

    /// Gives what adds a column that a newer schema has.
    pub(super) fn add(self, table: &Table, column: &Column) -> String {
        format!("ALTER TABLE {} ADD COLUMN {}", table.name, self.column(column))
    }

    fn column(self, column: &Column) -> String {
        format!("\"{}\" {}", column.name, self.word(column.kind))
    }

    /// Gives the placeholder of a parameter, from 1.
    fn placeholder(self, number: usize) -> String {
        match self {
            Self::Sqlite => format!("?{number}"),
        }
    }

    /// Gives what inserts a row into a schema's table.
    pub(super) fn insert(self, table: &Table) -> String {
        let own = OWN.iter().map(|name| (*name).to_owned());
        let names = own.chain(table.columns.iter().map(|column| format!("\"{}\"", column.name)));
        let names: Vec<String> = names.collect();
        let places: Vec<String> =
            (1..=names.len()).map(|number| self.placeholder(number)).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", table.name, names.join(", "), places.join(", "))
    }
}

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
            "CREATE VIEW {name}_latest AS SELECT {name}.* FROM {name} JOIN (SELECT \
             \"{installation}\" AS who, max(_sequence) AS newest FROM {name} \
             GROUP BY \"{installation}\") AS last \
             ON {name}.\"{installation}\" = last.who AND {name}._sequence = last.newest"
        ),
    ])
}

/// Gives what reads the newest rows.
pub(super) fn select(view: &View) -> String {
    let newest = format!("ORDER BY _sequence DESC LIMIT {ROWS_MAX}");
    match view {
        View::All(table) => {
            format!(
                "SELECT * FROM {} ORDER BY _sequence DESC, _position LIMIT {ROWS_MAX}",
                table.name
            )
        }
        View::Latest(table) => format!("SELECT * FROM {}_latest {newest}", table.name),
        View::Items => format!("SELECT * FROM ktel_items {newest}"),
        View::Records => format!("SELECT * FROM ktel_records {newest}"),
    }
}
