//! One object as it is kept: metadata to select by, the rest as text to copy into answers.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::resource::Resource;
use crate::synthetic::Series;

/// What of an object an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Whole,
    /// `PartialObjectMetadata`.
    Metadata,
}

/// The kind and version an answer gives to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypeMeta {
    pub(crate) kind: String,
    pub(crate) api_version: String,
}

impl TypeMeta {
    pub(crate) fn of(resource: &Resource, version: &str, form: Form) -> Self {
        match form {
            Form::Whole => {
                Self { kind: resource.kind.clone(), api_version: resource.api_version(version) }
            }
            Form::Metadata => {
                Self { kind: "PartialObjectMetadata".into(), api_version: "meta.k8s.io/v1".into() }
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"kind\":");
        write_json(&self.kind, out);
        out.extend_from_slice(b",\"apiVersion\":");
        write_json(&self.api_version, out);
        out.push(b',');
    }
}

/// An object that came from a file or a test.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored {
    pub(crate) metadata: Map<String, Value>,
    /// `"spec":{…},"status":{…}`: the fields beside metadata, without braces. Text takes a fifth
    /// of the memory of a tree.
    rest: Box<str>,
}

impl Stored {
    /// Takes an object apart; `kind` and `apiVersion` are known by where it is kept.
    pub(crate) fn new(metadata: Map<String, Value>, fields: &Map<String, Value>) -> Self {
        let mut rest = Vec::new();
        for (name, value) in fields {
            if matches!(name.as_str(), "kind" | "apiVersion" | "metadata") {
                continue;
            }
            if !rest.is_empty() {
                rest.push(b',');
            }
            write_json(name, &mut rest);
            rest.push(b':');
            write_json(value, &mut rest);
        }
        let rest = String::from_utf8(rest).expect("serde_json writes UTF-8");
        Self { metadata, rest: rest.into_boxed_str() }
    }

    /// Returns the `resourceVersion` where it is a number.
    pub(crate) fn revision(&self) -> Option<u64> {
        self.metadata.get("resourceVersion")?.as_str()?.parse().ok()
    }
}

/// An object of a collection: kept, or made when asked for.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Stored(Arc<Stored>),
    Made(Series, usize),
}

impl Item {
    /// Returns the metadata, as a selector needs it.
    pub(crate) fn metadata(&self) -> Map<String, Value> {
        match self {
            Self::Stored(stored) => stored.metadata.clone(),
            Self::Made(series, index) => parse_object(&series.metadata(*index)),
        }
    }

    /// Calls `look` with the labels.
    pub(crate) fn with_labels<T>(&self, look: impl FnOnce(Option<&Map<String, Value>>) -> T) -> T {
        let labels =
            |metadata: &Map<String, Value>| look(metadata.get("labels").and_then(Value::as_object));
        match self {
            Self::Stored(stored) => labels(&stored.metadata),
            Self::Made(series, index) => labels(&parse_object(&series.metadata(*index))),
        }
    }

    /// Returns the fields beside metadata, as a field selector needs them.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        match self {
            Self::Stored(stored) => parse_object(&format!("{{{}}}", stored.rest)),
            Self::Made(series, index) => parse_object(&format!("{{{}}}", series.rest(*index))),
        }
    }

    /// Writes the object as JSON.
    pub(crate) fn write(&self, type_meta: Option<&TypeMeta>, form: Form, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(type_meta) = type_meta {
            type_meta.write(out);
        }
        out.extend_from_slice(b"\"metadata\":");
        match self {
            Self::Stored(stored) => write_json(&stored.metadata, out),
            Self::Made(series, index) => out.extend_from_slice(series.metadata(*index).as_bytes()),
        }
        if form == Form::Whole {
            match self {
                Self::Stored(stored) => write_rest(&stored.rest, out),
                Self::Made(series, index) => write_rest(&series.rest(*index), out),
            }
        }
        out.push(b'}');
    }
}

fn write_rest(rest: &str, out: &mut Vec<u8>) {
    if !rest.is_empty() {
        out.push(b',');
        out.extend_from_slice(rest.as_bytes());
    }
}

fn parse_object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("text written by this crate is a JSON object")
}

/// Writes a value as compact JSON.
pub(crate) fn write_json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("JSON values always serialize into memory");
}
