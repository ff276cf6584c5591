//! Which crate may use which of ours. Imports run one way; this is the table.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::metadata;

#[cfg(test)]
mod tests;

/// What one crate uses of ours, as normal dependencies. A row applies once its crate is there.
struct Row {
    name: &'static str,
    /// What it uses; a name that it does not use any more is a finding.
    uses: &'static [&'static str],
    /// What it may use and does not have to.
    may_use: &'static [&'static str],
}

/// The layers, lowest first.
const TABLE: [Row; 18] = [
    Row { name: "ktel-model", uses: &[], may_use: &[] },
    Row { name: "ktel-metricsql", uses: &[], may_use: &[] },
    Row { name: "ktel-otlp", uses: &[], may_use: &[] },
    Row { name: "ktel-snapshot", uses: &[], may_use: &[] },
    Row { name: "ktel-process", uses: &[], may_use: &[] },
    Row { name: "ktel-lease", uses: &[], may_use: &[] },
    Row { name: "ktel-testkit", uses: &[], may_use: &[] },
    Row { name: "ktel-delivery", uses: &["ktel-otlp"], may_use: &[] },
    Row {
        name: "ktel-destination",
        uses: &["ktel-delivery", "ktel-model", "ktel-otlp"],
        may_use: &[],
    },
    Row {
        name: "ktel-usage",
        uses: &["ktel-delivery", "ktel-destination", "ktel-model"],
        may_use: &["ktel-otlp"],
    },
    Row { name: "ktel-jobs", uses: &["ktel-model"], may_use: &[] },
    Row {
        name: "ktel-agent",
        uses: &["ktel-delivery", "ktel-destination", "ktel-jobs", "ktel-model"],
        may_use: &["ktel-lease", "ktel-usage"],
    },
    Row {
        name: "ktel",
        uses: &["ktel-agent", "ktel-destination", "ktel-jobs", "ktel-model", "ktel-usage"],
        may_use: &["ktel-delivery"],
    },
    Row {
        name: "ktel-exporter",
        uses: &["ktel-delivery", "ktel-lease", "ktel-metricsql", "ktel-otlp"],
        may_use: &["ktel-model", "ktel-process"],
    },
    Row { name: "ktel-server", uses: &["ktel-model", "ktel-otlp", "ktel-process"], may_use: &[] },
    Row {
        name: "ktel-cli",
        uses: &[
            "ktel",
            "ktel-metricsql",
            "ktel-model",
            "ktel-process",
            "ktel-server",
            "ktel-snapshot",
        ],
        may_use: &[
            "ktel-agent",
            "ktel-delivery",
            "ktel-destination",
            "ktel-exporter",
            "ktel-jobs",
            "ktel-lease",
            "ktel-otlp",
            "ktel-usage",
        ],
    },
    // Its tests use others as dev-dependencies; this is for the program that they kill.
    Row { name: "ktel-tests", uses: &["ktel-lease"], may_use: &[] },
    Row {
        name: "xtask",
        uses: &["ktel-cli", "ktel-model", "ktel-process", "ktel-server", "ktel-testkit"],
        // Of the last two it has the features of their tests only, see its Cargo.toml.
        may_use: &[
            "ktel",
            "ktel-agent",
            "ktel-exporter",
            "ktel-jobs",
            "ktel-usage",
            "ktel-delivery",
            "ktel-metricsql",
        ],
    },
];

/// Crates of comparisons, which use others as dev-dependencies only.
const NO_LAYER: [&str; 1] = ["ktel-benches"];

/// What a crate must not reach, by whatever way: its users would compile it.
const UNREACHABLE: [(&str, &[&str]); 1] = [(
    "ktel-usage",
    &["k8s-openapi", "kube", "kube-client", "kube-core", "kube-runtime", "tokio-postgres"],
)];

/// What a program that only records events must not compile: `ktel-usage` without its default features.
const SUPERFLUOUS: [&str; 9] =
    ["h2", "hyper", "ktel-destination", "ktel-otlp", "kube", "reqwest", "ring", "rustls", "tokio"];

