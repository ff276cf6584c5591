//! Resources in YAML files: values as kubectl reads them, and where each stands.

mod node;
mod parse;
mod place;
mod scalar;

pub use node::{Content, Entry, Node};
pub use parse::{Fault, parse};
pub use place::Place;

#[cfg(test)]
mod tests;

/// Gives the Exporters of a file; objects of other kinds are passed over. What is wrong with them,
/// [`validate`](super::validate) says: here only what has no form at all is an error.
///
/// # Errors
/// When the file is no YAML, or an Exporter in it has no spec.
pub fn exporters(text: &str) -> Result<Vec<super::Exporter>, Unreadable> {
    let values = parse(text)?.into_iter().map(|document| document.to_json());
    let ours = values.filter(|value| value["kind"] == "Exporter");
    ours.map(|value| {
        let name = value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        serde_json::from_value(value).map_err(|source| Unreadable::Exporter { name, source })
    })
    .collect()
}

/// Why the Exporters of a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no YAML.
    #[error(transparent)]
    Yaml(#[from] Fault),
    /// It is an Exporter by its name only.
    #[error("the Exporter `{name}` cannot be read")]
    Exporter {
        /// Its name.
        name: String,
        /// Why.
        source: serde_json::Error,
    },
}
