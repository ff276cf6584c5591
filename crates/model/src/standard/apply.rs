//! Applies a schema to collected values. Only the result may be sent.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::blur;
use super::omitted::Omitted;
use super::schema::{Field, Form, Schema};

/// The result of applying a schema to a section.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Applied {
    /// The values that may be sent, in the order of the schema.
    pub sent: Map<String, Value>,
    /// How many values were omitted.
    pub omitted: Omitted,
    /// Required fields that are not in `sent`, though they have not expired.
    pub missing: Vec<String>,
}

impl Schema {
    /// Keeps the values that the schema declares and that have not expired, in the declared form.
    ///
    /// Values that are blurred already do not change, so that a receiver can apply the schema once
    /// more to what a client sent.
    pub fn apply(&self, raw: &Map<String, Value>, form: Form, today: Date) -> Applied {
        let mut omitted = Omitted::default();
        let sent = blur::fields(&self.fields, raw, form, today, &mut omitted);
        let missing = |(name, field): &(&String, &Field)| {
            field.required && !field.expires.is_past(today) && !sent.contains_key(*name)
        };
        let missing = self.fields.iter().filter(missing).map(|(name, _)| name.clone()).collect();
        Applied { sent, omitted, missing }
    }
}
