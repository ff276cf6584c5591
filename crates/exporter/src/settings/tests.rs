use std::path::PathBuf;
use std::time::Duration;

use ktel_metricsql::Version;

use super::{Error, LabelKeys, Reach, Resolve, Settings, ValueFrom};
use crate::source::StoreKind;

const SMALL: &str = "
ktel: 1
store: {kind: victoria-metrics, version: '1.145', url: 'http://vm:8428'}
tenancy: {labels: {tenant: {namespace_label: example.com/tenant}}}
";

fn parse(text: &str) -> Result<Settings, Error> {
    Settings::parse(text, "settings.yaml")
}

#[test]
fn a_small_file_has_the_defaults() {
    let settings = parse(SMALL).unwrap();
    assert_eq!(settings.store.kind, StoreKind::VictoriaMetrics(Version::new(1, 145)));
    let label = ValueFrom::NamespaceLabel("example.com/tenant".to_owned());
    assert_eq!(settings.tenancy.labels, [("tenant".to_owned(), label)]);
    let resources = &settings.resources;
    let names = [&resources.group, &resources.kind, &resources.namespace, &resources.name];
    assert_eq!(names, ["service_name", "resource_kind", "resource_namespace", "resource_name"]);
    assert_eq!(resources.label("app.kubernetes.io/name"), "label_app_kubernetes_io_name");
    assert_eq!((resources.resolve, resources.namespaces), (Resolve::Metrics, Reach::Own));
    assert!(!settings.egress.allows_http && !settings.egress.uses_proxy);
    assert_eq!(settings.reading.lag, Duration::from_secs(15));
    assert_eq!(settings.limits.memory_bytes_max, 64 * 1024 * 1024);
    assert_eq!(settings.query_bytes_max(), 16 * 1024);
}

#[test]
fn every_key_is_read() {
    let page = include_str!("../../../../docs/reference/exporter-settings.md");
    let (_, example) = page.split_once("```yaml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let settings = parse(example).unwrap();
    assert_eq!(
        settings.store.url.as_str(),
        "https://vmselect.monitoring.svc:8481/select/%7Btenant%7D/prometheus"
    );
    assert_eq!(settings.store.ca_file, Some(PathBuf::from("/etc/ktel/store/ca.crt")));
    let labels: Vec<&str> =
        settings.tenancy.labels.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["cluster", "namespace", "project"]);
    assert_eq!(settings.tenancy.labels[0].1, ValueFrom::Fixed("prod-1".to_owned()));
    assert_eq!(settings.tenancy.labels[1].1, ValueFrom::NamespaceName);
    assert!(settings.tenancy.path.is_some());
    assert_eq!(settings.resources.label_keys, LabelKeys::Underscores);
    assert_eq!(settings.egress.allowed, ["10.20.0.0/16".parse().unwrap()]);
    assert_eq!(settings.egress.ports, [443, 4318]);
    assert_eq!(settings.limits.tenant.bytes_per_second, 32 * 1024 * 1024);
}

#[test]
fn what_is_wrong_is_named_with_its_key() {
    let cut = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        SMALL.replace(from, to)
    };
    let more = |more: &str| format!("{SMALL}{more}\n");
    for (text, expected) in [
        (String::new(), "unexpected end of input"),
        ("ktel: 1".to_owned(), "missing field `store`"),
        (cut("ktel: 1", "ktel: 2"), "only `ktel: 1` is known"),
        (cut("tenancy: {", "tenancy: {zzz: 1, "), "unknown field `zzz`"),
        (cut(", version: '1.145'", ""), "`store.version`: it is missing"),
        (cut("1.145", "latest"), "`store.version`: `latest` is no version"),
        (cut("victoria-metrics", "prometheus"), "only `kind: victoria-metrics` has a version"),
        (cut("victoria-metrics", "influx"), "unknown variant `influx`"),
        (cut("http://vm:8428", "vm:8428"), "`store.url`: it is no http"),
        (cut("http://vm:8428", "http://u:p@vm"), "`store.url`: it has a user or a password"),
        (cut("http://vm:8428", "http://vm?a=b"), "`store.url`: it has a query"),
        (
            cut("http://vm:8428", "http://{tenant}"),
            "`{tenant}` stands at most once, and in the path",
        ),
        (cut("http://vm:8428", "http://vm/{tenant}"), "`tenancy.path`: it stands for `{tenant}`"),
        (
            cut("labels: {tenant: {namespace_label: example.com/tenant}}", ""),
            "neither `labels` nor `path`",
        ),
        (cut("tenancy: {", "tenancy: {single_tenant: true, "), "`tenancy.single_tenant`"),
        (cut("tenancy: {", "tenancy: {path: namespace_name, "), "`tenancy.path`: it stands for"),
        (cut("example.com/tenant", "''"), "`tenancy.labels.tenant`: it is empty"),
        (cut("{tenant:", "{__name__:"), "it is the name of the metric"),
        (cut("namespace_label", "namespace_annotation"), "unknown variant `namespace_annotation`"),
        (more("resources: {group: ''}"), "`resources.group`: the name of a label is empty"),
        (more("resources: {resolve: maybe}"), "unknown variant `maybe`"),
        (
            more("egress: {allowed_networks: [10.0.0.0]}"),
            "`egress.allowed_networks[0]`: `10.0.0.0` is no network",
        ),
        (more("egress: {denied_networks: [10.0.0.1/8]}"), "10.0.0.0/8 has none"),
        (more("egress: {ports: [0]}"), "0 is no port"),
        (more("egress: {ports: [65536]}"), "65536 is no port"),
        (more("reading: {window: 11m}"), "`reading.window`: 11m is not between 1s and 600s"),
        (more("reading: {window: fast}"), "`fast` is no duration"),
        (more("reading: {lag: 2s}"), "`reading.lag`: it is shorter than `lag_min`"),
        (more("limits: {memory: 1Mi}"), "`limits.memory`: 1Mi is not between"),
        (more("limits: {memory: 64MB}"), "`64MB` is no number of bytes"),
        (more("limits: {tenant: {query_bytes_max: 1}}"), "1 is not between 1024 and 1048576"),
        (more("limits: {store_requests_max: 0}"), "0 is not between 1 and"),
    ] {
        let error = parse(&text).map(|_| ()).unwrap_err().to_string();
        assert!(
            error.starts_with("`settings.yaml` is no settings file of the exporter: "),
            "{error}"
        );
        assert!(error.contains(expected), "expected `{expected}` in: {error}");
    }
}

#[test]
fn one_tenant_has_to_be_said() {
    let text = SMALL
        .replace("labels: {tenant: {namespace_label: example.com/tenant}}", "single_tenant: true");
    assert!(parse(&text).unwrap().tenancy.labels.is_empty());
}

#[test]
fn a_store_is_opened_with_its_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("authorization");
    std::fs::write(&file, "Bearer abc\n").unwrap();
    let mut settings = parse(SMALL).unwrap();
    settings.store.authorization_file = Some(file.clone());
    let store = settings.store.open().unwrap();
    assert_eq!(store.authorization.as_ref().map(ktel_delivery::Secret::reveal), Some("Bearer abc"));
    std::fs::remove_file(file).unwrap();
    assert!(settings.store.open().is_err());
}
