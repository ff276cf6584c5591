//! The schemas that a receiver accepts, and their tables.

use std::collections::HashSet;
use std::sync::Arc;

use ktel_model::names::COMMAND_PATH;
use ktel_model::standard::schema::Kind;
use ktel_model::{Schema, built_in};
use thiserror::Error;

use crate::layout::{self, Table};

/// The name of the schema that describes one run of a command.
const COMMAND: &str = "command";
/// The vendor of the default schemas.
const VENDOR: &str = "ktel";

/// A schema and its table.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What may be stored.
    pub schema: Schema,
    /// Where it is stored.
    pub table: Arc<Table>,
}

impl Entry {
    /// Whether it describes events of a command-line program.
    #[must_use]
    pub fn is_of_commands(&self) -> bool {
        self.schema.kind == Kind::Event && self.schema.fields.contains_key(COMMAND_PATH)
    }
}

/// All accepted schemas. Sections of other schemas are rejected.
#[derive(Debug, Clone)]
pub struct Catalog {
    entries: Vec<Entry>,
}

/// Why schemas cannot be accepted together.
#[derive(Debug, Error)]
pub enum Error {
    /// A schema that no table can hold.
    #[error("create the table of `{schema}`")]
    Layout {
        /// The schema.
        schema: String,
        /// Why not.
        source: layout::Error,
    },
    /// Two schemas would share a table.
    #[error("`{schema}` and another schema have the same table `{table}`")]
    Shared {
        /// The schema.
        schema: String,
        /// The table.
        table: String,
    },
}

impl Catalog {
    /// Accepts the built-in standard.
    #[must_use]
    pub fn built_in() -> Self {
        Self::new([]).expect("a test proves the built-in schemas")
    }

    /// Accepts the built-in standard and more.
    ///
    /// # Errors
    /// When a schema fits no table, or two would share one.
    pub fn new(more: impl IntoIterator<Item = Schema>) -> Result<Self, Error> {
        // By name, as dashboards and dictionaries list them.
        let mut files: Vec<_> = built_in::all().collect();
        files.sort_by_key(|file| file.name);
        let built_in = files.into_iter().map(built_in::File::schema);
        let mut entries = Vec::new();
        let mut names = HashSet::new();
        for schema in built_in.chain(more) {
            let table = Table::of(&schema)
                .map_err(|source| Error::Layout { schema: schema.id(), source })?;
            if !names.insert(table.name.clone()) {
                return Err(Error::Shared { schema: schema.id(), table: table.name });
            }
            entries.push(Entry { schema, table: Arc::new(table) });
        }
        Ok(Self { entries })
    }

    /// Gives every schema.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Gives every table.
    #[must_use]
    pub fn tables(&self) -> Vec<Arc<Table>> {
        self.entries.iter().map(|entry| Arc::clone(&entry.table)).collect()
    }

    /// Finds a schema by `vendor/name` and, where the sender says it, its version.
    ///
    /// Older and newer versions of one model are read in the same way; fields of newer versions are
    /// omitted.
    #[must_use]
    pub fn find(&self, id: &str, version: Option<&str>) -> Option<&Entry> {
        let model = match version {
            Some(version) => Some(version.split('.').next()?.parse::<u32>().ok()?),
            None => None,
        };
        self.entries.iter().find(|entry| {
            entry.table.schema == id
                && model.is_none_or(|model| model == entry.schema.version.model)
        })
    }

    /// Finds the built-in schema of a job, for reports that come without an envelope.
    #[must_use]
    pub fn job(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            entry.schema.kind == Kind::Job
                && entry.schema.vendor == VENDOR
                && entry.schema.name == name
        })
    }

    /// Finds the schema of a product's events: its own, that of the standard for it, or the general one.
    #[must_use]
    pub fn events(&self, product: Option<&str>) -> Option<&Entry> {
        let of = |vendor: &str, name: &str| {
            self.entries.iter().find(|entry| {
                entry.is_of_commands() && entry.schema.vendor == vendor && entry.schema.name == name
            })
        };
        let own = product.and_then(|product| of(product, COMMAND).or_else(|| of(VENDOR, product)));
        own.or_else(|| of(VENDOR, COMMAND))
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalog, Error};

    #[test]
    fn a_schema_is_found_in_any_version_of_its_model() {
        let catalog = Catalog::built_in();
        let found = |version| catalog.find("ktel/cluster-state", version).is_some();
        for (version, expected) in [
            (None, true),
            (Some("1.0.0"), true),
            (Some("1.9.3"), true),
            (Some("2.0.0"), false),
            (Some("0.1.0"), false),
            (Some("new"), false),
            (Some(""), false),
        ] {
            assert_eq!(found(version), expected, "{version:?}");
        }
        assert!(catalog.find("ktel/cluster", None).is_none());
    }

    #[test]
    fn a_products_events_have_its_own_words_where_it_declared_some() {
        let mut own = Catalog::built_in().events(None).unwrap().schema.clone();
        own.vendor = "acme".into();
        let catalog = Catalog::new([own]).unwrap();
        let vendor = |product| catalog.events(product).unwrap().schema.vendor.clone();
        assert_eq!(vendor(Some("acme")), "acme");
        assert_eq!(vendor(Some("other")), "ktel");
        assert_eq!(catalog.events(Some("kongctl")).unwrap().schema.id(), "ktel/kongctl");
        assert_eq!(catalog.events(Some("kamaji-create")).unwrap().schema.id(), "ktel/command");
        assert_eq!(vendor(None), "ktel");
    }

    #[test]
    fn two_schemas_never_share_a_table() {
        let twice = Catalog::built_in().events(None).unwrap().schema.clone();
        let error = Catalog::new([twice]).unwrap_err();
        assert!(matches!(&error, Error::Shared { table, .. } if table == "ktel_command_v1"));
    }
}
