//! The products on this machine: those that have a file here, and those that left something here.
//!
//! A program that brings its product file along, inside its binary, is known by what it left. Reading
//! creates nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

use crate::consent::Preference;
use crate::directories::Directories;
use crate::limits::PRODUCTS_MAX;
use crate::product_name::ProductName;
use crate::uploader::Uploader;

/// What is on this machine of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// Whether there is a product file.
    pub file: bool,
    /// Whether the user has decided.
    pub preference: bool,
    /// Whether there is a directory of events that wait.
    pub events: bool,
    /// Whether there is a log of what servers accepted.
    pub log: bool,
    /// Whether there is anything else, such as the record that the notice was shown.
    pub other: bool,
}

/// A directory that cannot be listed.
#[derive(Debug, Error)]
#[error("list the products in `{}`", path.display())]
pub struct MachineError {
    /// The directory.
    pub path: PathBuf,
    /// The reason.
    pub source: io::Error,
}

/// Finds every product on this machine, in the order of their names.
///
/// `system` are the directories of packages:
/// [`SYSTEM_DIRECTORIES`](crate::product_file::SYSTEM_DIRECTORIES).
///
/// # Errors
/// When a directory that exists cannot be listed.
pub fn products(
    directories: &Directories,
    system: &[impl AsRef<Path>],
) -> Result<BTreeMap<ProductName, Traces>, MachineError> {
    let mut found: BTreeMap<ProductName, Traces> = BTreeMap::new();
    let packages = system.iter().map(|path| path.as_ref().to_owned());
    for directory in directories.products().into_iter().chain(packages) {
        for name in names(&directory, ".yaml")? {
            found.entry(name).or_default().file = true;
        }
    }
    for name in directories.all_settings().map_or_else(|| Ok(Vec::new()), |all| names(&all, ""))? {
        let preference = Preference::path(directories, &name);
        // `products`, the directory of product files, has none.
        if preference.is_some_and(|path| path.exists()) {
            found.entry(name).or_default().preference = true;
        }
    }
    for name in directories.all_state().map_or_else(|| Ok(Vec::new()), |all| names(&all, ""))? {
        let Some(state) = directories.state(&name) else { continue };
        let uploader = Uploader::of(&state);
        let traces = found.entry(name).or_default();
        traces.events = uploader.spool_directory().exists() || uploader.drop_directory().exists();
        traces.log = uploader.accepted().path().exists();
        traces.other = true;
    }
    Ok(found)
}

/// Gives the product names among the entries of a directory. Other entries are not of a product.
fn names(directory: &Path, suffix: &str) -> Result<Vec<ProductName>, MachineError> {
    let failed = |source| MachineError { path: directory.to_owned(), source };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries.take(PRODUCTS_MAX) {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(suffix));
        names.extend(name.and_then(|name| name.parse::<ProductName>().ok()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{ProductName, Traces, products};
    use crate::directories::Directories;

    #[test]
    fn a_product_is_known_by_its_file_its_preference_or_its_state() {
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        for path in [
            ".config/ktel/products/filed.yaml",
            ".config/ktel/products/README",
            ".config/ktel/decided/preference",
            ".config/ktel/empty/other",
            ".local/state/ktel/spooled/events/1",
            ".local/state/ktel/sent/accepted.jsonl",
            ".local/state/ktel/seen/notice",
            ".local/state/ktel/_outbox/1",
            "packages/packed.yaml",
        ] {
            write(path);
        }
        let directories =
            Directories::of(&|name| (name == "HOME").then(|| home.path().as_os_str().to_owned()));
        let system = [home.path().join("packages"), home.path().join("nowhere")];
        let found = products(&directories, &system).unwrap();
        let names: Vec<&str> = found.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["decided", "filed", "packed", "seen", "sent", "spooled"]);
        let of = |name: &str| found[&name.parse::<ProductName>().unwrap()].clone();
        assert_eq!(of("decided"), Traces { preference: true, ..Traces::default() });
        assert_eq!(of("packed"), Traces { file: true, ..Traces::default() });
        assert_eq!(of("spooled"), Traces { events: true, other: true, ..Traces::default() });
        assert_eq!(of("sent"), Traces { log: true, other: true, ..Traces::default() });
        assert_eq!(of("seen"), Traces { other: true, ..Traces::default() });
    }

    #[test]
    fn a_machine_without_anything_has_no_products() {
        let nowhere: [&str; 0] = [];
        assert!(products(&Directories::default(), &nowhere).unwrap().is_empty());
        let home = tempfile::tempdir().unwrap();
        let directories =
            Directories::of(&|name| (name == "HOME").then(|| home.path().as_os_str().to_owned()));
        assert!(products(&directories, &nowhere).unwrap().is_empty());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "reading creates nothing");
    }
}
