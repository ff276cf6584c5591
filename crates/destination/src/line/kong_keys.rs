//! The keys of Kong's ingress controllers for the facts of our own jobs.
//!
//! A fact that they do not send is omitted. Parts of a report that are not from our jobs stay as they are.

use serde_json::{Map, Value, json};

/// Counts: a job, a field, and its key.
const COUNTS: [(&str, &str, &str); 11] = [
    ("cluster-state", "pods", "k8s_pods_count"),
    ("cluster-state", "services", "k8s_services_count"),
    ("cluster-state", "nodes", "k8s_nodes_count"),
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

/// Gives a report with their keys.
pub(super) fn translate(report: &Map<String, Value>) -> Map<String, Value> {
    let section = |(job, value): (&String, &Value)| {
        let translated = match (job.as_str(), value) {
            ("identify-platform", Value::Object(fields)) => platform(fields),
            ("cluster-state" | "gateway-usage", Value::Object(fields)) => counts(job, fields),
            ("mesh-detect", Value::Object(fields)) => meshes(fields),
            ("feature-flags", Value::Object(fields)) => flags(fields),
            _ => return (job.clone(), value.clone()),
        };
        (job.clone(), Value::Object(translated))
    };
    report.iter().map(section).collect()
}

fn platform(fields: &Map<String, Value>) -> Map<String, Value> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let both = text("os").zip(text("arch"));
    let version = text("kubernetes_version");
    let pairs = [
        ("k8s_arch", both.map(|(os, arch)| format!("{os}/{arch}"))),
        ("k8sv", version.map(str::to_owned)),
        // Additions of vendors are removed already. They omit the word of a pre-release here.
        ("k8sv_semver", version.and_then(|version| version.split('-').next()).map(str::to_owned)),
        ("k8s_provider", text("provider").map(str::to_owned)),
        ("openshift_version", text("openshift_version").map(str::to_owned)),
    ];
    pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value?)))).collect()
}

fn counts(job: &str, fields: &Map<String, Value>) -> Map<String, Value> {
    let of_job = COUNTS.iter().filter(|(of, ..)| *of == job);
    of_job
        .filter_map(|(_, field, key)| Some(((*key).to_owned(), fields.get(*field)?.clone())))
        .collect()
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
        parts.sort_unstable();
        parts.insert(0, format!("all{}", word(total)));
        translated.insert("mdist".to_owned(), json!(parts.join(",")));
    }
    translated
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
    fn a_report_of_our_jobs_is_the_line_of_the_ingress_controllers() {
        let report = json!({
            "identify-platform": {
                "arch": "arm64", "os": "linux", "provider": "GKE", "kubernetes_version": "v1.2.3",
            },
            "cluster-state": {"pods": 1, "services": 2, "nodes": 3, "namespaces": 4},
            "gateway-usage": {"gateways": 2, "httproutes": 31, "versions": ["v1"]},
            "mesh-detect": {
                "deployed": ["istio", "consul", "cilium"],
                "running_under": ["istio"],
                "services_total": 234,
                "services_by_mesh": {"istio": 32, "traefik": 20, "kuma": 50, "kong-mesh": 50},
            },
            "feature-flags": {"GatewayAlpha": true, "FillIDs": false, "other": 2},
        });
        check(
            &report,
            "feature-fillids=false;feature-gatewayalpha=true;k8s_arch=linux/arm64;k8s_provider=GKE;\
             k8sv=v1.2.3;k8sv_semver=v1.2.3;k8s_gateways_count=2;k8s_httproutes_count=31;\
             k8s_nodes_count=3;k8s_pods_count=1;k8s_services_count=2;mdep=c3,i3;\
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
