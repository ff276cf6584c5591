//! What a job collected, and which fields it could not read.

use serde_json::{Map, Value};

use crate::error::Error;

/// The raw section of a job.
///
/// A field that could not be read costs only itself: it is absent from the section, and the run names
/// it among its failures.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// The values, by field.
    pub values: Map<String, Value>,
    /// The fields that could not be read, and why.
    pub failed: Vec<(String, Error)>,
}

impl From<Map<String, Value>> for Collected {
    fn from(values: Map<String, Value>) -> Self {
        Self { values, failed: Vec::new() }
    }
}

impl Collected {
    /// Adds what was read for a field: a value, nothing, or the reason why it is missing.
    pub fn insert<T: Into<Value>>(&mut self, field: &str, read: Result<Option<T>, Error>) {
        match read {
            Ok(None) => {}
            Ok(Some(value)) => {
                self.values.insert(field.to_owned(), value.into());
            }
            Err(error) => self.failed.push((field.to_owned(), error)),
        }
    }
}
