//! Applies the standard to what was collected: nothing else than what this returns is sent.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::blur;
use super::dropped::Dropped;
use super::schema::{Field, Form, Schema};

/// What remains of a section once the standard was applied.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Applied {
    /// What may be sent, in the schema's order.
    pub sent: Map<String, Value>,
    /// What was left out, without its names.
    pub dropped: Dropped,
    /// Required fields that are not in `sent`, though they have not expired.
    pub missing: Vec<String>,
}

impl Schema {
    /// Keeps what the schema declares, in the form it declares, as long as it has not expired.
    ///
    /// Takes what a collector found as well as what another `apply` returned: what is already
    /// blurred passes unchanged, so that a receiver can apply the schema once more.
    pub fn apply(&self, raw: &Map<String, Value>, form: Form, today: Date) -> Applied {
        let mut dropped = Dropped::default();
        let sent = blur::fields(&self.fields, raw, form, today, &mut dropped);
        let missing = |(name, field): &(&String, &Field)| {
            field.required && !field.expires.is_past(today) && !sent.contains_key(*name)
        };
        let missing = self.fields.iter().filter(missing).map(|(name, _)| name.clone()).collect();
        Applied { sent, dropped, missing }
    }
}
