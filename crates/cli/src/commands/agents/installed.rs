//! Says of a workload what it may read and sends, where to, and how to turn it off.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use ktel::Error;
use ktel::agent::AgentFile;
use ktel::consent::{DefaultConsent, Profiles, SourceLocations, Variables};
use ktel::directories::Directories;
use ktel::product_name::ProductName;

use super::super::agent::AgentRunArguments;
use super::super::workflows::arguments::RunArguments;
use super::find::{Found, Task};
use super::objects::{ConfigMap, Lease};
use super::read::Grants;
use super::rights::{self, Right};
use super::state::{state, turn_off};
use crate::hints;

/// What runs, or would run, in a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Installed {
    /// `agent`, `report` or `exporter`.
    pub(super) task: &'static str,
    /// `deployment`, `cronjob` …, or `lease` for an agent within another program.
    pub(super) kind: &'static str,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) product: Option<String>,
    pub(super) image: String,
    pub(super) account: String,
    /// Whether it runs, and when.
    pub(super) state: String,
    /// Why nothing is sent, if nothing is.
    pub(super) off: Option<String>,
    pub(super) sends: Vec<String>,
    pub(super) servers: Vec<String>,
    /// What its account may do, or why this is not known.
    pub(super) rights: Rights,
    /// Commands of which each turns it off.
    pub(super) turn_off: Vec<String>,
    /// What is not known of it, and why.
    pub(super) notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rights {
    Known(Vec<Right>),
    Unknown(String),
}

impl Default for Rights {
    fn default() -> Self {
        Self::Known(Vec::new())
    }
}

/// Describes a workload. `files` is the ConfigMap of its agent file, if it has one.
pub(super) fn describe(
    found: &Found<'_>,
    files: Result<Option<ConfigMap>, Error>,
    grants: &Grants,
) -> Installed {
    let Found { workload, container, task, .. } = found;
    let metadata = &workload.metadata;
    let mut installed = Installed {
        kind: workload.kind,
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        image: container.image.clone(),
        account: found.account().to_owned(),
        state: state(workload),
        rights: match grants {
            Ok(granted) => {
                Rights::Known(rights::of_account(granted, &metadata.namespace, found.account()))
            }
            Err(error) => Rights::Unknown(hints::text(error)),
        },
        turn_off: turn_off(workload),
        ..Installed::default()
    };
    match task {
        Task::Agent(run) => agent(&mut installed, found, run, files),
        Task::Report(run) => report(&mut installed, found, run),
        Task::Exporter => {
            installed.task = "exporter";
            installed.sends.push("the metrics that Exporter resources select".to_owned());
            installed.servers.push("see `kubectl get exporters --all-namespaces`".to_owned());
            // No variable and no value of the chart turns it off: tenants asked for what it delivers.
            installed.turn_off = vec![format!(
                "kubectl scale {}/{} --namespace {} --replicas=0",
                installed.kind, installed.name, installed.namespace
            )];
        }
        Task::Unknown { words, why } => {
            installed.task =
                if words.iter().any(|word| word == "agent") { "agent" } else { "report" };
            installed.notes.push(format!(
                "its arguments are not those of this version of ktel: {}: {why}",
                words.join(" ")
            ));
        }
    }
    installed
}

fn agent(
    installed: &mut Installed,
    found: &Found<'_>,
    run: &AgentRunArguments,
    files: Result<Option<ConfigMap>, Error>,
) {
    installed.task = "agent";
    let file = match files {
        Ok(Some(map)) => parse(&run.config, &map),
        Ok(None) => Err("its agent file is not in a ConfigMap".to_owned()),
        Err(error) => Err(format!("its agent file is not known: {}", hints::text(&error))),
    };
    let file = match file {
        Ok(file) => file,
        Err(why) => {
            installed.notes.push(why);
            return;
        }
    };
    installed.product = Some(file.product.to_string());
    installed.servers = file.servers.iter().map(|one| one.server.to_string()).collect();
    installed.sends = file
        .schemas()
        .iter()
        .map(|schema| format!("{} ({})", schema.name, schema.title))
        .chain(file.jobs().into_iter().map(|job| format!("job {job}")))
        .collect();
    installed.off = if run.preview {
        Some("`--preview` is given, so it only prints".to_owned())
    } else if run.disable_telemetry {
        Some("`--disable-telemetry` is given".to_owned())
    } else if file.disabled {
        Some("`telemetry.disabled` of its agent file is true".to_owned())
    } else {
        objection(found, &file.product)
    };
}

