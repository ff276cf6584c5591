//! The counts that a record adds; charts are drawn from them.
//!
//! Only words of the coarse form are counted, so that a chart is never finer than the coarse form of the
//! standard, even if senders are exact. Dates and ids are not counted.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use ktel_model::Schema;
use ktel_model::standard::schema::{Field, Form, Kind, Type};
use serde_json::{Map, Value};

use crate::pair::{pairs, word};

/// The name of the total, which is not a field.
pub const ALL: &str = "";

/// The counts of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The version of the product, if the record has one.
    pub version: Option<String>,
    /// The counts by schema and installation.
    pub counts: BTreeMap<CountSource, BTreeMap<FieldWord, u64>>,
}

/// What counts belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountSource {
    /// `vendor/name` of the schema.
    pub schema: String,
    /// The installation, if the schema identifies it. Only its last report of a week counts.
    pub installation: Option<String>,
}

/// One word of one field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldWord {
    /// The field, its parts joined by dots; [`ALL`] for the total.
    pub field: String,
    /// The word, the bucket, or the version without its patch.
    pub word: String,
}

impl Tally {
    /// Adds the accepted values of a section.
    pub fn add(
        &mut self,
        schema: &Schema,
        installation: Option<String>,
        sent: &Map<String, Value>,
        today: Date,
    ) {
        let coarse = schema.apply(sent, Form::Coarse, today).sent;
        let installation = installation.filter(|_| schema.kind == Kind::Stats);
        let mut said = Vec::new();
        said.push(FieldWord { field: ALL.to_owned(), word: String::new() });
        for (name, field) in &schema.fields {
            let Some(value) = coarse.get(name) else { continue };
            if is_version(schema, name, field) && self.version.is_none() {
                self.version = value.as_str().map(str::to_owned);
            }
            words(name, field, value, &mut said);
        }
        for pair in pairs(schema) {
            let word = pair.word(&coarse);
            said.extend(word.map(|word| FieldWord { field: pair.name, word }));
        }
        let who = CountSource { schema: schema.id(), installation };
        let counts = self.counts.entry(who).or_default();
        for one in said {
            *counts.entry(one).or_default() += 1;
        }
    }
}

/// The Monday of the week of a day.
#[must_use]
pub fn week(day: Date) -> Date {
    let since = day.weekday().since(Weekday::Monday);
    // The first week of the calendar has no Monday of its own.
    day.checked_sub(jiff::Span::new().days(since)).unwrap_or(day)
}

/// Whether a field is the version of the product: `version`, `PRODUCT_version`, or `v` as in Kong's
/// controllers.
pub(crate) fn is_version(schema: &Schema, name: &str, field: &Field) -> bool {
    let of_product = |name: &str| {
        let product = name.strip_suffix("_version");
        product.is_some_and(|product| schema.name.split('-').any(|part| part == product))
    };
    matches!(field.of, Type::Version(_)) && (matches!(name, "version" | "v") || of_product(name))
}

fn words(path: &str, field: &Field, value: &Value, said: &mut Vec<FieldWord>) {
    let mut say =
        |word: &str| said.push(FieldWord { field: path.to_owned(), word: word.to_owned() });
    match (&field.of, value) {
        (Type::Id | Type::Date(_), _) => {}
        (Type::Record(fields), Value::Object(values)) => {
            for (name, field) in fields {
                let Some(value) = values.get(name) else { continue };
                words(&format!("{path}.{name}"), field, value, said);
            }
        }
        (Type::Map(..), Value::Object(map)) => {
            map.iter().filter(|(_, value)| is_there(value)).for_each(|(word, _)| say(word));
        }
        (Type::List(_), Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).for_each(say);
        }
        (_, value) => word(value).iter().for_each(|word| say(word)),
    }
}

/// Whether the value of a word means that it is present.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(bucket) => bucket != "0",
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::{Value, json};

    use super::{Tally, week};
    use crate::catalog::Catalog;

    fn tally(id: &str, sent: &Value) -> Tally {
        let mut tally = Tally::default();
        let catalog = Catalog::built_in();
        let schema = &catalog.find(id, None).unwrap().schema;
        tally.add(schema, None, sent.as_object().unwrap(), date(2026, 11, 21));
        tally
    }

    #[track_caller]
    fn check(id: &str, sent: &Value, version: Option<&str>, expected: &[&str]) {
        let Tally { version: got, counts } = tally(id, sent);
        assert_eq!(got.as_deref(), version);
        let said: Vec<String> = counts
            .values()
            .flatten()
            .map(|(one, count)| format!("{}={}*{count}", one.field, one.word))
            .collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn only_coarse_words_are_counted() {
        check("ktel/cluster-state", &json!({"pods": 7}), None, &["=*1", "pods=6-20*1"]);
        let event = json!({
            "schema_version": 1, "timestamp": "2026-05-12T14:30:45Z", "version": "0.4.2",
            "os": "darwin", "arch": "arm64", "command_path": "plugin",
        });
        let expected = [
            "=*1",
            "arch=arm64*1",
            "command_path=plugin*1",
            "os=darwin*1",
            "schema_version=1*1",
            "version=0.4*1",
        ];
        check("ktel/command", &event, Some("0.4"), &expected);
    }

    #[test]
    fn an_upgrade_is_counted_from_its_minor_version_to_the_next() {
        let update = json!({
            "kamaji_version": "v0.6.1", "kubernetes_version": "v1.27.3",
            "old_tcp_version": "v1.26.5", "new_tcp_version": "v1.27.0",
        });
        let flow = "old_tcp_version→new_tcp_version=v1.26 → v1.27*1";
        let said = tally("ktel/kamaji-update", &update).counts.into_values().flatten();
        let said: Vec<String> =
            said.map(|(one, count)| format!("{}={}*{count}", one.field, one.word)).collect();
        assert!(said.contains(&flow.to_owned()), "{said:?}");
        let half = json!({"old_tcp_version": "v1.26.5"});
        let said = tally("ktel/kamaji-update", &half).counts.into_values().flatten();
        assert!(said.into_iter().all(|(one, _)| !one.field.contains('→')), "half a pair is none");
    }

    #[test]
    fn a_week_begins_on_monday() {
        for (day, monday) in [
            (date(2026, 11, 21), date(2026, 11, 16)),
            (date(2026, 11, 16), date(2026, 11, 16)),
            (date(2026, 11, 15), date(2026, 11, 9)),
            (date(2026, 1, 1), date(2025, 12, 29)),
        ] {
            assert_eq!(week(day), monday, "{day}");
        }
    }
}
