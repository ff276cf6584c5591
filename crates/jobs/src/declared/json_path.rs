//! A path into an object, as `kubectl -o jsonpath` or RFC 9535 spell it.

use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;
use thiserror::Error;

/// Why a path cannot be compiled.
#[derive(Debug, Error)]
#[error("path `{path}` is not a JSONPath: {message}")]
pub struct JsonPathError {
    /// The path, as the file has it.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// A compiled path.
#[derive(Debug, Clone)]
pub struct JsonPath {
    query: JpQuery,
    /// Whether it stays within `metadata`, which can be read without the object.
    pub in_metadata: bool,
}

impl JsonPath {
    /// Compiles a path of either spelling.
    ///
    /// # Errors
    /// When it is not a path.
    pub fn compile(text: &str) -> Result<Self, JsonPathError> {
        let trimmed = text.trim();
        let inner = trimmed
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .map_or(trimmed, str::trim);
        let absolute = match inner.strip_prefix('$') {
            Some(_) => inner.to_owned(),
            None => format!("${inner}"),
        };
        let query = parse_json_path(&absolute)
            .map_err(|error| JsonPathError { path: text.to_owned(), message: error.to_string() })?;
        let in_metadata =
            absolute.starts_with("$.metadata.") || absolute.starts_with("$.metadata[");
        Ok(Self { query, in_metadata })
    }

    /// Finds the values in one object. A path that does not fit the object finds none.
    #[must_use]
    pub fn values<'a>(&self, object: &'a Value) -> Vec<&'a Value> {
        let found = js_path_process(&self.query, object).unwrap_or_default();
        found.into_iter().map(|found| found.val()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::JsonPath;
    use serde_json::json;

    #[test]
    fn kubectl_and_rfc_9535_spellings_find_the_same() {
        let object = json!({"spec": {"rules": [{"host": "a"}, {"host": "b"}, {}]}});
        for path in ["$.spec.rules[*].host", ".spec.rules[*].host", "{.spec.rules[*].host}"] {
            assert_eq!(JsonPath::compile(path).unwrap().values(&object), ["a", "b"], "{path}");
        }
    }

    #[test]
    fn a_path_that_does_not_fit_finds_nothing() {
        let path = JsonPath::compile("$.spec.rules[*].host").unwrap();
        for object in [json!({}), json!({"spec": 1}), json!({"spec": {"rules": {}}}), json!(null)] {
            assert!(path.values(&object).is_empty(), "{object}");
        }
    }

    #[test]
    fn a_broken_path_is_an_error_when_the_file_is_read() {
        for path in ["$.a[", "$..[?(@.x", "a b"] {
            assert!(JsonPath::compile(path).is_err(), "{path}");
        }
    }
}
