//! YAML files, of one or many documents.

use std::path::Path;

use serde_json::Value;

use crate::error::Error;
use crate::limits::{FILE_BYTES_MAX, YAML_ALIASED_MAX, YAML_DEPTH_MAX};

/// Reads all documents of a text.
///
/// # Errors
///
/// It is not valid YAML; the error tells the line and column.
pub(crate) fn values(path: &Path, text: &str) -> Result<Vec<Value>, Error> {
    serde_saphyr::from_multiple_with_options(text, options()).map_err(|source| {
        let (line, column) =
            source.location().map_or((1, 1), |place| (place.line(), place.column()));
        Error::Yaml { path: path.into(), line, column, source: Box::new(source) }
    })
}

/// Allows as much as a file may hold, but little more by aliases.
fn options() -> serde_saphyr::Options {
    let bytes = usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX);
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: YAML_DEPTH_MAX,
            max_events: bytes,
            max_nodes: bytes,
            max_documents: bytes,
            max_total_scalar_bytes: bytes,
            max_total_comment_bytes: bytes,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: YAML_ALIASED_MAX },
        // Kubernetes writes YAML 1.1, but quotes `yes` and `no`: an unquoted one is a word.
        strict_booleans: true,
        with_snippet: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_read_and_empty_ones_are_null_or_absent() {
        let text = "# first\na: 1\nflag: \"true\"\n---\n---\nb: {c: [yes, true]}\n";
        let mut values = values(Path::new("f"), text).unwrap();
        values.retain(|value| !value.is_null());
        assert_eq!(values, [json!({"a": 1, "flag": "true"}), json!({"b": {"c": ["yes", true]}})]);
    }

    #[test]
    fn an_error_tells_the_line() {
        let Err(Error::Yaml { line, .. }) = values(Path::new("f"), "a: 1\nb: [1, 2\nc: 3\n") else {
            panic!("no error")
        };
        assert!(line >= 2);
    }

    #[test]
    fn aliases_cannot_blow_up_a_small_file() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let alias = format!("*a{}, ", level - 1).repeat(10);
            text += &format!("a{level}: &a{level} [{alias}]\n");
        }
        assert!(values(Path::new("f"), &text).is_err());
    }
}
