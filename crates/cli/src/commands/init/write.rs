//! Writes new files: all of them, or none. A file that exists is not replaced.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Writes every file. If one of them cannot be written, those before it are removed again. `elsewhere` says
/// how to choose another place.
pub(super) fn all(files: &[(PathBuf, String)], elsewhere: &str) -> Result<(), Failure> {
    for (index, (path, text)) in files.iter().enumerate() {
        if let Err(error) = one(path, text) {
            // They were made a moment ago, by this very command.
            for (path, _) in files.iter().take(index) {
                drop(fs::remove_file(path));
            }
            let hint = match error.kind() {
                io::ErrorKind::AlreadyExists => Some(format!("it exists; {elsewhere}")),
                io::ErrorKind::NotFound => Some("its directory does not exist".to_owned()),
                _ => None,
            };
            let error = anyhow::Error::new(error).context(format!("write `{}`", path.display()));
            return Err(Failure::usage(error, hint));
        }
    }
    Ok(())
}

fn one(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Quotes a text for YAML, so that it is what was given.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::all;

    #[test]
    fn all_files_are_written_or_none() {
        let place = tempfile::tempdir().unwrap();
        let file = |name: &str| (place.path().join(name), name.to_owned());
        all(&[file("a"), file("b")], "look elsewhere").unwrap();
        let failure = all(&[file("c"), file("b")], "look elsewhere").unwrap_err();
        assert_eq!(failure.hint.as_deref(), Some("it exists; look elsewhere"));
        assert!(!place.path().join("c").exists());
        assert_eq!(fs::read_to_string(place.path().join("b")).unwrap(), "b");
        assert!(
            all(&[file("none/d")], "look elsewhere")
                .unwrap_err()
                .hint
                .unwrap()
                .contains("directory")
        );
    }
}
