//! Finds the CustomResourceDefinition that a user names: in a file, or in a cluster.

use std::path::Path;

use anyhow::anyhow;
use clap::Args;
use ktel::cluster::read::{self, OBJECT, ReadFailure, Target, encode};
use serde_json::Value;

use super::ask::{Question, Questions};
use super::crd::{self, Kind, NoKind};
use crate::arguments::shared::ClusterArguments;
use crate::failure::Failure;
use crate::runtime::runtime;
use crate::{cluster, hints, schemas};

#[derive(Debug, Args)]
pub(crate) struct SourceArguments {
    /// The kind to report on: the name of a CustomResourceDefinition of the cluster, such as
    /// lamps.acme.example, or a file with one
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) crd: Option<String>,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
}

impl SourceArguments {
    /// Finds the definition that the arguments or the user name.
    pub(super) fn kind(&self, questions: &mut Questions<'_>) -> Result<Kind, Failure> {
        let question = Question {
            text: "CustomResourceDefinition, by its name in the cluster or as a file",
            argument: "--crd",
            default: None,
        };
        questions.answer(self.crd.as_deref(), &question, |name| kind(name, &self.cluster))
    }
}

/// Reads the definition.
fn kind(name: &str, cluster: &ClusterArguments) -> Result<Kind, Failure> {
    let is_file = ["yaml", "yml", "json"].iter().any(|end| name.ends_with(&format!(".{end}")));
    if is_file || name.contains('/') {
        let text = schemas::read(Path::new(name))?;
        return crd::find(&text, None).map_err(|error| no_kind(error, name));
    }
    let definition = runtime()?.block_on(async {
        let client = cluster::connect(cluster).await?;
        let uri =
            format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{}", encode(name));
        let target = Target::resource("get", "apiextensions.k8s.io", "customresourcedefinitions");
        let found = read::get::<Value>(&client, &uri, OBJECT, &target).await;
        found.map_err(|failure| match failure {
            ReadFailure::NotFound => Failure::usage(
                anyhow!("the cluster has no CustomResourceDefinition `{name}`"),
                Some("`kubectl get crds` lists them; a file works too: `--crd lamps.yaml`"),
            ),
            failure => {
                let error = failure.into_error(&target);
                let hint = match &error {
                    ktel::Error::Forbidden { .. } => Some(
                        "get it from somebody who may, and name the file: `--crd lamps.yaml`"
                            .to_owned(),
                    ),
                    error => hints::of(error, "init"),
                };
                Failure::usage(anyhow!(hints::text(&error)), hint)
            }
        })
    })?;
    // An answer about one object says its kind; a snapshot's does, too.
    crd::find(&definition.to_string(), None).map_err(|error| no_kind(error, name))
}

fn no_kind(error: NoKind, place: &str) -> Failure {
    match error {
        NoKind::Unreadable(why) => Failure::usage(
            anyhow!("`{place}` is not a CustomResourceDefinition: {why}"),
            None::<String>,
        ),
        NoKind::Others(names) if names.is_empty() => Failure::usage(
            anyhow!("`{place}` has no CustomResourceDefinition"),
            Some("`kubectl get crd NAME --output yaml` prints one"),
        ),
        NoKind::Others(names) => Failure::usage(
            anyhow!("`{place}` has {} CustomResourceDefinitions", names.len()),
            Some(format!("keep one of them: {}", names.join(", "))),
        ),
    }
}
