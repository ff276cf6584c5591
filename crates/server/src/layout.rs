//! The table of a schema: one typed column per value, and no column for anything else.
//!
//! A number that may also be sent as a bucket has two columns, `NAME` and `NAME_bucket`. A list or a map
//! has no column: its declared words become rows of the table of items.

use std::collections::HashSet;

use ktel_model::Schema;
use ktel_model::standard::schema::{Kind as SchemaKind, Type};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::cell::{Cell, Item};
use crate::limits::{NAME_BYTES_MAX, TABLE_BYTES_MAX};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Real,
    /// A declared word, a version, a date, a bucket or an id.
    Text,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// The table of one schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// `vendor/name` of the schema.
    pub schema: String,
    /// Its columns, without those that every table has.
    pub columns: Vec<Column>,
    /// The column that identifies an installation, if rows are its history.
    pub installation: Option<String>,
    /// All columns that identify an installation. Erasing an installation searches them.
    pub ids: Vec<String>,
    /// How many days a row is kept.
    pub keep_days: u32,
    /// How many days after the end of its week a count is kept.
    pub counts_keep_days: u32,
    slots: Vec<Slot>,
}

/// The columns of one field.
#[derive(Debug, Clone, PartialEq)]
struct Slot {
    path: Vec<String>,
    form: ColumnForm,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum ColumnForm {
    Plain(usize),
    NumberOrBucket { number: usize, bucket: usize },
    Words,
}

/// Why a schema has no table.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// A name that a database would truncate.
    #[error("the name `{name}` has more than {bytes_max} bytes")]
    Long {
        /// The name.
        name: String,
        /// The limit.
        bytes_max: usize,
    },
    /// Two fields that would share a column.
    #[error("two fields have the column `{name}`")]
    Twice {
        /// The column.
        name: String,
    },
}

impl Table {
    /// The table of a schema.
    ///
    /// # Errors
    /// When a name is too long, or two fields share one.
    pub fn of(schema: &Schema) -> Result<Self, Error> {
        let name = format!("{}_{}_v{}", schema.vendor, schema.name, schema.version.model);
        let mut table = Self {
            name: identifier(&name, TABLE_BYTES_MAX)?,
            schema: schema.id(),
            columns: Vec::new(),
            installation: None,
            ids: Vec::new(),
            keep_days: schema.retention.raw_days(),
            counts_keep_days: schema.retention.aggregate_days(),
            slots: Vec::new(),
        };
        for (path, field) in schema.all_fields() {
            table.add(path.split('.').map(str::to_owned).collect(), &field.of)?;
        }
        let mut names = HashSet::new();
        if let Some(twice) = table.columns.iter().find(|column| !names.insert(&column.name)) {
            return Err(Error::Twice { name: twice.name.clone() });
        }
        if schema.kind != SchemaKind::Stats {
            table.installation = None;
        }
        Ok(table)
    }

    fn add(&mut self, path: Vec<String>, of: &Type) -> Result<(), Error> {
        let name = identifier(&path.join("__"), NAME_BYTES_MAX)?;
        let form = match of {
            Type::Bool => ColumnForm::Plain(self.column(name, ColumnKind::Boolean)),
            Type::Ratio(_) => ColumnForm::Plain(self.column(name, ColumnKind::Real)),
            Type::Id => {
                self.installation = Some(name.clone());
                self.ids.push(name.clone());
                ColumnForm::Plain(self.column(name, ColumnKind::Text))
            }
            Type::Enum(_) | Type::Version(_) | Type::Date(_) | Type::CommandPath(_) => {
                ColumnForm::Plain(self.column(name, ColumnKind::Text))
            }
            Type::Count(_) | Type::Duration(_) => {
                let whole = matches!(of, Type::Count(_));
                let kind = if whole { ColumnKind::Integer } else { ColumnKind::Real };
                let bucket = identifier(&format!("{name}_bucket"), NAME_BYTES_MAX)?;
                let number = self.column(name, kind);
                ColumnForm::NumberOrBucket { number, bucket: self.column(bucket, ColumnKind::Text) }
            }
            Type::Map(..) | Type::List(_) => ColumnForm::Words,
            Type::Record(_) => return Ok(()), // its fields follow
        };
        self.slots.push(Slot { path, form });
        Ok(())
    }

    fn column(&mut self, name: String, kind: ColumnKind) -> usize {
        self.columns.push(Column { name, kind });
        self.columns.len() - 1
    }

    /// Splits the accepted values of a section into cells and items.
    #[must_use]
    pub fn row(&self, sent: &Map<String, Value>) -> (Vec<Option<Cell>>, Vec<Item>) {
        let mut cells = vec![None; self.columns.len()];
        let mut items = Vec::new();
        for Slot { path, form } in &self.slots {
            let Some(value) = at(sent, path) else { continue };
            match *form {
                ColumnForm::Plain(index) => cells[index] = self.cell(index, value),
                ColumnForm::NumberOrBucket { number, bucket } => {
                    let index = if value.is_string() { bucket } else { number };
                    cells[index] = self.cell(index, value);
                }
                ColumnForm::Words => items.extend(words(&path.join("."), value)),
            }
        }
        (cells, items)
    }

