//! The keys of Kong's ingress controllers for the facts of our own jobs.
//!
//! A fact that they do not send is omitted. Parts of a report that are not from our jobs stay as they are.
//! The values are those of the report, and nothing is collected for this: `crates/ktel/tests/kong_keys.rs`
//! compares them with theirs, and says where they differ.

use ktel_model::standard::UNKNOWN_VERSION;
use serde_json::{Map, Value, json};

/// Their workflow for counts. It has all of them, so that they are sorted together.
const CLUSTER_STATE: &str = "cluster-state";

/// Counts: a job, a field, and its key.
const COUNTS: [(&str, &str, &str); 12] = [
    ("cluster-state", "pods", "k8s_pods_count"),
    ("cluster-state", "services", "k8s_services_count"),
    ("cluster-state", "nodes", "k8s_nodes_count"),
    ("ingress-usage", "ingresses", "k8s_ingresses_count"),
    ("gateway-usage", "gatewayclasses", "k8s_gatewayclasses_count"),
    ("gateway-usage", "gateways", "k8s_gateways_count"),
    ("gateway-usage", "httproutes", "k8s_httproutes_count"),
    ("gateway-usage", "grpcroutes", "k8s_grpcroutes_count"),
    ("gateway-usage", "referencegrants", "k8s_referencegrants_count"),
    ("gateway-usage", "tcproutes", "k8s_tcproutes_count"),
    ("gateway-usage", "udproutes", "k8s_udproutes_count"),
    ("gateway-usage", "tlsroutes", "k8s_tlsroutes_count"),
];

/// The abbreviations of meshes. They have none for Cilium.
const MESHES: [(&str, &str); 7] = [
    ("istio", "i"),
    ("linkerd", "l"),
    ("kuma", "k"),
    ("kong-mesh", "km"),
    ("consul", "c"),
    ("traefik", "t"),
    ("aws-app-mesh", "a"),
];

/// The providers that they tell. An EKS Anywhere has `eks` in its version, so it is an AWS for them.
const PROVIDERS: [(&str, &str); 7] = [
    ("GKE", "GKE"),
    ("AWS", "AWS"),
    ("Azure", "Azure"),
    ("kind", "kind"),
    ("k3s", "k3s"),
    ("rke2", "rke2"),
    ("EKS-Anywhere", "AWS"),
];

/// Gives a report with their keys.
pub(super) fn translate(report: &Map<String, Value>) -> Map<String, Value> {
    let mut counts = Map::new();
    let mut translated = Map::new();
    for (job, value) in report {
        let section = match (job.as_str(), value) {
            ("identify-platform", Value::Object(fields)) => platform(fields),
            (CLUSTER_STATE | "gateway-usage" | "ingress-usage", Value::Object(fields)) => {
                counts.extend(counts_of(job, fields));
                continue;
            }
            ("mesh-detect", Value::Object(fields)) => meshes(fields),
            ("feature-flags", Value::Object(fields)) => flags(fields),
            _ => {
                translated.insert(job.clone(), value.clone());
                continue;
            }
        };
        translated.insert(job.clone(), Value::Object(section));
    }
    if !counts.is_empty() {
        translated.insert(CLUSTER_STATE.to_owned(), Value::Object(counts));
    }
    translated
}

fn provider(ours: &str) -> &'static str {
    PROVIDERS.iter().find(|(name, _)| *name == ours).map_or("UNKNOWN", |(_, theirs)| theirs)
}

fn platform(fields: &Map<String, Value>) -> Map<String, Value> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let both = text("os").zip(text("arch"));
    let version = text("kubernetes_version").filter(|version| *version != UNKNOWN_VERSION);
    let pairs = [
        ("k8s_arch", both.map(|(os, arch)| format!("{os}/{arch}"))),
        ("k8sv", version.map(str::to_owned)),
        // Additions of vendors are removed already. They omit the word of a pre-release here.
        ("k8sv_semver", version.and_then(|version| version.split('-').next()).map(str::to_owned)),
        ("k8s_provider", text("provider").map(|ours| provider(ours).to_owned())),
        ("openshift_version", text("openshift_version").map(str::to_owned)),
    ];
    pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value?)))).collect()
}

