//! Label and field selectors.

use serde_json::{Map, Value};

use crate::object::Item;
use crate::resource::Resource;
use crate::select::labels::Requirement;
use crate::status::Status;

mod fields;
mod labels;

/// What a list or watch is narrowed to.
#[derive(Debug, Clone)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<fields::Requirement>,
}

impl Selector {
    /// Reads both selectors; `None` when both are empty.
    ///
    /// # Errors
    ///
    /// The syntax is wrong, or the kind cannot be selected by a field.
    pub(crate) fn parse(
        labels: &str,
        fields: &str,
        resource: &Resource,
    ) -> Result<Option<Self>, Status> {
        let labels = labels::parse(labels).map_err(|reason| {
            Status::bad_request(format!("unable to parse label selector \"{labels}\": {reason}"))
        })?;
        let fields = fields::parse(fields, resource).map_err(Status::bad_request)?;
        let empty = labels.is_empty() && fields.is_empty();
        Ok(if empty { None } else { Some(Self { labels, fields }) })
    }

    /// Tells whether an object is selected.
    pub(crate) fn matches(&self, item: &Item) -> bool {
        let labelled = self.labels.is_empty()
            || item.with_labels(|labels| self.labels.iter().all(|one| one.matches(labels)));
        labelled && (self.fields.is_empty() || self.fields_match(item))
    }

    fn fields_match(&self, item: &Item) -> bool {
        let metadata = item.metadata();
        let only_metadata = self.fields.iter().all(fields::Requirement::is_of_metadata);
        let rest = if only_metadata { Map::new() } else { item.fields() };
        let mut object = rest;
        object.insert("metadata".into(), Value::Object(metadata));
        self.fields.iter().all(|one| one.matches(&object))
    }
}
