//! The report: one section per job, in the order of the request, then the values that the user piped in.

use serde_json::{Map, Value};

/// The result of a workflow, as it is printed and sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    sections: Map<String, Value>,
    user: Vec<String>,
}

impl Report {
    /// Adds the section of a job at the end.
    pub fn push(&mut self, job: &str, section: Map<String, Value>) {
        self.sections.insert(job.to_owned(), Value::Object(section));
    }

    /// Adds a value that the user piped in, and marks it as the user's.
    ///
    /// A job's section of the same name is replaced, and keeps its place.
    pub fn push_user(&mut self, key: &str, value: Value) {
        self.sections.insert(key.to_owned(), value);
        if !self.user.iter().any(|known| known == key) {
            self.user.push(key.to_owned());
        }
    }

    /// Gives the section of a job, or a value that the user piped in.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Value> {
        self.sections.get(name)
    }

    /// Gives all sections and values, in order.
    #[must_use]
    pub fn sections(&self) -> &Map<String, Value> {
        &self.sections
    }

    /// Names the parts that the user piped in.
    #[must_use]
    pub fn user(&self) -> &[String] {
        &self.user
    }

    /// Gives the report without an envelope, as it is printed to standard output.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::Object(self.sections.clone())
    }
}
