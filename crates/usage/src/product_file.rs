//! The product file describes the telemetry of a product, so that one tool can serve many products.
//!
//! ```yaml
//! ktel: 1                       # the format
//! name: acme                    # lower-case letters, digits and `-`
//! binary: acme                  # removed from the beginning of a command; default: the name
//! consent: opt-out              # opt-in | opt-out | off
//! server: https://telemetry.acme.example/v1/reports
//! key: 5d1f0a6c-1f0b-4c5e-9a53-0c3f3a1c2b7e   # the product key: public, from `ktel token add --role events`
//! policy: /etc/acme/telemetry.yaml   # the organisation's policy, beside ktel's own
//! default_profile: default      # the profile of the configuration that is in use by default
//! profiles: [default, work]     # the only profiles; default: every section can be one
//! commands: [get apis, plan]    # the only words that events may contain
//! event_version: 1              # 2 adds how the command ended
//! direct: false                 # true: no spool; each command sends its event within 50 ms
//! auto_upload: true             # false: recording an event never starts an upload
//! schemas: [acme-stats.yaml]    # further schema files, in the same directory
//! notice:
//!   text: Acme counts which commands are used.
//!   url: https://acme.example/telemetry
//!   off: acme telemetry off     # the command that turns telemetry off
//!   stood: {place: installer, reference: the last page}   # for users without a terminal
//! ```
//!
//! A product is found by its name. The first file wins:
//!
//! 1. the file itself, if the name holds a `/` or ends in `.yaml`;
//! 2. `$XDG_CONFIG_HOME/ktel/products/NAME.yaml` (`~/.config/ktel/products/NAME.yaml`);
//! 3. `NAME.yaml` in each of [`SYSTEM_DIRECTORIES`];
//! 4. the built-in product `ktel-demo`.
//!
//! A program with its own file passes the text to [`ProductFile::parse`].

mod error;
mod format;
mod types;

use std::io;
use std::path::{Path, PathBuf};

use crate::directories::Directories;
use crate::product_name::ProductName;
use crate::settings_file;

pub use error::ProductFileError;
pub use types::{Notice, Place, ProductFile, Stood};

/// Where packages put product files.
pub const SYSTEM_DIRECTORIES: [&str; 3] =
    ["/etc/ktel/products", "/usr/local/share/ktel/products", "/usr/share/ktel/products"];

/// The name of the built-in product.
pub const DEMO: &str = "ktel-demo";
const DEMO_TEXT: &str = include_str!("product_file/ktel-demo.yaml");

impl ProductFile {
    /// Parses a product file. `file` is its name in messages; `read` gives the text of a schema file in
    /// the same directory.
    ///
    /// # ProductFileErrors
    /// When it or one of its schemas is not of the format.
    pub fn parse(
        text: &str,
        file: &str,
        read: &dyn Fn(&str) -> io::Result<String>,
    ) -> Result<Self, ProductFileError> {
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
    /// # ProductFileErrors
    /// When there is none, or the first one cannot be used.
    pub fn find(
        product: &str,
        directories: &Directories,
        system: &[impl AsRef<Path>],
    ) -> Result<Self, ProductFileError> {
        if product.contains('/') || product.ends_with(".yaml") {
            return read(Path::new(product));
        }
        let name: ProductName = product
            .parse()
            .map_err(|source| ProductFileError::Name { name: product.to_owned(), source })?;
        let user = directories.products();
        let all = user.iter().map(PathBuf::as_path).chain(system.iter().map(AsRef::as_ref));
        let mut looked = Vec::new();
        for path in all.map(|directory| directory.join(format!("{name}.yaml"))) {
            match read(&path) {
                // Only a missing file is skipped. One that cannot be used is an error.
                Err(ProductFileError::Read { source, .. })
                    if source.kind() == io::ErrorKind::NotFound =>
                {
                    looked.push(path);
                }
                Ok(file) if file.name != name => {
                    let file_name = path.display().to_string();
                    return Err(ProductFileError::OtherName { file: file_name, name: file.name });
                }
                read => return read,
            }
        }
        if name.as_str() == DEMO {
            return Ok(Self::demo());
        }
        Err(ProductFileError::NotFound { name: product.to_owned(), looked })
    }
}

fn read(path: &Path) -> Result<ProductFile, ProductFileError> {
    let text = settings_file::read(path)
        .map_err(|source| ProductFileError::Read { path: path.to_owned(), source })?;
    let beside = |schema: &str| settings_file::read(&path.with_file_name(schema));
    ProductFile::parse(&text, &path.display().to_string(), &beside)
}

#[cfg(test)]
mod tests;
