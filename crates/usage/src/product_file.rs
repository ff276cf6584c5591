//! The product file: what a product says about its telemetry, so that one tool can serve many.
//!
//! ```yaml
//! ktel: 1                       # the format
//! name: acme                    # lower-case letters, digits and `-`
//! binary: acme                  # what is stripped from commands; the name unless told
//! consent: opt-out              # opt-in | opt-out | off
//! server: https://telemetry.acme.example/v1/reports
//! policy: /etc/acme/telemetry.yaml   # the organisation's policy, beside ktel's own
//! commands: [get apis, plan]    # the only words that events may tell
//! event_version: 1              # 2: how a command ended, too
//! direct: false                 # true: no spool; each command sends its event, within 50 ms
//! schemas: [acme-stats.yaml]    # further files of the standard, beside this one
//! notice:
//!   text: Acme counts which commands are used.
//!   url: https://acme.example/telemetry
//!   off: acme telemetry off     # the command that says no
//!   stood: {place: installer, reference: the last page}   # where nobody sees a terminal
//! ```
//!
//! A product that is named is looked for here, and the first file wins:
//!
//! 1. the file itself, if the name holds a `/` or ends in `.yaml`;
//! 2. `$XDG_CONFIG_HOME/ktel/products/NAME.yaml` (`~/.config/ktel/products/NAME.yaml`);
//! 3. `NAME.yaml` in each of [`SYSTEM_DIRECTORIES`];
//! 4. what is built in: `ktel-demo`.
//!
//! A program that brings its own file gives its text to [`ProductFile::parse`].

mod format;

use std::io;
use std::path::{Path, PathBuf};

use ktel_model::Schema;
use serde::Deserialize;
use thiserror::Error;

use crate::consent::DefaultConsent;
use crate::directories::Directories;
use crate::event::{EventSchema, InvalidVocabulary, Version, Vocabulary};
use crate::product_name::ProductName;
use crate::settings_file;

/// Where packages put product files.
pub const SYSTEM_DIRECTORIES: [&str; 3] =
    ["/etc/ktel/products", "/usr/local/share/ktel/products", "/usr/share/ktel/products"];

/// The name of the built-in product.
pub const DEMO: &str = "ktel-demo";
const DEMO_TEXT: &str = include_str!("product_file/ktel-demo.yaml");

/// What a product says about its telemetry.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductFile {
    /// Its name.
    pub name: ProductName,
    /// What holds when nobody says anything.
    pub consent: DefaultConsent,
    /// Where events go; without one, nothing is sent.
    pub server: Option<String>,
    /// The organisation's policy for it.
    pub policy: Option<PathBuf>,
    /// The commands that may be told.
    pub vocabulary: Vocabulary,
    /// Which fields its events have.
    pub event_version: Version,
    /// Whether each command sends its event itself, and nothing is kept on the machine.
    pub direct: bool,
    /// What its events may say.
    pub event_schema: EventSchema,
    /// What else it may send.
    pub schemas: Vec<Schema>,
    /// What its users are told.
    pub notice: Notice,
}

/// What a product's users are told before anything leaves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// In the product's own words.
    pub text: Option<String>,
    /// Where they can read more.
    pub url: Option<String>,
    /// The command that says no.
    pub off: Option<String>,
    /// Where it stood for those who see no terminal.
    pub stood: Option<Stood>,
}

/// Where a notice stood.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stood {
    /// On what.
    pub place: Place,
    /// Where on it: a page, a file, an address.
    pub reference: String,
}

/// What a notice can stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// What installed it.
    Installer,
    /// What Helm prints after an installation.
    ChartNotes,
    /// A page.
    Documentation,
}

impl Place {
    /// Names it for a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Installer => "the installer",
            Self::ChartNotes => "the notes of the chart",
            Self::Documentation => "the documentation",
        }
    }
}