fn counts_of(job: &str, fields: &Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    let of_job = COUNTS.iter().filter(move |(of, ..)| *of == job);
    of_job.filter_map(|(_, field, key)| Some(((*key).to_owned(), fields.get(*field)?.clone())))
}

fn short(mesh: &str) -> Option<&'static str> {
    MESHES.iter().find(|(name, _)| *name == mesh).map(|(_, short)| *short)
}

/// `mdep` names the meshes whose control plane is there, signal 3 of theirs. `mdist` counts services.
/// `kinm` also says by which signal a pod was recognised, which we do not send.
fn meshes(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut translated = Map::new();
    let deployed = fields.get("deployed").and_then(Value::as_array);
    let deployed = deployed.into_iter().flatten().filter_map(|mesh| short(mesh.as_str()?));
    let mut deployed: Vec<String> = deployed.map(|short| format!("{short}3")).collect();
    deployed.sort_unstable();
    if !deployed.is_empty() {
        translated.insert("mdep".to_owned(), json!(deployed.join(",")));
    }
    if let (Some(total), Some(Value::Object(by_mesh))) =
        (fields.get("services_total"), fields.get("services_by_mesh"))
    {
        let count =
            |(mesh, count): (&String, &Value)| Some(format!("{}{}", short(mesh)?, word(count)));
        let mut parts: Vec<String> = by_mesh.iter().filter_map(count).collect();
        parts.extend(the_other_kuma(by_mesh).iter().filter_map(|(mesh, of)| count((mesh, of))));
        parts.sort_unstable();
        parts.insert(0, format!("all{}", word(total)));
        translated.insert("mdist".to_owned(), json!(parts.join(",")));
    }
    translated
}

/// Pods of Kuma and of Kong Mesh look the same. We tell them apart by which of them is deployed; they count
/// such pods for both.
fn the_other_kuma(by_mesh: &Map<String, Value>) -> Option<(String, Value)> {
    let (kuma, kong) = (by_mesh.get("kuma"), by_mesh.get("kong-mesh"));
    match (kuma, kong) {
        (Some(count), None) => Some(("kong-mesh".to_owned(), count.clone())),
        (None, Some(count)) => Some(("kuma".to_owned(), count.clone())),
        _ => None,
    }
}

