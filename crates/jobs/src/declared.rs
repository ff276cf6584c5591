//! Jobs without code: the schema's own `collect` steps, run against the cluster.
//!
//! Steps that look at the same objects share one pass over them, and a pass that only has to count
//! is one request. What a pass remembers is bounded by the schema's own vocabulary.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use ktel_model::Schema;
use ktel_model::standard::schema::Source;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::catalog;
use crate::context::Context;
use crate::error::Error as JobError;
use crate::job::Job;
use crate::limits;

mod pass;
pub(crate) mod path;
mod tally;

use pass::{Depth, Pass};
use path::Path;
use tally::{Step, Tally};

/// Why a step cannot be run.
#[derive(Debug, Error)]
pub enum Error {
    /// The path does not parse.
    #[error("path `{path}` is not a JSONPath: {message}")]
    Path {
        /// As it stands in the file.
        path: String,
        /// What the parser says.
        message: String,
    },
}

/// A job that is a schema and nothing else.
pub(crate) struct Declared {
    schema: Schema,
    passes: Vec<Pass>,
}

impl Declared {
    pub(crate) fn new(schema: Schema) -> Result<Self, catalog::Error> {
        let mut passes: Vec<Pass> = Vec::new();
        for (name, field) in schema.all_fields() {
            let Some(collect) = &field.collect else { continue };
            for source in &collect.from {
                let step = Step::new(&name, field, collect.verb, source).map_err(|source| {
                    let (schema, field) = (schema.name.clone(), name.clone());
                    catalog::Error::Step { name: schema, field, source: Box::new(source) }
                })?;
                let source = Source { path: None, ..source.clone() };
                match passes.iter_mut().find(|pass| pass.source == source) {
                    Some(pass) => pass.steps.push(step),
                    None => passes.push(Pass { source, steps: vec![step] }),
                }
            }
        }
        Ok(Self { schema, passes })
    }
}

impl Job for Declared {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn collect<'a>(
        &'a self,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<Map<String, Value>, JobError>> {
        async move {
            let passes: Vec<_> = self.passes.iter().map(|pass| pass.run(cx).boxed()).collect();
            let found: Vec<Vec<(String, Tally)>> =
                stream::iter(passes).buffered(limits::CONCURRENCY).try_collect().await?;
            Ok(section(found.into_iter().flatten()))
        }
        .boxed()
    }
}

/// Adds up what the sources of each field gave. A field of which no source is served is absent.
fn section(found: impl Iterator<Item = (String, Tally)>) -> Map<String, Value> {
    let mut fields: Vec<(String, Tally)> = Vec::new();
    for (name, tally) in found {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => sum.add(tally),
            None => fields.push((name, tally)),
        }
    }
    let mut section = Map::new();
    for (name, tally) in fields {
        let Some(value) = tally.into_value() else { continue };
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
