//! Jobs without code: the `collect` steps of a schema, run against the cluster.
//!
//! Steps over the same objects share one scan, and a scan that only counts is one request. A scan
//! keeps only words of the schema, so its memory is bounded.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use ktel_model::Schema;
use ktel_model::standard::schema::Source;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::Error;
use crate::job::Job;
use crate::limits;

pub(crate) mod json_path;
mod scan;
mod step;

use json_path::JsonPathError;
use scan::Scan;
use step::{Found, Step};

/// A job that consists of its schema only.
pub(crate) struct DeclaredJob {
    schema: Schema,
    scans: Vec<Scan>,
}

/// A field whose step cannot be run.
pub(crate) struct BrokenStep {
    pub(crate) field: String,
    pub(crate) source: JsonPathError,
}

impl DeclaredJob {
    pub(crate) fn new(schema: Schema) -> Result<Self, BrokenStep> {
        let mut scans: Vec<Scan> = Vec::new();
        for (name, field) in schema.all_fields() {
            let Some(collect) = &field.collect else { continue };
            for source in &collect.from {
                let step = Step::new(&name, field, collect.verb, source)
                    .map_err(|source| BrokenStep { field: name.clone(), source })?;
                let source = Source { path: None, ..source.clone() };
                match scans.iter_mut().find(|scan| scan.source == source) {
                    Some(scan) => scan.steps.push(step),
                    None => scans.push(Scan { source, steps: vec![step] }),
                }
            }
        }
        Ok(Self { schema, scans })
    }
}

impl Job for DeclaredJob {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn collect<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
        async move {
            let scans: Vec<_> = self.scans.iter().map(|scan| scan.run(cx).boxed()).collect();
            let found: Vec<Vec<(String, Found)>> =
                stream::iter(scans).buffered(limits::CONCURRENCY).try_collect().await?;
            Ok(section(found.into_iter().flatten()))
        }
        .boxed()
    }
}

/// Adds up what the sources of each field gave. A field of which no source is served is absent.
fn section(parts: impl Iterator<Item = (String, Found)>) -> Map<String, Value> {
    let mut fields: Vec<(String, Found)> = Vec::new();
    for (name, found) in parts {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => sum.add(found),
            None => fields.push((name, found)),
        }
    }
    let mut section = Map::new();
    for (name, found) in fields {
        let Some(value) = found.into_value() else { continue };
        match name.split_once('.') {
            None => {
                section.insert(name, value);
            }
            Some((record, field)) => {
                let record = section.entry(record).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(record) = record {
                    record.insert(field.to_owned(), value);
                }
            }
        }
    }
    section
}
