//! Finds the containers of a workload that run ktel, and parses their arguments with ktel's own parser.

use std::path::Path;

use clap::FromArgMatches;

use super::super::agent::AgentRunArguments;
use super::super::workflows::arguments::RunArguments;
use super::objects::{Container, PodSpec, Template, Workload};

/// The label of every pod of the chart.
const NAME_LABEL: (&str, &str) = ("app.kubernetes.io/name", "ktel");

/// A workload that runs ktel.
pub(super) struct Found<'w> {
    pub(super) workload: &'w Workload,
    pub(super) pod: &'w PodSpec,
    pub(super) container: &'w Container,
    pub(super) task: Task,
}

/// What it runs.
pub(super) enum Task {
    Agent(Box<AgentRunArguments>),
    Report(Box<RunArguments>),
    Exporter,
    /// Its arguments are of another version of ktel.
    Unknown {
        words: Vec<String>,
        why: String,
    },
}

/// The commands that run within a cluster, and how the arguments of each are found.
const TASKS: [[&str; 2]; 3] = [["agent", "run"], ["workflows", "run"], ["exporter", "run"]];

/// Looks for a container that runs ktel.
pub(super) fn find<'w>(workload: &'w Workload, program: &clap::Command) -> Option<Found<'w>> {
    let template = template(workload);
    let is_chart = [&workload.metadata.labels, &template.metadata.labels]
        .iter()
        .any(|labels| labels.get(NAME_LABEL.0).is_some_and(|name| name == NAME_LABEL.1));
    let pod = &template.spec;
    pod.containers.iter().find_map(|container| {
        let words = words_of(container, is_chart)?;
        let task = task(&words, program)?;
        Some(Found { workload, pod, container, task })
    })
}

fn template(workload: &Workload) -> &Template {
    match &workload.spec.job_template {
        Some(job) => &job.spec.template,
        None => &workload.spec.template,
    }
}

/// Gives the arguments of ktel, without the name of the program; `None` for other programs.
fn words_of(container: &Container, is_chart: bool) -> Option<Vec<String>> {
    let all = container.command.iter().chain(&container.args);
    // Words of a script for a shell stand in one argument.
    let words: Vec<String> =
        all.flat_map(|word| word.split_whitespace()).map(str::to_owned).collect();
    let is_program = |word: &String| {
        let name = Path::new(word).file_name().and_then(|name| name.to_str());
        matches!(name, Some("ktel" | "kubectl-ktel"))
    };
    match words.iter().position(is_program) {
        Some(position) => Some(words.into_iter().skip(position + 1).collect()),
        None if container.command.is_empty() && (is_chart || is_image(&container.image)) => {
            Some(words)
        }
        None => None,
    }
}

/// Tells whether an image is called `ktel`, in whichever registry.
fn is_image(image: &str) -> bool {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split(':').next() == Some("ktel")
}

fn task(words: &[String], program: &clap::Command) -> Option<Task> {
    let [group, _] = TASKS
        .into_iter()
        .find(|task| words.windows(2).any(|pair| pair[0] == task[0] && pair[1] == task[1]))?;
    if group == "exporter" {
        return Some(Task::Exporter);
    }
    let line = std::iter::once("ktel").chain(words.iter().map(String::as_str));
    let unknown = |error: clap::Error| {
        let why = error.to_string().lines().next().unwrap_or_default().to_owned();
        Task::Unknown { words: words.to_vec(), why }
    };
    let matches = match program.clone().try_get_matches_from(line) {
        Ok(matches) => matches,
        Err(error) => return Some(unknown(error)),
    };
    let run = matches.subcommand_matches(group)?.subcommand_matches("run")?;
    let task = match group {
        "agent" => AgentRunArguments::from_arg_matches(run).map(|run| Task::Agent(Box::new(run))),
        _ => RunArguments::from_arg_matches(run).map(|run| Task::Report(Box::new(run))),
    };
    Some(task.unwrap_or_else(unknown))
}

