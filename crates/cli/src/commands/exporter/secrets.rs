//! Secrets without Kubernetes: directories with a file for each key, as Kubernetes mounts them, or the environment.

use std::path::PathBuf;

use clap::Args;
use ktel_exporter::compile::{Missing, SecretNeeds};
use ktel_exporter::credentials::Credentials;
use ktel_exporter::resource::spec::SecretKey;

#[derive(Debug, Args)]
pub(crate) struct SecretArguments {
    /// Read a Secret from a directory with a file for each key; may be repeated
    #[arg(long = "secret", value_name = "NAME=DIR", value_parser = directory)]
    directories: Vec<(String, PathBuf)>,
}

fn directory(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, directory)) if !name.is_empty() && !directory.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(directory)))
        }
        _ => Err("write NAME=DIR, such as grafana-api-key=/run/secrets/grafana".to_owned()),
    }
}

impl SecretArguments {
    /// Reads what a sink needs.
    ///
    /// # Errors
    /// Names all that is missing.
    pub(super) fn credentials(&self, needs: &SecretNeeds) -> Result<Credentials, Vec<Missing>> {
        needs.credentials(|key| self.value(key))
    }

    /// Gives the value of a key of a Secret.
    fn value(&self, key: &SecretKey) -> Option<Vec<u8>> {
        match self.directories.iter().find(|(name, _)| *name == key.name) {
            // What cannot be read is not there: the message names Secret and key.
            Some((_, directory)) => std::fs::read(directory.join(&key.key)).ok(),
            None => std::env::var(variable(key)).ok().map(String::into_bytes),
        }
    }
}

/// Names the variable that stands for a key of a Secret.
pub(super) fn variable(key: &SecretKey) -> String {
    let word =
        |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase();
    format!("KTEL_SECRET_{}_{}", word(&key.name), word(&key.key))
}