fn parse(path: &Path, map: &ConfigMap) -> Result<AgentFile, String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let text = map.data.get(name).ok_or_else(|| format!("its ConfigMap has no `{name}`"))?;
    let beside =
        |schema: &str| map.data.get(schema).cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
    AgentFile::parse(text, name, &beside)
        .map_err(|error| format!("its agent file: {:#}", anyhow::Error::new(error)))
}

fn report(installed: &mut Installed, found: &Found<'_>, run: &RunArguments) {
    installed.task = "report";
    installed.product.clone_from(&run.product);
    installed.servers.clone_from(&run.report_servers);
    let form = if run.coarse { ", blurred" } else { "" };
    let jobs = run.selection.jobs.iter().map(|job| format!("job {}{form}", job.trim()));
    let set = run.workflow.iter().map(|set| format!("workflow {set}{form}"));
    let files = run.selection.jobs_from.iter();
    let files = files.map(|file| format!("the job in `{}`{form}", file.display()));
    installed.sends = set.chain(jobs).chain(files).collect();
    if run.dry_run {
        installed.off = Some("`--dry-run` is given, so it only prints".to_owned());
    } else if run.respect_consent {
        let name = run.product.as_deref().unwrap_or("ktel");
        installed.off = name.parse().ok().and_then(|name| objection(found, &name));
    } else {
        installed.notes.push(
            "it has no `--respect-consent`: only its schedule and its arguments turn it off"
                .to_owned(),
        );
    }
}

/// Finds a variable of the container that denies.
fn objection(found: &Found<'_>, product: &ProductName) -> Option<String> {
    let environment = |name: &str| found.variable(name).map(OsString::from);
    let locations = SourceLocations {
        product,
        variables: &Variables::of(product),
        profiles: &Profiles::default(),
        profile: None,
        flag: false,
        environment: &environment,
        directories: &Directories::default(),
        ktel_policy: Path::new(""),
        product_policy: None,
        configuration: None,
        default: DefaultConsent::OptOut,
    };
    locations.objection()?;
    let set = found.container.env.iter().map(|one| one.name.as_str());
    let denies = set.filter(|name| name.contains("TELEMETRY") || *name == "DO_NOT_TRACK");
    Some(format!("its environment sets {}", denies.collect::<Vec<_>>().join(", ")))
}

/// The end of the name of an agent's lease.
const LEASE: &str = "-telemetry";

/// Finds agents that are part of other programs, by their leases.
pub(super) fn embedded(leases: &Result<Vec<Lease>, Error>, known: &[Installed]) -> Vec<Installed> {
    // Without the right to list leases, nothing is known of them.
    let Ok(leases) = leases else { return Vec::new() };
    let mut found = Vec::new();
    for lease in leases {
        let Lease { metadata, spec } = lease;
        let product =
            metadata.name.strip_suffix(LEASE).and_then(|name| name.parse::<ProductName>().ok());
        let (Some(product), Some(holder)) = (product, &spec.holder_identity) else { continue };
        let is_known = known.iter().any(|one| one.product.as_deref() == Some(product.as_str()));
        if is_known || holder.is_empty() {
            continue;
        }
        found.push(Installed {
            task: "agent",
            kind: "lease",
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            product: Some(product.to_string()),
            state: format!("held by {holder}"),
            rights: Rights::Unknown("it has the rights of the program that it is part of".to_owned()),
            turn_off: vec![format!(
                "set {}=1 or KTEL_NO_TELEMETRY=1 in the environment of `{holder}`",
                Variables::of(&product).no_telemetry()
            )],
            notes: vec![
                "it is part of another program, so only that program knows what is sent and where to".to_owned(),
            ],
            ..Installed::default()
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Installed, embedded};

    #[test]
    fn a_lease_without_a_workload_is_an_agent_within_another_program() {
        let lease = |name: &str, holder: &str| {
            serde_json::from_value(json!({
                "metadata": {"name": name, "namespace": "n"}, "spec": {"holderIdentity": holder},
            }))
            .unwrap()
        };
        let leases = vec![
            lease("acme-telemetry", "pod-1"),
            lease("known-telemetry", "pod-2"),
            lease("released-telemetry", ""),
            lease("kube-scheduler", "node"),
        ];
        let known = Installed { product: Some("known".to_owned()), ..Installed::default() };
        let found = embedded(&Ok(leases), &[known]);
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["acme-telemetry"]);
        assert!(found[0].turn_off[0].contains("ACME_NO_TELEMETRY=1"), "{found:?}");
    }
}
