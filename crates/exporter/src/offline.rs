//! Compiles Exporters of files, without a cluster. What only a cluster knows is named, and not guessed.

use std::collections::BTreeMap;

use kube::ResourceExt;

use crate::compile::{Cluster, Input, Labels, compile};
use crate::plan::ExporterId;
use crate::resource::{Exporter, FieldPath, Finding, normalise};
use crate::settings::{Settings, Tenancy, ValueFrom};
use crate::time::Millis;

/// What findings say whose reason lies in the absent cluster: its kinds and objects, and the labels of its Namespaces.
const OF_CLUSTER: [&str; 4] = ["NotReady", "UnknownKind", "NothingSelected", "NamespaceNotAllowed"];

/// The namespace of an Exporter that names none.
pub const NAMESPACE: &str = "default";

/// Gives a cluster in which nothing is known but the labels of one namespace.
#[must_use]
pub fn cluster(namespace: &str, labels: &Labels) -> Cluster {
    let namespaces = BTreeMap::from([(namespace.to_owned(), labels.clone())]);
    Cluster { namespaces, ..Cluster::default() }
}

/// Says what the operator's settings find wrong with an Exporter. What would need the cluster is a warning that says so.
#[must_use]
pub fn findings(exporter: &Exporter, settings: &Settings, labels: &Labels) -> Vec<Finding> {
    let namespace = exporter.namespace().unwrap_or_else(|| NAMESPACE.to_owned());
    let (spec, _) = normalise(&exporter.spec);
    let cluster = cluster(&namespace, labels);
    let id = ExporterId { namespace, name: exporter.name_any(), uid: String::new() };
    let (created, added) = (Millis::default(), BTreeMap::new());
    let input = Input { id: &id, generation: 1, spec: &spec, created, added: &added };
    let mut findings = Vec::new();
    let missing = missing_labels(settings, labels);
    let compiled = if missing.is_empty() {
        compile(input, settings, &cluster)
    } else {
        let path = FieldPath::root().field("metadata").field("namespace");
        let message = format!(
            "whose data it is was not checked: {} of the Namespace says it, which is not known here",
            missing.join(" and ")
        );
        findings.push(Finding::warning(path, "NotChecked", message));
        // What does not depend on the tenant is checked nevertheless.
        let settings = Settings { tenancy: Tenancy::default(), ..settings.clone() };
        compile(input, &settings, &cluster)
    };
    for finding in compiled.findings {
        if OF_CLUSTER.contains(&finding.reason) {
            let message = "what it selects was not checked: only the cluster knows";
            findings.push(Finding::warning(finding.path, "NotChecked", message));
        } else {
            findings.push(finding);
        }
    }
    findings
}

/// Names the labels of a Namespace that say whose data it is, and are not given.
fn missing_labels(settings: &Settings, labels: &Labels) -> Vec<String> {
    let Tenancy { labels: enforced, path } = &settings.tenancy;
    let values = enforced.iter().map(|(_, value)| value).chain(path);
    let missing = values.filter_map(|value| match value {
        ValueFrom::NamespaceLabel(key) if !labels.contains_key(key) => Some(key),
        ValueFrom::NamespaceLabel(_) | ValueFrom::NamespaceName | ValueFrom::Fixed(_) => None,
    });
    missing.map(|key| format!("the label `{key}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Finding, Labels, Settings, findings};
    use crate::resource::Exporter;
    use serde_json::json;

    fn exporter(metrics: &serde_json::Value, endpoint: &str) -> Exporter {
        serde_json::from_value(json!({
            "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
            "metadata": {"name": "a", "namespace": "shop"},
            "spec": {
                "sources": [{"name": "a", "metrics": metrics}],
                "sinks": [{"name": "b", "otlp_http": {"endpoint": endpoint}}],
            },
        }))
        .unwrap()
    }

    fn settings() -> Settings {
        let text = "ktel: 1
store: {kind: victoria-metrics, version: '1.145', url: 'http://vm.example.com'}
tenancy: {labels: {project: {namespace_label: example.com/project}}}
";
        Settings::parse(text, "settings.yaml").unwrap()
    }

    fn said(findings: &[Finding]) -> Vec<String> {
        let one = |finding: &Finding| {
            format!("{} {} {}", finding.is_error(), finding.path, finding.reason)
        };
        findings.iter().map(one).collect()
    }

    #[test]
    fn without_the_namespaces_label_all_but_the_tenant_is_checked() {
        let exporter = exporter(&json!({"metricsql": "{project='other'}"}), "http://192.0.2.1/");
        let found = findings(&exporter, &settings(), &Labels::new());
        let expected = [
            "false metadata.namespace NotChecked",
            "true spec.sinks[0].otlp_http.endpoint AddressNotAllowed",
        ];
        assert_eq!(said(&found), expected, "{found:?}");
        assert!(found[0].message.contains("`example.com/project`"), "{found:?}");
    }

    #[test]
    fn with_the_label_a_strangers_query_is_an_error() {
        let exporter =
            exporter(&json!({"metricsql": "{project='other'}"}), "https://otlp.example.com/");
        let labels = Labels::from([("example.com/project".to_owned(), "mine".to_owned())]);
        let found = findings(&exporter, &settings(), &labels);
        assert_eq!(said(&found), ["true spec.sources[0].metrics.metricsql NotOfTenant"]);
    }

    #[test]
    fn what_only_the_cluster_knows_is_a_warning() {
        let selector = json!({"resourceSelectors": [{"kinds": [{"apiGroups": ["example.com"], "resources": ["gateways"]}]}]});
        let exporter = exporter(&selector, "https://otlp.example.com/");
        let labels = Labels::from([("example.com/project".to_owned(), "mine".to_owned())]);
        let found = findings(&exporter, &settings(), &labels);
        assert!(!found.is_empty());
        assert!(found.iter().all(|finding| finding.reason == "NotChecked"), "{found:?}");
        assert!(!found.iter().any(Finding::is_error), "{found:?}");
    }
}