/// Normal dependencies, by name.
type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// Compares the workspace with the table.
pub(crate) fn run(root: &Path) -> anyhow::Result<Vec<String>> {
    let metadata = metadata::ask(root, &["--all-features"])?;
    let ours = ours(&metadata)?;
    let all = dependencies(&metadata)?;
    let mut findings = compare(&ours, &all, &TABLE);
    for (name, unreachable) in UNREACHABLE {
        findings.extend(reached(&all, name, unreachable));
    }
    let compiled = metadata::compiled(root, &["-p", "ktel-usage", "--no-default-features"])?;
    findings.extend(superfluous(&compiled));
    Ok(findings)
}

/// Compares what our crates use with the table, both ways.
fn compare(ours: &BTreeSet<String>, all: &Dependencies, table: &[Row]) -> Vec<String> {
    let mut findings = Vec::new();
    for name in ours {
        let used: BTreeSet<&str> = all
            .get(name)
            .into_iter()
            .flatten()
            .map(String::as_str)
            .filter(|name| ours.contains(*name))
            .collect();
        let row = table.iter().find(|row| row.name == name);
        let Some(row) = row else {
            let has_layer = !NO_LAYER.contains(&name.as_str());
            if has_layer || !used.is_empty() {
                findings.push(format!("`{name}` has no row in xtask/src/check/layers.rs; add one"));
            }
            continue;
        };
        for other in &used {
            if !row.uses.contains(other) && !row.may_use.contains(other) {
                findings.push(format!(
                    "`{name}` must not use `{other}`; move what it needs of it to a lower crate"
                ));
            }
        }
        for other in row.uses {
            if ours.contains(*other) && !used.contains(other) {
                findings.push(format!(
                    "`{name}` does not use `{other}` any more; take it out of xtask/src/check/layers.rs"
                ));
            }
        }
    }
    findings
}

/// Finds the shortest way from a crate to one that it must not reach.
fn reached(all: &Dependencies, start: &str, unreachable: &[&str]) -> Option<String> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(name) = queue.pop_front() {
        if unreachable.contains(&name) {
            let mut way = vec![name];
            while let Some(&name) = before.get(way[way.len() - 1]) {
                way.push(name);
            }
            way.reverse();
            let way = way.join(" -> ");
            return Some(format!("`{start}` must not reach `{name}`, and does: {way}"));
        }
        for next in all.get(name).into_iter().flatten() {
            if next != start && !before.contains_key(next.as_str()) {
                before.insert(next, name);
                queue.push_back(next);
            }
        }
    }
    None
}

/// Finds what a program that only records events would compile in vain.
fn superfluous(compiled: &BTreeSet<String>) -> Vec<String> {
    let found = SUPERFLUOUS.iter().filter(|name| compiled.contains(**name));
    found
        .map(|name| {
            format!(
                "`ktel-usage` compiles `{name}` without its feature `upload`; see \
                 `cargo tree -p ktel-usage --no-default-features -e normal -i {name}`"
            )
        })
        .collect()
}

/// Names the crates of the workspace.
fn ours(metadata: &Value) -> anyhow::Result<BTreeSet<String>> {
    let members = metadata["workspace_members"].as_array().context("no `workspace_members`")?;
    let names = names(metadata)?;
    Ok(members.iter().filter_map(|id| names.get(id.as_str()?)).map(ToString::to_string).collect())
}

/// Reads what every crate uses, as normal dependencies.
fn dependencies(metadata: &Value) -> anyhow::Result<Dependencies> {
    let names = names(metadata)?;
    let nodes = metadata["resolve"]["nodes"].as_array().context("no `resolve.nodes`")?;
    let mut all = Dependencies::new();
    for node in nodes {
        let name = names.get(node["id"].as_str().unwrap_or_default()).context("unknown package")?;
        let used = all.entry((*name).to_owned()).or_default();
        for dependency in node["deps"].as_array().into_iter().flatten() {
            let is_normal = dependency["dep_kinds"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()));
            let id = dependency["pkg"].as_str().unwrap_or_default();
            if is_normal && let Some(name) = names.get(id) {
                used.insert((*name).to_owned());
            }
        }
    }
    Ok(all)
}

/// Names every package, by its id.
fn names(metadata: &Value) -> anyhow::Result<BTreeMap<&str, &str>> {
    let packages = metadata["packages"].as_array().context("no `packages`")?;
    Ok(packages
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect())
}
