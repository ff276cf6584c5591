//! Loads objects from a file or a directory, with reasons for what was skipped.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::Error;
use crate::intake::{Found, Identity};
use crate::limits::{
    DIRECTORY_DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, LIST_DEPTH_MAX, SKIPPED_MAX, TOTAL_BYTES_MAX,
};
use crate::version::VersionInfo;

mod json;
mod place;
pub(crate) mod yaml;

/// A file, or a part of one, that is not in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The file or directory.
    pub path: PathBuf,
    /// Why it is not in the snapshot.
    pub reason: String,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) found: Vec<Found>,
    pub(crate) version: Option<VersionInfo>,
    pub(crate) skipped: Vec<Skipped>,
    /// How much was skipped, past the reasons kept.
    pub(crate) skipped_count: usize,
    files: usize,
    bytes: u64,
}

/// Reads a file, or a directory with all below it.
///
/// # Errors
///
/// Something cannot be read or parsed, is too large, or there is no object at all.
pub(crate) fn load(path: &Path) -> Result<Loaded, Error> {
    let mut loaded = Loaded::default();
    let kind = fs::metadata(path).map_err(|source| Error::Read { path: path.into(), source })?;
    if kind.is_dir() {
        loaded.directory(path, path, 0)?;
    } else {
        loaded.file(path, None)?;
    }
    if loaded.found.is_empty() && loaded.version.is_none() {
        return Err(Error::Empty { path: path.into(), skipped: loaded.skipped_count });
    }
    Ok(loaded)
}

impl Loaded {
    fn directory(&mut self, root: &Path, path: &Path, depth: usize) -> Result<(), Error> {
        if depth > DIRECTORY_DEPTH_MAX {
            self.skip(path, "lies too deep");
            return Ok(());
        }
        let unreadable = |source| Error::Read { path: path.into(), source };
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            // Hidden entries are skipped: a mounted ConfigMap would have every file twice.
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                entries.push(entry);
            }
        }
        entries.sort_by_key(fs::DirEntry::file_name); // so that "the later wins" means the same everywhere
        for entry in entries {
            self.files += 1;
            if self.files > FILES_MAX {
                return Err(Error::TooMany { path: root.into(), files_max: FILES_MAX });
            }
            let path = entry.path();
            let kind =
                entry.file_type().map_err(|source| Error::Read { path: path.clone(), source })?;
            if kind.is_dir() {
                self.directory(root, &path, depth + 1)?;
            } else if kind.is_symlink() && path.is_dir() {
                self.skip(&path, "is a link to a directory");
            } else if !place::may_hold_objects(&path) {
                self.skip(&path, "is not called .json, .yaml or .yml, nor is it a dump");
            } else {
                self.file(&path, Some(root))?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, root: Option<&Path>) -> Result<(), Error> {
        let Some(text) = self.read(path, root)? else { return Ok(()) };
        let values = if json::looks_like(&text) {
            json::values(path, &text)?
        } else {
            yaml::values(path, &text)?
        };
        let plural = place::plural(root.and_then(|root| path.strip_prefix(root).ok()));
        for value in values {
            self.value(path, value, plural.as_deref(), 0);
        }
        Ok(())
    }

    /// Reads a file as text; `None` when it is not text.
    fn read(&mut self, path: &Path, root: Option<&Path>) -> Result<Option<String>, Error> {
        let unreadable = |source| Error::Read { path: path.into(), source };
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(Error::TooLarge { path: path.into(), bytes_max: FILE_BYTES_MAX });
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > TOTAL_BYTES_MAX {
            let path = root.unwrap_or(path).into();
            return Err(Error::TooLarge { path, bytes_max: TOTAL_BYTES_MAX });
        }
        let Ok(mut text) = String::from_utf8(bytes) else {
            self.skip(path, "is not UTF-8 text");
            return Ok(None);
        };
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        Ok(Some(text))
    }

    /// Takes up a value: an object, a list of them, or a version.
    fn value(&mut self, path: &Path, value: Value, plural: Option<&str>, depth: usize) {
        if depth > LIST_DEPTH_MAX {
            return self.skip(path, "nests lists too deep");
        }
        match value {
            Value::Null => {} // an empty YAML document
            Value::Array(values) => {
                for value in values {
                    self.value(path, value, plural, depth + 1);
                }
            }
            Value::Object(object) if is_list(&object) => self.list(path, object, plural, depth),
            Value::Object(object) => self.object(path, object, plural),
            _ => self.skip(path, "holds a value that is not an object"),
        }
    }

    /// Takes up a list, whose items may leave their kind to it.
    fn list(
        &mut self,
        path: &Path,
        mut list: Map<String, Value>,
        plural: Option<&str>,
        depth: usize,
    ) {
        let text = |key: &str| list.get(key).and_then(Value::as_str).map(str::to_owned);
        let kind = text("kind").and_then(|kind| kind.strip_suffix("List").map(str::to_owned));
        let api_version = text("apiVersion");
        let Some(Value::Array(items)) = list.remove("items") else { return };
        for mut item in items {
            if let (Value::Object(item), Some(kind), Some(api_version)) =
                (&mut item, kind.as_ref().filter(|kind| !kind.is_empty()), &api_version)
                && !item.contains_key("kind")
            {
                item.insert("kind".into(), kind.as_str().into());
                item.insert("apiVersion".into(), api_version.as_str().into());
            }
            self.value(path, item, plural, depth + 1);
        }
    }

    fn object(&mut self, path: &Path, object: Map<String, Value>, plural: Option<&str>) {
        let version = Value::Object(object);
        if let Some(version) = VersionInfo::read(&version) {
            self.version = Some(version);
            return;
        }
        let Value::Object(object) = version else { return };
        match Identity::of(&object) {
            Err(reason) => self.skip(path, &format!("holds an object that {reason}")),
            Ok(identity) => {
                let plural = plural.filter(|plural| place::fits(plural, &identity.kind));
                self.found.push(Found { object, plural: plural.map(str::to_owned) });
            }
        }
    }

    fn skip(&mut self, path: &Path, reason: &str) {
        self.skipped_count += 1;
        if self.skipped.len() < SKIPPED_MAX {
            self.skipped.push(Skipped { path: path.into(), reason: reason.to_owned() });
        }
    }
}

fn is_list(object: &Map<String, Value>) -> bool {
    let kind = object.get("kind").and_then(Value::as_str);
    // `kind: List` and `PodList`; Go prints a list without items as null.
    kind.is_some_and(|kind| kind.ends_with("List"))
        && object.get("items").is_some_and(|items| items.is_array() || items.is_null())
}
