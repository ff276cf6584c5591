//! The answer to `/version`: read from `version.json`, or derived from the nodes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The answer to `/version`, with every field that Kubernetes gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionInfo(Map<String, Value>);

const FIELDS: [&str; 9] = [
    "major",
    "minor",
    "gitVersion",
    "gitCommit",
    "gitTreeState",
    "buildDate",
    "goVersion",
    "compiler",
    "platform",
];

impl VersionInfo {
    /// Makes the answer of a server of `git_version` (`v1.31.4-gke.1000`) on `platform`
    /// (`linux/amd64`).
    pub fn new(git_version: &str, platform: &str) -> Self {
        let mut numbers = git_version.trim_start_matches('v').split('.');
        let mut number = || {
            let digits = numbers.next().unwrap_or_default();
            digits.chars().take_while(char::is_ascii_digit).collect::<String>()
        };
        let given = json!({
            "major": number(), "minor": number(), "gitVersion": git_version, "gitTreeState": "clean",
            "compiler": "gc", "platform": platform,
        });
        Self::complete(&given)
    }

    /// Reads what `kubectl version -o json` or `/version` prints; `None` when it is neither.
    pub fn read(value: &Value) -> Option<Self> {
        if value.get("kind").is_some() {
            return None;
        }
        let info = value.get("serverVersion").unwrap_or(value);
        info.get("gitVersion")?.as_str().filter(|version| !version.is_empty())?;
        Some(Self::complete(info))
    }

    /// Derives the version from nodes: the kubelet version most of them have.
    pub(crate) fn of_nodes<'a>(
        nodes: impl Iterator<Item = &'a Map<String, Value>>,
    ) -> Option<Self> {
        let mut kubelets = BTreeMap::new();
        let mut platforms = BTreeMap::new();
        for node in nodes {
            let Some(info) = node.get("status").and_then(|status| status.get("nodeInfo")) else {
                continue;
            };
            let text = |key: &str| info.get(key).and_then(Value::as_str).unwrap_or_default();
            if !text("kubeletVersion").is_empty() {
                *kubelets.entry(text("kubeletVersion").to_owned()).or_insert(0_usize) += 1;
                let platform = format!("{}/{}", text("operatingSystem"), text("architecture"));
                *platforms.entry(platform).or_insert(0_usize) += 1;
            }
        }
        Some(Self::new(&most_common(kubelets)?, &most_common(platforms)?))
    }

    /// Returns the answer as JSON.
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    fn complete(given: &Value) -> Self {
        let text = |key: &str| given.get(key).and_then(Value::as_str).unwrap_or_default();
        Self(FIELDS.iter().map(|&key| (key.to_owned(), Value::from(text(key)))).collect())
    }
}

/// Returns what was counted most often; of equals the last in order, so that ties are stable.
fn most_common(counts: BTreeMap<String, usize>) -> Option<String> {
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(kubelet: &str, architecture: &str) -> Map<String, Value> {
        let info = json!({
            "kubeletVersion": kubelet, "operatingSystem": "linux", "architecture": architecture,
        });
        let node = json!({"status": {"nodeInfo": info}});
        node.as_object().unwrap().clone()
    }

    #[test]
    fn most_nodes_decide_the_version_and_ties_are_stable() {
        let nodes = [node("v1.30.1", "arm64"), node("v1.31.2", "amd64"), node("v1.31.2", "amd64")];
        let info = VersionInfo::of_nodes(nodes.iter()).unwrap();
        assert_eq!(info, VersionInfo::new("v1.31.2", "linux/amd64"));
        let tie = [node("v1.31.2", "amd64"), node("v1.30.1", "amd64")];
        let reversed = [node("v1.30.1", "amd64"), node("v1.31.2", "amd64")];
        assert_eq!(VersionInfo::of_nodes(tie.iter()), VersionInfo::of_nodes(reversed.iter()));
        assert_eq!(VersionInfo::of_nodes([].into_iter()), None);
    }

    #[test]
    fn both_printed_forms_are_read_and_an_object_is_not() {
        let server = json!({"major": "1", "minor": "31", "gitVersion": "v1.31.4-gke.1000"});
        let kubectl = json!({"clientVersion": {"gitVersion": "v1.36.0"}, "serverVersion": server});
        let info = VersionInfo::read(&kubectl).unwrap();
        assert_eq!(Some(&info), VersionInfo::read(&server).as_ref());
        assert_eq!(info.to_value()["minor"], "31");
        assert_eq!(info.to_value()["platform"], "");
        assert_eq!(VersionInfo::read(&json!({"kind": "X", "gitVersion": "v1"})), None);
        assert_eq!(VersionInfo::read(&json!({"clientVersion": {"gitVersion": "v1.36.0"}})), None);
    }
}
