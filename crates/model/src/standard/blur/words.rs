//! Closed vocabularies: single words, lists, maps and command paths.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::omitted::{Omitted, Reason};
use super::super::schema::{CountForm, Form, MapValue, Words};
use super::bucket;
use crate::limits::COMMAND_WORDS_MAX;

/// The word itself where it is declared, else the word for everything else.
pub(super) fn word<'w>(words: &'w Words, text: &str) -> &'w str {
    words.values.iter().find(|value| *value == text).unwrap_or(&words.other)
}

/// A sorted set.
pub(super) fn list(words: &Words, raw: &Value, omitted: &mut Omitted) -> Option<Value> {
    let mut set = BTreeSet::new();
    for item in raw.as_array()? {
        match item.as_str() {
            Some(text) => {
                set.insert(word(words, text));
            }
            None => omitted.note(Reason::WrongType),
        }
    }
    Some(set.into_iter().map(Value::from).collect())
}

/// A number or a flag for each word, in the order in which the words are declared.
pub(super) fn map(
    words: &Words,
    of: &MapValue,
    form: Form,
    raw: &Value,
    omitted: &mut Omitted,
) -> Option<Value> {
    let raw = raw.as_object()?;
    let declared = words.values.iter().filter(|value| **value != words.other);
    let mut sent = Map::new();
    for value in declared.clone() {
        let Some(raw) = raw.get(value) else { continue };
        if let Some(total) = total(of, form, std::iter::once(raw), omitted) {
            sent.insert(value.clone(), total);
        }
    }
    let declared: BTreeSet<&String> = declared.collect();
    let others = raw.iter().filter(|(key, _)| !declared.contains(key)).map(|(_, value)| value);
    if let Some(total) = total(of, form, others, omitted) {
        sent.insert(words.other.clone(), total);
    }
    Some(Value::Object(sent))
}

/// Adds up values; `None` when none of them is of the type.
fn total<'v>(
    of: &MapValue,
    form: Form,
    values: impl Iterator<Item = &'v Value>,
    omitted: &mut Omitted,
) -> Option<Value> {
    match of {
        MapValue::Bool => {
            let mut any = None;
            for value in values {
                match value.as_bool() {
                    Some(flag) => any = Some(flag || any == Some(true)),
                    None => omitted.note(Reason::WrongType),
                }
            }
            any.map(Value::Bool)
        }
        MapValue::Count(count) => total_count(count, form, values, omitted),
    }
}

fn total_count<'v>(
    count: &CountForm,
    form: Form,
    values: impl Iterator<Item = &'v Value>,
    omitted: &mut Omitted,
) -> Option<Value> {
    let mut sum: Option<u64> = None;
    // A label stands for at least its lowest number; once one is added, the sum is a label too.
    let mut blurred = !count.exact || form == Form::Coarse;
    for value in values {
        let number = match value {
            Value::String(label) => {
                let lowest = bucket::lowest(&count.buckets, label);
                blurred |= lowest.is_some();
                lowest
            }
            value => value.as_u64(),
        };
        match number {
            Some(number) => sum = Some(sum.unwrap_or(0).saturating_add(number)),
            None => omitted.note(Reason::WrongType),
        }
    }
    bucket::count(&count.buckets, !blurred, &sum?.into())
}

/// The words of a command, one space between them, if every one is declared.
pub(super) fn command_path(words: &[String], raw: &Value) -> Result<Value, Reason> {
    let text = raw.as_str().ok_or(Reason::WrongType)?;
    let path: Vec<&str> = text.split_ascii_whitespace().take(COMMAND_WORDS_MAX + 1).collect();
    if path.is_empty() || path.len() > COMMAND_WORDS_MAX {
        return Err(Reason::WrongType);
    }
    let declared = path.iter().all(|part| words.iter().any(|word| word == part));
    if declared { Ok(path.join(" ").into()) } else { Err(Reason::Undeclared) }
}
