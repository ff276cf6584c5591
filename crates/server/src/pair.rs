//! Pairs of fields that are counted together: an old and a new value, or two measures.
//!
//! The first kind follows from names: `old_X` belongs to `new_X`, or to `X`. The second is declared:
//! `against` names the other field.

use ktel_model::Schema;
use ktel_model::standard::schema::{Field, Type};
use serde_json::{Map, Value};

/// How a pair is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// From an old value to a new one, as a Sankey diagram.
    Flow,
    /// Two axes, as a heat map.
    Grid,
}

/// A pair of fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair<'s> {
    /// The name under which the pair is counted; no field can have it.
    pub name: String,
    /// The old value, or the horizontal axis.
    pub first: String,
    /// The new value, or the vertical axis.
    pub second: String,
    /// The declaration of the second field, with the reason for the pair.
    pub field: &'s Field,
    /// How it is drawn.
    pub shape: Shape,
}

/// The pairs of a schema. Each of their fields has one word.
pub fn pairs(schema: &Schema) -> impl Iterator<Item = Pair<'_>> {
    schema.fields.iter().filter_map(|(old, before)| flow(schema, old, before)).chain(grids(schema))
}

fn flow<'s>(schema: &'s Schema, old: &str, before: &Field) -> Option<Pair<'s>> {
    let name = old.strip_prefix("old_")?;
    let newer = [format!("new_{name}"), name.to_owned()];
    let (new, after) =
        newer.into_iter().find_map(|new| Some((new.clone(), schema.fields.get(&new)?)))?;
    let is_pair = matches!(
        (&before.of, &after.of),
        (Type::Version(_), Type::Version(_)) | (Type::Enum(_), Type::Enum(_))
    );
    is_pair.then(|| Pair::new(Shape::Flow, old.to_owned(), new, after))
}

fn grids(schema: &Schema) -> impl Iterator<Item = Pair<'_>> {
    schema.all_fields().filter_map(|(path, field)| {
        // A schema that was not linted may name an unknown field.
        let other = field.against.as_ref().filter(|_| field.says_one_word())?;
        schema.field(other).filter(|other| other.says_one_word())?;
        Some(Pair::new(Shape::Grid, other.clone(), path, field))
    })
}

impl Shape {
    /// The separator of the two names, and with spaces around it, of the two words.
    fn sign(self) -> char {
        match self {
            Self::Flow => '→',
            Self::Grid => '×',
        }
    }
}

impl<'s> Pair<'s> {
    fn new(shape: Shape, first: String, second: String, field: &'s Field) -> Self {
        let name = format!("{first}{}{second}", shape.sign());
        Self { name, first, second, field, shape }
    }

    /// The word of the pair, if a section has both of its words.
    pub(crate) fn word(&self, sent: &Map<String, Value>) -> Option<String> {
        let side = |path| word(at(sent, path)?);
        let (first, second) = (side(&self.first)?, side(&self.second)?);
        Some(format!("{first} {} {second}", self.shape.sign()))
    }

    /// Splits a word of the pair.
    #[must_use]
    pub fn sides<'w>(&self, word: &'w str) -> Option<(&'w str, &'w str)> {
        let (first, second) = word.split_once(self.shape.sign())?;
        Some((first.strip_suffix(' ')?, second.strip_prefix(' ')?))
    }
}

fn at<'v>(sent: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    match path.split_once('.') {
        None => sent.get(path),
        Some((record, field)) => sent.get(record)?.get(field),
    }
}

/// The word that a value is counted as, if it has one.
pub(crate) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(word) => Some(word.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Shape, pairs};
    use crate::catalog::Catalog;

    #[test]
    fn an_upgrade_is_a_pair_of_versions_and_nothing_else_of_the_standard_is() {
        let catalog = Catalog::built_in();
        let pairs = catalog.entries().flat_map(|entry| {
            let id = entry.schema.id();
            pairs(&entry.schema).map(move |pair| (id.clone(), pair.name)).collect::<Vec<_>>()
        });
        let expected =
            [("ktel/kamaji-update".to_owned(), "old_tcp_version→new_tcp_version".to_owned())];
        assert_eq!(pairs.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_stands_against_another_field_is_counted_with_it() {
        let mut state =
            Catalog::built_in().find("ktel/cluster-state", None).unwrap().schema.clone();
        state.fields["nodes"].against = Some("pods".into());
        let pair = pairs(&state).next().unwrap();
        assert_eq!((pair.name.as_str(), pair.shape), ("pods×nodes", Shape::Grid));
        let word = |sent: serde_json::Value| pair.word(sent.as_object().unwrap());
        let both = word(json!({"pods": "6-20", "nodes": "2-5"})).unwrap();
        assert_eq!(both, "6-20 × 2-5");
        assert_eq!(pair.sides(&both), Some(("6-20", "2-5")));
        assert_eq!(word(json!({"pods": "6-20"})), None, "half a pair is none");
        assert_eq!(word(json!({"pods": ["6-20"], "nodes": "1"})), None);
    }

    #[test]
    fn a_field_of_a_record_can_stand_in_a_pair() {
        let mut stats = Catalog::built_in().find("ktel/kamaji-stats", None).unwrap().schema.clone();
        stats.fields["running"].against = Some("tenant_control_plane.sleeping".into());
        let pair = pairs(&stats).next().unwrap();
        let sent = json!({"running": 3, "tenant_control_plane": {"sleeping": 1}});
        assert_eq!(pair.word(sent.as_object().unwrap()).unwrap(), "1 × 3");
        stats.fields["running"].against = Some("nothing".into());
        assert_eq!(pairs(&stats).next(), None);
        stats.fields["running"].against = Some("tenant_control_plane".into());
        assert_eq!(pairs(&stats).next(), None, "a record says more than one word");
    }
}
