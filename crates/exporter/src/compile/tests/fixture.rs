//! Settings, a cluster and Exporters for tests.

use std::collections::BTreeMap;
use std::time::Duration;

use ktel_metricsql::{Selector, Store, Version};

use crate::compile::{Cluster, Compiled, Input, Kind, Kinds, Labels, Object, compile};
use crate::plan::{ExporterId, LateData, OnExhausted, Selection};
use crate::resource::quotes::Query;
use crate::resource::spec::{
    Authentication, Batch, Group, KindName, KindSelector, LabelSelector, Limits, Metrics, Operator,
    OtlpHttp, Profile, Requirement, ResourceSelector, Retry, Sink, Source, Spec,
};
use crate::resource::{FieldPath, Finding};
use crate::settings::Settings;
use crate::time::Millis;

pub(super) const STORE: Store = Store::VictoriaMetrics(Version::new(1, 145));

/// Settings with more lines of YAML.
pub(super) fn settings(more: &str) -> Settings {
    let text = format!(
        "ktel: 1\n\
         store: {{kind: victoria-metrics, version: '1.145', url: 'http://vm:8428'}}\n\
         tenancy: {{labels: {{tenant: {{namespace_label: example.com/tenant}}}}}}\n{more}"
    );
    Settings::parse(&text, "settings.yaml").unwrap()
}

pub(super) fn without_tenants() -> Settings {
    let text = "{ktel: 1, store: {kind: victoria-metrics, version: '1.145', url: 'http://vm'}, tenancy: {single_tenant: true}}";
    Settings::parse(text, "settings.yaml").unwrap()
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn kind(group: &str, kind: &str, plural: &str) -> (Kind, String) {
    (Kind { group: group.to_owned(), kind: kind.to_owned() }, plural.to_owned())
}

/// Two namespaces of a tenant, one of another, and one of nobody.
pub(super) fn cluster() -> Cluster {
    let namespace = |name: &str, pairs: &[(&str, &str)]| (name.to_owned(), labels(pairs));
    Cluster {
        namespaces: BTreeMap::from([
            namespace("shop", &[("example.com/tenant", "me"), ("environment", "production")]),
            namespace("shop-test", &[("example.com/tenant", "me"), ("environment", "test")]),
            namespace("other", &[("example.com/tenant", "other"), ("environment", "production")]),
            namespace("nobody", &[]),
        ]),
        kinds: Kinds::new([
            kind("", "Pod", "pods"),
            kind("apps", "Deployment", "deployments"),
            kind("gateway.networking.k8s.io", "Gateway", "gateways"),
            kind("networking.example.com", "Gateway", "gateways"),
            kind("networking.example.com", "Domain", "domains"),
            kind("compute.example.com", "Workload", "workloads"),
        ]),
        objects: BTreeMap::new(),
    }
}

pub(super) fn object(namespace: &str, name: &str, pairs: &[(&str, &str)]) -> Object {
    Object { namespace: namespace.to_owned(), name: name.to_owned(), labels: labels(pairs) }
}

pub(super) fn source(name: &str, query: Option<&str>, selectors: Vec<ResourceSelector>) -> Source {
    Source {
        path: FieldPath::spec().field("sources").item(0),
        name: name.to_owned(),
        metrics: Metrics { query: query.map(Query::new), selectors, step: Duration::from_secs(60) },
        backfill: None,
        lag_min: None,
        late_data: LateData::Off,
    }
}

/// A selector of the Exporter's namespace, with everything else open.
pub(super) fn selector() -> ResourceSelector {
    let metrics = FieldPath::spec().field("sources").item(0).field("metrics");
    ResourceSelector {
        path: metrics.field("resourceSelectors").item(0),
        namespaces: None,
        labels: LabelSelector::default(),
        kinds: Vec::new(),
    }
}

pub(super) fn kinds(groups: &[&str], names: &[&str]) -> KindSelector {
    let group = |name: &&str| match *name {
        "*" => Group::Any,
        name => Group::Named(name.to_owned()),
    };
    let name = |name: &&str| match *name {
        "*" => KindName::Any,
        name if name.starts_with(char::is_uppercase) => KindName::Kind(name.to_owned()),
        name => KindName::Resource(name.to_owned()),
    };
    KindSelector {
        groups: groups.iter().map(group).collect(),
        names: names.iter().map(name).collect(),
    }
}

pub(super) fn requires(key: &str, operator: Operator) -> LabelSelector {
    LabelSelector { requirements: vec![Requirement { key: key.to_owned(), operator }] }
}

pub(super) fn is_in(key: &str, values: &[&str]) -> LabelSelector {
    requires(key, Operator::In(values.iter().map(|value| (*value).to_owned()).collect()))
}

pub(super) fn sink() -> Sink {
    let path = FieldPath::spec().field("sinks").item(0);
    Sink {
        name: "out".to_owned(),
        otlp_http: OtlpHttp {
            path: path.field("otlp_http"),
            endpoint: "https://otlp.example.com/v1/metrics".parse().unwrap(),
            authentication: Authentication::None,
            headers: Vec::new(),
            headers_from: Vec::new(),
            authorities: None,
            server_name: None,
            compression: None,
        },
        path,
        sources: None,
        batch: Batch {
            is_enabled: true,
            timeout: Duration::from_secs(5),
            points_max: 500,
            bytes_max: None,
        },
        retry: Retry {
            attempts_max: 3,
            backoff: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            on_exhausted: OnExhausted::Hold,
        },
        profile: Profile::Generic,
        temporality: None,
        limits: Limits::default(),
    }
}

/// Compiles an Exporter in the namespace `shop`.
pub(super) fn compiled(spec: &Spec, settings: &Settings, cluster: &Cluster) -> Compiled {
    in_namespace("shop", spec, settings, cluster)
}

pub(super) fn in_namespace(
    namespace: &str,
    spec: &Spec,
    settings: &Settings,
    cluster: &Cluster,
) -> Compiled {
    let id = ExporterId {
        namespace: namespace.to_owned(),
        name: "exporter".to_owned(),
        uid: "1".to_owned(),
    };
    let added = BTreeMap::new();
    let input = Input { id: &id, generation: 1, spec, created: Millis(1_000), added: &added };
    compile(input, settings, cluster)
}

/// Compiles one source, and gives what is read, as it is sent, and the findings.
pub(super) fn sent_with(
    source: Source,
    settings: &Settings,
    cluster: &Cluster,
) -> (Vec<String>, Vec<Finding>) {
    let spec = Spec { sources: vec![source], ..Spec::default() };
    let Compiled { plan, findings, .. } = compiled(&spec, settings, cluster);
    let selection = plan.and_then(|plan| plan.sources.into_iter().next());
    let sent = match selection.map(|source| source.selection) {
        None => vec!["nothing".to_owned()],
        Some(Selection::Raw(selectors)) => selectors.into_iter().map(printed).collect(),
        Some(Selection::Expression { expr, .. }) => vec![STORE.query(&expr).unwrap()],
    };
    (sent, findings)
}

fn printed(selector: Selector) -> String {
    STORE.query(&selector.into()).unwrap()
}

/// The findings as `path: reason` of errors, and `path? reason` of warnings.
pub(super) fn shown(findings: &[Finding]) -> Vec<String> {
    let sign = |finding: &Finding| if finding.is_error() { ':' } else { '?' };
    findings
        .iter()
        .map(|finding| format!("{}{} {}", finding.path, sign(finding), finding.reason))
        .collect()
}
