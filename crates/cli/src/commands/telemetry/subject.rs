//! The product that a command is about. What a user decides or deletes needs no product file: a program
//! can carry its file inside its binary.

use ktel::consent::{self, Consent, Source};
use ktel::directories::{Directories, process_environment};
use ktel::machine;
use ktel::product_file::{ProductFile, ProductFileError, SYSTEM_DIRECTORIES};
use ktel::product_name::ProductName;
use ktel::uploader::Uploader;

use crate::failure::Failure;
use crate::products;

/// A product, with its file if there is one.
pub(super) struct Subject {
    pub(super) name: ProductName,
    pub(super) file: Option<ProductFile>,
}

/// Gives the product that the user named. There is no default: nobody means a product that they did not
/// name.
pub(super) fn named(product: Option<&String>) -> Result<&str, Failure> {
    if let Some(product) = product {
        return Ok(product);
    }
    // A directory that cannot be listed only makes the hint shorter.
    let known = machine::products(&directories(), &SYSTEM_DIRECTORIES).unwrap_or_default();
    let known: Vec<&str> = known.keys().map(ProductName::as_str).collect();
    let hint = match known.as_slice() {
        [] => "name it with `--product`; `ktel telemetry off --all` turns all off".to_owned(),
        known => format!(
            "name it with `--product`; on this machine: {}; `ktel telemetry off --all` turns all off",
            known.join(", ")
        ),
    };
    Err(Failure::usage(anyhow::anyhow!("no product is named"), Some(hint)))
}

/// Gives the name of the product, without reading its file if it is named by its name. So a file that
/// is missing or broken does not stop somebody who says no.
pub(super) fn name(product: &str) -> Result<ProductName, Failure> {
    if product.contains('/') || product.ends_with(".yaml") {
        return Ok(products::find(product)?.name);
    }
    let name: Result<ProductName, _> = product.parse();
    name.map_err(|error| {
        Failure::usage(anyhow::Error::new(error), Some("`ktel telemetry list` shows the names"))
    })
}

impl Subject {
    /// Finds a product and its file, if it has one.
    pub(super) fn find(product: &str) -> Result<Self, Failure> {
        let name = name(product)?;
        match ProductFile::find(product, &directories(), &SYSTEM_DIRECTORIES) {
            Ok(file) => Ok(Self { name, file: Some(file) }),
            Err(ProductFileError::NotFound { .. }) => Ok(Self { name, file: None }),
            Err(error) => Err(products::failure(error)),
        }
    }
}

/// Whether a product without a file may send, as far as this machine decides it.
pub(super) enum Known {
    /// A source on this machine decided.
    Decided(Consent),
    /// No source did, so that the product's own default applies, which is in its binary.
    ByProduct(Consent),
}

/// Asks every source on this machine about a product without a file.
pub(super) fn ask(name: &ProductName) -> Known {
    let consent = consent::ask(name);
    match consent.winner.source {
        Source::Default => Known::ByProduct(consent),
        _ => Known::Decided(consent),
    }
}

pub(super) fn directories() -> Directories {
    Directories::of(&process_environment)
}

/// Gives what is stored for a product; `None` without a home directory.
pub(super) fn uploader(name: &ProductName) -> Option<Uploader> {
    directories().state(name).map(Uploader::of)
}

/// The same, where there is nothing to do without one.
pub(super) fn stored(name: &ProductName) -> Result<Uploader, Failure> {
    uploader(name).ok_or_else(|| {
        let error = anyhow::anyhow!(
            "there is no directory for events: neither `XDG_STATE_HOME` nor `HOME` is set"
        );
        Failure::usage(error, Some("set HOME or XDG_STATE_HOME"))
    })
}
