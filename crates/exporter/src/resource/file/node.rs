//! A YAML document as a tree in which everything has a place.

use std::ops::Range;

use serde_json::Value;

use super::place::Place;
use super::scalar::{self, Scalar};
use crate::resource::path::{FieldPath, Step};

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins and ends.
    pub place: Place,
    /// What it is.
    pub content: Content,
}

/// The value of a [`Node`].
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A text, number, boolean or null.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Vec<Entry>),
}

/// A key, its place, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Gives the value as kubectl makes JSON of it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Scalar(scalar) => scalar.to_json(),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Map(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
            }
        }
    }

    fn child(&self, step: &Step) -> Option<(Option<&Entry>, &Self)> {
        match (&self.content, step) {
            (Content::Map(entries), Step::Field(name)) => {
                let entry = entries.iter().find(|entry| entry.key == *name)?;
                Some((Some(entry), &entry.value))
            }
            (Content::List(items), Step::Item(index)) => items.get(*index).map(|item| (None, item)),
            _ => None,
        }
    }

    /// Gives the place of the key that a path ends with.
    #[must_use]
    pub fn place_of_key(&self, path: &FieldPath) -> Place {
        let mut node = self;
        let mut place = node.place.first_character();
        for step in path.steps() {
            let Some((entry, value)) = node.child(step) else { break };
            place = entry.map_or(value.place.first_character(), |entry| entry.place);
            node = value;
        }
        place
    }

    /// Gives the place of what a path names: the value if it is on one line, or else its key. What is missing is
    /// missing in the nearest thing around it. `bytes` is a part of the text there.
    #[must_use]
    pub fn place_of(&self, text: &str, path: &FieldPath, bytes: Option<Range<usize>>) -> Place {
        let mut node = self;
        let mut key: Option<&Entry> = None;
        for step in path.steps() {
            let Some((entry, value)) = node.child(step) else {
                return key.map_or(node.place.first_character(), |entry| entry.place);
            };
            (key, node) = (entry, value);
        }
        let whole = match (&node.content, key) {
            (Content::Scalar(_), _) if node.place.is_one_line() => node.place,
            (_, Some(entry)) => entry.place,
            (_, None) => node.place.first_character(),
        };
        match (&node.content, bytes) {
            (Content::Scalar(found), Some(bytes)) => {
                scalar::part(found, node.place, text, bytes).unwrap_or(whole)
            }
            _ => whole,
        }
    }
}
