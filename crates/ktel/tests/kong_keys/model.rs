//! What Kong's library for telemetry sends of a cluster, rule by rule.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What is true of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) git_version: &'static str,
    pub(crate) nodes: Value,
    pub(crate) services: Value,
    pub(crate) own_pod: Value,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            git_version: "",
            nodes: json!([]),
            services: json!([]),
            own_pod: json!({"metadata": {"name": "gateway", "namespace": "shop"}, "spec": {"containers": []}}),
        }
    }
}

/// Gives the pairs of each workflow. No service of these facts has pods, so that `mdist` is their number.
pub(crate) fn theirs(facts: &Facts) -> [BTreeMap<&'static str, String>; 2] {
    let platform = BTreeMap::from([
        ("k8s_arch", "linux/arm64".to_owned()),
        ("k8sv", facts.git_version.to_owned()),
        ("k8sv_semver", semver(facts.git_version)),
        ("k8s_provider", provider(facts).to_owned()),
    ]);
    let services = facts.services.as_array().expect("a list");
    let mut mesh = BTreeMap::from([("mdist", format!("all{}", services.len()))]);
    let control_planes: Vec<&str> =
        services.iter().filter_map(|service| service["metadata"]["name"].as_str()).collect();
    let signs = [("consul-server", "c3"), ("istiod", "i3"), ("kuma-control-plane", "k3")];
    let deployed = signs.iter().filter(|(name, _)| control_planes.contains(name));
    let deployed: Vec<&str> = deployed.map(|(_, short)| *short).collect();
    if !deployed.is_empty() {
        mesh.insert("mdep", deployed.join(","));
    }
    let under = under_istio(&facts.own_pod);
    if !under.is_empty() {
        mesh.insert("kinm", under.join(","));
    }
    [platform, mesh]
}

/// The numbers of a version, of which there have to be two; else what the server says of itself.
fn semver(git_version: &str) -> String {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let mut numbers = Vec::new();
    for part in git_version.trim_start_matches('v').split('.') {
        let number = digits(part);
        let is_whole = number.len() == part.len();
        if number.is_empty() {
            break;
        }
        numbers.push(number);
        if !is_whole {
            break;
        }
    }
    if numbers.len() < 2 { "v1.31+".to_owned() } else { format!("v{}", numbers.join(".")) }
}

/// By the version, by the identifiers of most nodes, then by marks of the first node that has one.
fn provider(facts: &Facts) -> &'static str {
    for (mark, provider) in [("gke", "GKE"), ("eks", "AWS"), ("rke2", "rke2")] {
        if facts.git_version.contains(mark) {
            return provider;
        }
    }
    let nodes = facts.nodes.as_array().expect("a list");
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for node in nodes {
        let id = node["spec"]["providerID"].as_str().unwrap_or_default();
        let prefixes =
            [("gce", "GKE"), ("azure", "Azure"), ("aws", "AWS"), ("kind", "kind"), ("k3s", "k3s")];
        if let Some((_, provider)) = prefixes.iter().find(|(prefix, _)| id.starts_with(prefix)) {
            *votes.entry(provider).or_default() += 1;
        }
    }
    if let Some((provider, _)) = votes.into_iter().max_by_key(|(_, votes)| *votes) {
        return provider;
    }
    let has = |node: &Value, place: &str, keys: &[&str]| {
        keys.iter().any(|key| node["metadata"][place].get(key).is_some())
    };
    let marks: [(&str, &[&str], &str); 4] = [
        ("annotations", &["container.googleapis.com/instance_id"], "GKE"),
        ("annotations", &["k3s.io/hostname", "k3s.io/internal-ip", "k3s.io/node-args"], "k3s"),
        ("labels", &["alpha.eksctl.io/cluster-name", "alpha.eksctl.io/instance-id"], "AWS"),
        ("labels", &["kubernetes.azure.com/cluster", "kubernetes.azure.com/role"], "Azure"),
    ];
    let found = marks
        .iter()
        .find(|(place, keys, _)| nodes.iter().any(|node| has(node, place, keys)))
        .map(|(.., provider)| *provider);
    found.unwrap_or("UNKNOWN")
}

/// By which signs the pod is one of Istio: 2 is the annotation, 3 the sidecar, 4 the init container.
fn under_istio(pod: &Value) -> Vec<&'static str> {
    let has = |list: &str, name: &str| {
        let containers = pod["spec"][list].as_array();
        containers.is_some_and(|all| all.iter().any(|one| one["name"] == name))
    };
    let annotation = pod["metadata"]["annotations"].get("sidecar.istio.io/status").is_some();
    let signs = [
        ("i2", annotation),
        ("i3", has("containers", "istio-proxy")),
        ("i4", has("initContainers", "istio-init")),
    ];
    signs.into_iter().filter(|(_, found)| *found).map(|(sign, _)| sign).collect()
}
