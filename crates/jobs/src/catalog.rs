//! The catalog: all jobs by name.

use std::sync::Arc;

use indexmap::IndexMap;
use ktel_model::standard::schema::Kind;
use ktel_model::{Schema, built_in};
use thiserror::Error;

use crate::collectors;
use crate::declared::json_path::JsonPathError;
use crate::declared::{BrokenStep, DeclaredJob};
use crate::job::{CollectorJob, Job};

/// Named jobs: the built-in ones, and those that were added.
#[derive(Clone, Default)]
pub struct Catalog {
    jobs: IndexMap<String, Arc<dyn Job>>,
}

/// A named set of jobs.
#[derive(Debug, Clone, Copy)]
pub struct Set {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub title: &'static str,
    /// Its jobs; empty stands for the whole catalog.
    pub jobs: &'static [&'static str],
}

/// The sets that `--workflow` knows.
pub const SETS: &[Set] = &[
    Set {
        name: "identify-platform",
        title: "Which Kubernetes this is, and how the product got there",
        jobs: &["identify-platform", "identify-deployment"],
    },
    Set { name: "cluster-state", title: "How large the cluster is", jobs: &["cluster-state"] },
    Set { name: "mesh-detect", title: "Service meshes and their reach", jobs: &["mesh-detect"] },
    Set {
        name: "gateway",
        title: "How traffic is routed, and with which APIs",
        jobs: &[
            "route-types",
            "ingress-usage",
            "gateway-usage",
            "knative-usage",
            "plugin-usage",
            "config-activity",
        ],
    },
    Set { name: "all", title: "Everything in the catalog", jobs: &[] },
];

/// Why a job or a set is not found, or a job cannot be added.
#[derive(Debug, Error)]
pub enum Error {
    /// No such job.
    #[error("no job is called \"{name}\"{}", did_you_mean(nearest.as_deref()))]
    UnknownJob {
        /// What was asked for.
        name: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// No such set.
    #[error("no workflow is called \"{name}\"{}", did_you_mean(nearest.as_deref()))]
    UnknownSet {
        /// What was asked for.
        name: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// The name is taken.
    #[error("the catalog already has a job called \"{name}\"")]
    Taken {
        /// The name.
        name: String,
    },
    /// The schema describes something else.
    #[error("schema `{name}` does not describe a job")]
    NotAJob {
        /// The name.
        name: String,
    },
    /// The schema names code that does not exist.
    #[error("no collector is called \"{collector}\", which schema `{name}` names{}", did_you_mean(nearest.as_deref()))]
    UnknownCollector {
        /// The schema.
        name: String,
        /// What it names.
        collector: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A step of the schema cannot be run.
    #[error("field `{field}` of schema `{name}` cannot be collected")]
    Step {
        /// The schema.
        name: String,
        /// The field.
        field: String,
        /// Why.
        source: JsonPathError,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean \"{nearest}\"?")).unwrap_or_default()
}

impl Error {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownJob { .. } => Some("`ktel jobs list` shows all"),
            Self::UnknownSet { .. } => Some("`ktel workflows list` shows all"),
            Self::Taken { .. } => Some("give the job another name in its `schema:` line"),
            Self::NotAJob { .. } => Some("its file must say `kind: job`"),
            Self::UnknownCollector { .. } => {
                Some("remove `collector` and give the fields `collect` steps")
            }
            Self::Step { .. } => None,
        }
    }
}

impl Catalog {
    /// Makes a catalog without jobs.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Makes a catalog of the built-in jobs.
    #[must_use]
    pub fn built_in() -> Self {
        let mut catalog = Self::empty();
        for file in built_in::JOBS {
            catalog.add_schema(file.schema()).expect("a test proves the built-in jobs");
        }
        catalog
    }

    /// Adds a job under the name of its schema.
    ///
    /// # Errors
    /// When the name is taken, or the schema is not one of a job.
    pub fn add(&mut self, job: Arc<dyn Job>) -> Result<(), Error> {
        let schema = job.schema();
        let name = schema.name.clone();
        if schema.kind != Kind::Job {
            return Err(Error::NotAJob { name });
        }
        if self.jobs.contains_key(&name) {
            return Err(Error::Taken { name });
        }
        self.jobs.insert(name, job);
        Ok(())
    }

    /// Adds a job that consists of a schema: its fields say how they are collected, or it names a
    /// built-in collector.
    ///
    /// # Errors
    /// As [`add`](Self::add), and when a step cannot be run.
    pub fn add_schema(&mut self, schema: Schema) -> Result<(), Error> {
        self.add(job_of(schema)?)
    }

    /// Adds a job. It replaces a job of the same name.
    ///
    /// # Errors
    /// As [`add_schema`](Self::add_schema), but the name may be taken.
    pub fn replace_schema(&mut self, schema: Schema) -> Result<(), Error> {
        let job = job_of(schema)?;
        let schema = job.schema();
        if schema.kind != Kind::Job {
            return Err(Error::NotAJob { name: schema.name.clone() });
        }
        self.jobs.insert(schema.name.clone(), job);
        Ok(())
    }

    /// Finds a job.
    ///
    /// # Errors
    /// When there is none, with the nearest name.
    pub fn find(&self, name: &str) -> Result<Arc<dyn Job>, Error> {
        self.jobs.get(name).cloned().ok_or_else(|| Error::UnknownJob {
            name: name.to_owned(),
            nearest: nearest(name, self.jobs.keys().map(String::as_str)),
        })
    }

    /// Gives all jobs in order.
    pub fn jobs(&self) -> impl Iterator<Item = &Arc<dyn Job>> {
        self.jobs.values()
    }

    /// Gives the jobs of a named set.
    ///
    /// # Errors
    /// When there is no such set, with the nearest name.
    pub fn set(&self, name: &str) -> Result<Vec<Arc<dyn Job>>, Error> {
        let set = SETS.iter().find(|set| set.name == name).ok_or_else(|| Error::UnknownSet {
            name: name.to_owned(),
            nearest: nearest(name, SETS.iter().map(|set| set.name)),
        })?;
        if set.jobs.is_empty() {
            return Ok(self.jobs.values().cloned().collect());
        }
        set.jobs.iter().map(|name| self.find(name)).collect()
    }
}

fn job_of(schema: Schema) -> Result<Arc<dyn Job>, Error> {
    let Some(name) = schema.collector.clone() else {
        let name = schema.name.clone();
        let job = DeclaredJob::new(schema).map_err(|BrokenStep { field, source }| Error::Step {
            name,
            field,
            source,
        })?;
        return Ok(Arc::new(job));
    };
    match collectors::collector(&name) {
        Some(collector) => Ok(Arc::new(CollectorJob { schema, collector })),
        None => Err(Error::UnknownCollector {
            name: schema.name,
            nearest: nearest(&name, collectors::COLLECTORS.iter().copied()),
            collector: name,
        }),
    }
}

/// Finds the name that was probably meant. Up to a third of its characters may differ.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let far = (name.chars().count() / 3).max(2);
    known
        .map(|one| (strsim::damerau_levenshtein(name, one), one))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, one)| one.to_owned())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typo_finds_the_job_that_was_meant_and_any_other_word_finds_none() {
        let known = ["identify-platform", "identify-deployment", "cluster-state"];
        let table = [
            ("identify-platfrom", Some("identify-platform")),
            ("cluster_state", Some("cluster-state")),
            ("pods", None),
            ("", None),
        ];
        for (typed, expected) in table {
            assert_eq!(nearest(typed, known.into_iter()).as_deref(), expected, "{typed}");
        }
    }
}
