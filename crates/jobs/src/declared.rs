//! Jobs without code: the `collect` steps of a schema, run against the cluster.
//!
//! Steps over the same objects share one scan, and a scan that only counts is one request. A scan
//! keeps only words of the schema, so its memory is bounded.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use ktel_model::Schema;
use ktel_model::standard::schema::Source;
use serde_json::{Map, Value};

use crate::collected::Collected;
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

    fn collect<'a>(&'a self, cx: &'a Context) -> BoxFuture<'a, Result<Collected, Error>> {
        async move {
            let scans: Vec<_> = self.scans.iter().map(|scan| scan.run(cx).boxed()).collect();
            let found: Vec<Result<Vec<(String, Found)>, Error>> =
                stream::iter(scans).buffered(limits::CONCURRENCY).collect().await;
            collected(self.scans.iter().zip(found))
        }
        .boxed()
    }
}

/// Sorts what scans gave. A scan that failed costs its fields; if no field is left, the job has failed.
fn collected<'s>(
    scans: impl Iterator<Item = (&'s Scan, Result<Vec<(String, Found)>, Error>)>,
) -> Result<Collected, Error> {
    let (mut parts, mut failed) = (Vec::new(), Vec::<(String, Error)>::new());
    for (scan, found) in scans {
        match found {
            Ok(found) => parts.extend(found),
            Err(error) => {
                for step in &scan.steps {
                    if !failed.iter().any(|(field, _)| *field == step.field) {
                        failed.push((step.field.clone(), error.clone()));
                    }
                }
            }
        }
    }
    // Without one of its sources, a sum would be too small.
    parts.retain(|(field, _)| !failed.iter().any(|(name, _)| name == field));
    let values = section(parts.into_iter());
    match failed.first() {
        Some((_, error)) if values.is_empty() => Err(error.clone()),
        _ => Ok(Collected { values, failed }),
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