/// A number, or a bucket without its quotes.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn flags(fields: &Map<String, Value>) -> Map<String, Value> {
    let gates = fields.iter().filter(|(_, value)| value.is_boolean());
    gates.map(|(gate, on)| (format!("feature-{}", gate.to_ascii_lowercase()), on.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Dialect;
    use super::translate;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(report: &Value, expected: &str) {
        let report = translate(report.as_object().unwrap());
        assert_eq!(
            Dialect::Kong.line("kic-ping", &report).unwrap(),
            format!("<14>signal=kic-ping;{expected}\n")
        );
    }

    #[test]
    fn equal_facts_are_equal_bytes() {
        let table = [
            (
                json!({"identify-platform": {"os": "linux", "arch": "arm64"}}),
                "k8s_arch=linux/arm64;",
            ),
            (
                json!({"identify-platform": {"kubernetes_version": "v1.2.3"}}),
                "k8sv=v1.2.3;k8sv_semver=v1.2.3;",
            ),
            (json!({"identify-platform": {"provider": "GKE"}}), "k8s_provider=GKE;"),
            (json!({"identify-platform": {"provider": "rke2"}}), "k8s_provider=rke2;"),
            (json!({"identify-platform": {"provider": "EKS-Anywhere"}}), "k8s_provider=AWS;"),
            (json!({"identify-platform": {"provider": "Hetzner"}}), "k8s_provider=UNKNOWN;"),
            (json!({"identify-platform": {"provider": "UNKNOWN"}}), "k8s_provider=UNKNOWN;"),
            (
                json!({"identify-platform": {"openshift": true, "openshift_version": "4.14.8"}}),
                "openshift_version=4.14.8;",
            ),
            (
                json!({"cluster-state": {"pods": 150_000, "nodes": 0}}),
                "k8s_nodes_count=0;k8s_pods_count=150000;",
            ),
            (json!({"ingress-usage": {"ingresses": 1, "rules": 2}}), "k8s_ingresses_count=1;"),
            (json!({"mesh-detect": {"deployed": ["consul", "aws-app-mesh"]}}), "mdep=a3,c3;"),
            (json!({"mesh-detect": {"deployed": ["kuma", "kong-mesh"]}}), "mdep=k3,km3;"),
            (json!({"mesh-detect": {"services_total": 7, "services_by_mesh": {}}}), "mdist=all7;"),
            (
                json!({"mesh-detect": {"services_total": 7, "services_by_mesh": {"kuma": 5}}}),
                "mdist=all7,k5,km5;",
            ),
            (
                json!({"mesh-detect": {"services_total": 7, "services_by_mesh": {"kong-mesh": 5, "istio": 1}}}),
                "mdist=all7,i1,k5,km5;",
            ),
        ];
        for (report, expected) in table {
            check(&report, expected);
        }
    }

    #[test]
    fn a_report_of_our_jobs_is_the_line_of_the_ingress_controllers() {
        let report = json!({
            "identify-platform": {
                "arch": "arm64", "os": "linux", "provider": "GKE", "kubernetes_version": "v1.2.3",
            },
            "cluster-state": {"pods": 1, "services": 2, "nodes": 3, "namespaces": 4},
            "ingress-usage": {"ingresses": 6, "rules": 9},
            "gateway-usage": {
                "gateways": 2, "httproutes": 31, "udproutes": 5, "referencegrants": 7, "versions": ["v1"],
            },
            "mesh-detect": {
                "deployed": ["istio", "consul", "cilium"],
                "running_under": ["istio"],
                "services_total": 234,
                "services_by_mesh": {"istio": 32, "traefik": 20, "kuma": 50, "kong-mesh": 50},
            },
            "feature-flags": {"GatewayAlpha": true, "FillIDs": false, "other": 2},
        });
        // All their counts are of one workflow, so they are sorted together.
        check(
            &report,
            "feature-fillids=false;feature-gatewayalpha=true;k8s_arch=linux/arm64;k8s_provider=GKE;\
             k8sv=v1.2.3;k8sv_semver=v1.2.3;k8s_gateways_count=2;k8s_httproutes_count=31;\
             k8s_ingresses_count=6;k8s_nodes_count=3;k8s_pods_count=1;k8s_referencegrants_count=7;\
             k8s_services_count=2;k8s_udproutes_count=5;mdep=c3,i3;\
             mdist=all234,i32,k50,km50,t20;",
        );
    }

    #[test]
    fn only_one_of_the_two_versions_names_a_pre_release() {
        let report = json!({"identify-platform": {"kubernetes_version": "v1.30.0-rc"}});
        check(&report, "k8sv=v1.30.0-rc;k8sv_semver=v1.30.0;");
    }

    #[test]
    fn what_was_not_collected_has_no_key() {
        check(&json!({"identify-platform": {"kubernetes_version": "unknown"}}), "");
        check(
            &json!({"identify-platform": {"arch": "arm64"}, "mesh-detect": {"deployed": []}}),
            "",
        );
        check(&json!({"cluster-state": {"pods": "21-100"}}), "k8s_pods_count=21-100;");
    }

    #[test]
    fn parts_of_the_user_stay_as_they_are() {
        check(&json!({"mine": {"pods": 1}, "v": "3.5.0"}), "pods=1;v=3.5.0;");
    }
}
