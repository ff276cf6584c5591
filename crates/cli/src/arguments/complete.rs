//! What a shell offers for the value of an argument: the names that this program and this machine know now.

use std::ffi::OsStr;
use std::path::Path;

use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use ktel::catalog::SETS;
use ktel::directories::{Directories, process_environment};
use ktel::product_file::{DEMO, SYSTEM_DIRECTORIES};
use ktel::{Catalog, built_in, machine};
use kube::config::Kubeconfig;

/// Names of jobs.
pub(crate) fn jobs() -> ArgValueCandidates {
    ArgValueCandidates::new(|| job_names().collect())
}

/// Names of workflows.
pub(crate) fn workflows() -> ArgValueCandidates {
    ArgValueCandidates::new(|| SETS.iter().map(|set| named(set.name, set.title)).collect())
}

/// Names of jobs, and files of others.
pub(crate) fn jobs_or_files() -> ArgValueCompleter {
    or_files(|| job_names().collect())
}

/// Names of built-in schemas, and files of others.
pub(crate) fn schemas() -> ArgValueCompleter {
    or_files(|| {
        let documents = built_in::DOCUMENTS.iter().map(|file| file.schema());
        let documents = documents.map(|schema| named(&schema.name, &schema.title));
        job_names().chain(documents).collect()
    })
}

/// Products on this machine, and product files.
pub(crate) fn products() -> ArgValueCompleter {
    or_files(|| {
        let directories = Directories::of(&process_environment);
        // A shell shows no errors.
        let known = machine::products(&directories, &SYSTEM_DIRECTORIES).unwrap_or_default();
        let names = known.keys().map(|name| CompletionCandidate::new(name.as_str()));
        names.chain([named(DEMO, "A product for demonstrations, without a server")]).collect()
    })
}

/// Contexts of the usual kubeconfig.
pub(crate) fn contexts() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let kubeconfig = Kubeconfig::read().unwrap_or_default();
        kubeconfig.contexts.iter().map(|one| CompletionCandidate::new(&one.name)).collect()
    })
}

fn job_names() -> impl Iterator<Item = CompletionCandidate> {
    let catalog = Catalog::built_in();
    let jobs: Vec<CompletionCandidate> =
        catalog.jobs().map(|job| named(&job.schema().name, &job.schema().title)).collect();
    jobs.into_iter()
}

fn named(name: &str, title: &str) -> CompletionCandidate {
    CompletionCandidate::new(name).help(Some(title.to_owned().into()))
}

fn or_files(names: fn() -> Vec<CompletionCandidate>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        let text = current.to_string_lossy();
        let mut all = names();
        all.retain(|candidate| candidate.get_value().to_string_lossy().starts_with(&*text));
        let is_yaml =
            |path: &Path| path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml");
        all.extend(
            PathCompleter::any()
                .filter(move |path| path.is_dir() || is_yaml(path))
                .complete(current),
        );
        all
    })
}