impl Found<'_> {
    /// Names the ConfigMap with the agent file, and its namespace.
    pub(super) fn configuration(&self) -> Option<(&str, &str)> {
        let Task::Agent(run) = &self.task else { return None };
        let folder = run.config.parent()?;
        let mount = self
            .container
            .volume_mounts
            .iter()
            .find(|mount| Path::new(&mount.mount_path) == folder)?;
        let volume = self.pod.volumes.iter().find(|volume| volume.name == mount.name)?;
        let map = volume.config_map.as_ref()?;
        Some((&self.workload.metadata.namespace, &map.name))
    }

    /// Gives a variable of the container; one from a Secret or a ConfigMap is not known.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let found = self.container.env.iter().find(|variable| variable.name == name)?;
        found.value.as_deref()
    }

    pub(super) fn account(&self) -> &str {
        self.pod.service_account_name.as_deref().unwrap_or("default")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Task, Workload, find, is_image};

    fn workload(container: Value, labels: Value) -> Workload {
        serde_json::from_value(json!({
            "metadata": {"name": "w", "namespace": "n", "labels": labels},
            "spec": {"template": {"spec": {"containers": [{"image": "busybox"}, container]}}},
        }))
        .unwrap()
    }

    fn word(container: Value, labels: Value) -> String {
        let workload = workload(container, labels);
        match find(&workload, &crate::command()).map(|found| found.task) {
            None => "none".to_owned(),
            Some(Task::Agent(run)) => format!("agent {}", run.config.display()),
            Some(Task::Report(run)) => format!("report {:?}", run.report_servers),
            Some(Task::Exporter) => "exporter".to_owned(),
            Some(Task::Unknown { why, .. }) => why,
        }
    }

    #[test]
    fn a_container_is_known_by_its_image_its_program_or_the_labels_of_the_chart() {
        let agent = json!(["--verbose", "agent", "run", "--config=/etc/a.yaml"]);
        for (container, labels, expected) in [
            (
                json!({"image": "r.example.com/ktel:1@sha256:0", "args": agent}),
                json!({}),
                "agent /etc/a.yaml",
            ),
            (json!({"image": "mirror/renamed:1", "args": agent}), json!({}), "none"),
            (
                json!({"image": "mirror/renamed:1", "args": agent}),
                json!({"app.kubernetes.io/name": "ktel"}),
                "agent /etc/a.yaml",
            ),
            (
                json!({"image": "x", "command": ["/usr/bin/ktel", "workflows", "run"], "args": ["--workflow=all", "--report-server=https://a"]}),
                json!({}),
                "report [\"https://a\"]",
            ),
            (
                json!({"image": "x", "command": ["sh", "-c", "exec ktel workflows run --workflow all --server https://b"]}),
                json!({}),
                "report [\"https://b\"]",
            ),
            (
                json!({"image": "ktel", "args": ["exporter", "run", "--config=x"]}),
                json!({}),
                "exporter",
            ),
            (json!({"image": "ktel", "args": ["serve"]}), json!({}), "none"),
            (json!({"image": "ktel", "command": ["sleep"], "args": agent}), json!({}), "none"),
            (
                json!({"image": "ktel", "args": ["agent", "run", "--later"]}),
                json!({}),
                "error: unexpected argument '--later' found",
            ),
        ] {
            assert_eq!(word(container.clone(), labels), expected, "{container}");
        }
    }

    #[test]
    fn an_image_is_named_by_its_last_part() {
        for image in ["ktel", "ktel:1", "a.b:5000/c/ktel@sha256:1", "r/ktel:1@sha256:1"] {
            assert!(is_image(image), "{image}");
        }
        for image in ["ktel-other", "ktel/other", "", "a/b:ktel"] {
            assert!(!is_image(image), "{image}");
        }
    }
}