    fn cell(&self, index: usize, value: &Value) -> Option<Cell> {
        Some(match self.columns.get(index)?.kind {
            ColumnKind::Boolean => Cell::Boolean(value.as_bool()?),
            // No cluster has more than 2⁶³ of anything.
            ColumnKind::Integer => {
                Cell::Integer(i64::try_from(value.as_u64()?).unwrap_or(i64::MAX))
            }
            ColumnKind::Real => Cell::Real(value.as_f64()?),
            ColumnKind::Text => Cell::Text(value.as_str()?.to_owned()),
        })
    }
}

fn at<'v>(sent: &'v Map<String, Value>, path: &[String]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(sent.get(first)?, |value, name| value.get(name))
}

fn words(field: &str, value: &Value) -> Vec<Item> {
    let item = |word: &str, value| Item { field: field.to_owned(), word: word.to_owned(), value };
    match value {
        Value::Array(words) => {
            words.iter().filter_map(Value::as_str).map(|word| item(word, None)).collect()
        }
        Value::Object(map) => map
            .iter()
            .map(|(word, value)| {
                let value = match value {
                    Value::Bool(flag) => Some(Cell::Boolean(*flag)),
                    Value::Number(number) => number
                        .as_u64()
                        .map(|number| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))),
                    Value::String(bucket) => Some(Cell::Text(bucket.clone())),
                    Value::Null | Value::Array(_) | Value::Object(_) => None,
                };
                item(word, value)
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Turns a name of the standard into an SQL identifier without quotes.
fn identifier(name: &str, bytes_max: usize) -> Result<String, Error> {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let identifier: String = name.chars().map(letter).collect();
    if identifier.len() > bytes_max {
        return Err(Error::Long { name: identifier, bytes_max });
    }
    Ok(identifier)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Cell, ColumnKind, Error, Item, Table, identifier};
    use crate::catalog::Catalog;

    fn table(id: &str) -> std::sync::Arc<Table> {
        std::sync::Arc::clone(&Catalog::built_in().find(id, None).unwrap().table)
    }

    #[track_caller]
    fn check(id: &str, sent: &Value, expected: &[(&str, Cell)], items: &[Item]) {
        let table = table(id);
        let (cells, got) = table.row(sent.as_object().unwrap());
        let filled: Vec<_> = table
            .columns
            .iter()
            .zip(cells)
            .filter_map(|(column, cell)| Some((column.name.as_str(), cell?)))
            .collect();
        assert_eq!(filled, expected);
        assert_eq!(got, items);
    }

    #[test]
    fn an_exact_number_and_its_bucket_have_columns_of_their_own() {
        check("ktel/cluster-state", &json!({"pods": 7}), &[("pods", Cell::Integer(7))], &[]);
        let bucket = Cell::Text("6-20".into());
        check("ktel/cluster-state", &json!({"pods": "6-20"}), &[("pods_bucket", bucket)], &[]);
    }

    #[test]
    fn a_value_that_does_not_fit_its_column_leaves_it_empty() {
        check("ktel/cluster-state", &json!({"pods": -1, "services": [1]}), &[], &[]);
    }

    #[test]
    fn the_words_of_lists_and_maps_become_items() {
        let item = |word: &str, value| Item { field: "f".into(), word: word.into(), value };
        assert_eq!(super::words("f", &json!(["a", "b"])), [item("a", None), item("b", None)]);
        let map = super::words("f", &json!({"a": 2, "b": true, "c": "2-5", "d": [1]}));
        let expected = [
            item("a", Some(Cell::Integer(2))),
            item("b", Some(Cell::Boolean(true))),
            item("c", Some(Cell::Text("2-5".into()))),
            item("d", None),
        ];
        assert_eq!(map, expected);
    }

    #[test]
    fn every_built_in_schema_has_typed_columns_and_none_for_a_body() {
        for entry in Catalog::built_in().entries() {
            assert_eq!(entry.table.name.strip_suffix("_v1").map(|_| ()), Some(()));
            for column in &entry.table.columns {
                assert!(column.name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_'));
                assert!(matches!(
                    column.kind,
                    ColumnKind::Boolean | ColumnKind::Integer | ColumnKind::Real | ColumnKind::Text
                ));
            }
        }
    }

    #[test]
    fn a_name_that_a_database_would_truncate_is_rejected() {
        assert_eq!(identifier("acme/last-update", 63).unwrap(), "acme_last_update");
        assert!(identifier(&"x".repeat(63), 63).is_ok());
        let long = Error::Long { name: "x".repeat(64), bytes_max: 63 };
        assert_eq!(identifier(&"x".repeat(64), 63), Err(long));
    }
}