/// Why a product file cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// There is none.
    #[error("no product file is called `{name}`")]
    NotFound {
        /// As given.
        name: String,
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// The name cannot be one.
    #[error("look for the product file `{name}`")]
    Name {
        /// As given.
        name: String,
        /// Why not.
        source: crate::product_name::InvalidName,
    },
    /// It cannot be read.
    #[error("read the product file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not of this format.
    #[error("`{file}` is not a product file: {message}")]
    Format {
        /// The file.
        file: String,
        /// What is wrong, and where.
        message: String,
    },
    /// It is about another product.
    #[error("the product file `{file}` is about `{name}`")]
    OtherName {
        /// The file.
        file: String,
        /// The name in it.
        name: ProductName,
    },
    /// Its commands cannot be told.
    #[error("the commands of `{file}`")]
    Commands {
        /// The file.
        file: String,
        /// Why not.
        source: InvalidVocabulary,
    },
    /// One of its schemas cannot be read.
    #[error("read the schema `{schema}` of `{file}`")]
    SchemaFile {
        /// The product file.
        file: String,
        /// The schema.
        schema: String,
        /// Why not.
        source: io::Error,
    },
    /// One of its schemas is none.
    #[error("the schema `{schema}` of `{file}`")]
    Schema {
        /// The product file.
        file: String,
        /// The schema.
        schema: String,
        /// Why not.
        source: Box<ktel_model::standard::Error>,
    },
}

impl Error {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { looked, .. } => {
                let looked: Vec<_> =
                    looked.iter().map(|path| format!("`{}`", path.display())).collect();
                Some(format!("looked for {}", looked.join(", ")))
            }
            Self::OtherName { name, .. } => Some(format!("call the file `{name}.yaml`")),
            Self::Name { .. }
            | Self::Read { .. }
            | Self::Format { .. }
            | Self::Commands { .. }
            | Self::SchemaFile { .. }
            | Self::Schema { .. } => None,
        }
    }
}

impl ProductFile {
    /// Reads the text of a product file; `file` is its name for messages, and `read` gives the text of
    /// a schema that stands beside it.
    ///
    /// # Errors
    /// When it is not of the format, or one of its schemas is not.
    pub fn parse(
        text: &str,
        file: &str,
        read: &dyn Fn(&str) -> io::Result<String>,
    ) -> Result<Self, Error> {
        format::parse(text, file, read)
    }

    /// Gives the built-in product, for demonstrations.
    #[must_use]
    pub fn demo() -> Self {
        Self::parse(DEMO_TEXT, "ktel-demo.yaml", &|_| Err(io::ErrorKind::NotFound.into()))
            .expect("a test proves the built-in product file")
    }

    /// Finds a product file by the name of its product, or by its path.
    ///
    /// `system` are the directories of packages: [`SYSTEM_DIRECTORIES`].
    ///
    /// # Errors
    /// When there is none, or the first that there is cannot be used.
    pub fn find(
        product: &str,
        directories: &Directories,
        system: &[impl AsRef<Path>],
    ) -> Result<Self, Error> {
        if product.contains('/') || product.ends_with(".yaml") {
            return read(Path::new(product));
        }
        let name: ProductName =
            product.parse().map_err(|source| Error::Name { name: product.to_owned(), source })?;
        let user = directories.products();
        let all = user.iter().map(PathBuf::as_path).chain(system.iter().map(AsRef::as_ref));
        let mut looked = Vec::new();
        for path in all.map(|directory| directory.join(format!("{name}.yaml"))) {
            match read(&path) {
                // A file that is there and cannot be used does not give way to another one.
                Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    looked.push(path);
                }
                Ok(file) if file.name != name => {
                    let file_name = path.display().to_string();
                    return Err(Error::OtherName { file: file_name, name: file.name });
                }
                read => return read,
            }
        }
        if name.as_str() == DEMO {
            return Ok(Self::demo());
        }
        Err(Error::NotFound { name: product.to_owned(), looked })
    }

    /// Gives everything that the product may send by itself.
    pub fn all_schemas(&self) -> impl Iterator<Item = &Schema> {
        std::iter::once(self.event_schema.schema()).chain(&self.schemas)
    }
}

fn read(path: &Path) -> Result<ProductFile, Error> {
    let text = settings_file::read(path)
        .map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let beside = |schema: &str| settings_file::read(&path.with_file_name(schema));
    ProductFile::parse(&text, &path.display().to_string(), &beside)
}

#[cfg(test)]
mod tests;
