//! JSON Schemas of the files that people write, for editors. `cargo xtask generate` compares their keys with
//! the parsers, and fills in the descriptions.

use clap::ValueEnum;

/// Where a release publishes its files.
const DOWNLOADS: &str =
    concat!(env!("CARGO_PKG_REPOSITORY"), "/releases/download/v", env!("CARGO_PKG_VERSION"));

/// A kind of file that an editor can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EditorFile {
    /// A product file: `ktel events`, `ktel telemetry`
    Product,
    /// An agent file: `ktel agent run --config`
    Agent,
    /// A schema file: `ktel schema lint`
    Schema,
    /// The file of a server: `ktel serve --decisions`
    Decisions,
}

impl EditorFile {
    /// Gives the JSON Schema, in the version that editors understand best (draft 7).
    pub(crate) fn json_schema(self) -> &'static str {
        match self {
            Self::Product => include_str!("editor/product.json"),
            Self::Agent => include_str!("editor/agent.json"),
            Self::Schema => include_str!("editor/schema.json"),
            Self::Decisions => include_str!("editor/decisions.json"),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Agent => "agent",
            Self::Schema => "schema",
            Self::Decisions => "decisions",
        }
    }

    /// Gives the line by which an editor finds the schema.
    pub(crate) fn modeline(self) -> String {
        format!("# yaml-language-server: $schema={DOWNLOADS}/{}.schema.json\n", self.word())
    }
}
