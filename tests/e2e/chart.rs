//! What the chart makes of its values, without a cluster.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::helm::{CHART, Helm, documents, name};
use crate::program::ktel;
use crate::roles::rights_in;

/// Everything that there is, with nobody who said no.
pub(crate) const EVERYTHING: &str = "
commonLabels: {team: telemetry}
trust: {configMap: authorities}
image: {pullSecrets: [registry]}
agent:
  enabled: true
  preset: kamaji
  config: {namespace: kamaji-system, servers: ['https://telemetry.example.com/v1/reports']}
  credentials: {token: {secret: tokens, key: ingest}, splunkToken: {secret: splunk}}
  pod: {nodeSelector: {kubernetes.io/os: linux}, annotations: {example.com/note: hello}}
  serviceMonitor: {enabled: true, interval: 5m}
report:
  enabled: true
  workflow: gateway
  servers: ['https://telemetry.example.com/v1/reports', 'splunk://splunk.example.com']
  product: {name: acme, namespace: acme-system, selector: 'app=acme', publishService: acme-system/gateway}
  readHelmRelease: true
  coarse: true
  credentials: {token: {secret: tokens, key: ingest}}
server:
  enabled: true
  public: true
  publicPages: [acme, example-gateway]
  legacy: {enabled: true, compat: true}
  tokens: {secret: tokens}
  schemas: {acme.yaml: 'kts: 1'}
  products: {acme.yaml: 'ktel: 1'}
  ingress: {enabled: true, className: example, host: telemetry.example.com, tlsSecret: certificate}
  networkPolicy:
    enabled: true
    from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}]
  serviceMonitor: {enabled: true, interval: 1m}
exporter:
  enabled: true
  definition: {install: false}
  config:
    store: {kind: victoria-metrics, version: '1.145', url: 'http://vmsingle.monitoring.svc:8428'}
    tenancy: {labels: {namespace: namespace_name}}
    resources: {resolve: objects}
  storeCredentials: {secret: store}
  objects: [gateways.gateway.networking.k8s.io]
  replicas: 2
  serviceMonitor: {enabled: true, interval: 30s}
  alerts: {enabled: true}
  dashboard: {enabled: true}
";

/// The parts that keep state elsewhere, or none.
const ELSEWHERE: &str = "
verbose: true
security: {user: null}
agent:
  enabled: true
  config: {product: acme, schemas: [acme.yaml], lifecycle: [{resource: configmaps, created: acme}]}
  schemas: {acme.yaml: 'kts: 1'}
  preview: true
  replicas: 2
  state: {kind: none}
server:
  enabled: true
  replicas: 3
  tokens: {secret: tokens}
  store: {postgres: {secret: database}}
";

fn off(values: &str) -> String {
    format!("{values}\ntelemetry: {{disabled: true}}\n")
}

#[test]
fn helm_finds_nothing_to_complain_of() {
    let helm = Helm::find();
    for values in ["{}", EVERYTHING, ELSEWHERE, &off(EVERYTHING)] {
        let values = helm.values(values);
        let said = helm.run(None, &["lint", "--strict", CHART, "--values", &values]);
        assert!(said.as_ref().is_ok_and(|said| !said.contains("WARNING")), "{said:?}");
    }
}

#[test]
fn what_is_rendered_is_what_was_reviewed() {
    let helm = Helm::find();
    insta::assert_snapshot!("everything", helm.template(EVERYTHING).expect("it can be rendered"));
    insta::assert_snapshot!("elsewhere", helm.template(ELSEWHERE).expect("it can be rendered"));
}

#[test]
fn nothing_that_could_send_is_there_unless_asked_for_nor_where_somebody_says_no() {
    let helm = Helm::find();
    assert_eq!(helm.objects("{}"), Vec::<Value>::new());
    let names: Vec<String> = helm.objects(&off(EVERYTHING)).iter().map(name).collect();
    let mut expected = [
        "PersistentVolumeClaim",
        "ConfigMap",
        "Service",
        "Deployment",
        "Ingress",
        "NetworkPolicy",
        "ServiceAccount",
        "ServiceMonitor",
    ]
    .map(|kind| format!("{kind}/x-ktel-server"))
    .to_vec();
    expected.push("ConfigMap/x-ktel-server-products".to_owned());
    expected.sort();
    let mut sorted = names;
    sorted.sort();
    assert_eq!(sorted, expected);
    // Not even a mistake in what is off stands in the way of off.
    let broken = "{agent: {enabled: true}, report: {enabled: true, jobs: [nonsense]}, telemetry: {disabled: true}}";
    assert_eq!(helm.objects(broken), Vec::<Value>::new());
}

#[test]
fn what_cannot_work_is_rejected_with_what_to_do() {
    let helm = Helm::find();
    let check = |values: &str, said: &str| {
        let rejected = helm.template(values).expect_err(values);
        assert!(rejected.contains(said), "{values}: {rejected}");
    };
    check("{agnet: {enabled: true}}", "additional properties 'agnet' not allowed");
    check("{agent: {enabeld: true}}", "'enabeld' not allowed");
    check("{server: {minGroupSize: 4}}", "minimum");
    check("{server: {publicPages: [acme, Acme]}}", "/server/publicPages/1");
    check("{server: {publicPages: acme}}", "/server/publicPages");
    check("{image: {tag: latest}}", "/image/tag");
    check("{agent: {config: {state: /x}}}", "invalid propertyName 'state'");
    check("{agent: {config: {telemetry: {disabled: true}}}}", "invalid propertyName 'telemetry'");
    check("{report: {servers: ['https://user:hunter2@example.com']}}", "/report/servers/0");
    check(
        "{agent: {config: {servers: [{url: 'https://u:p@example.com'}]}}}",
        "/agent/config/servers/0",
    );
    check("{security: {user: 0}}", "/security/user");
    check("{agent: {enabled: true}}", "`agent.preset`");
    check("{agent: {enabled: true, preset: kamaji}}", "nowhere to send to");
    check(
        "{agent: {enabled: true, preset: kamaji, preview: true, config: {schemas: [a.yaml]}}}",
        "has no `a.yaml`",
    );
    check(
        "{agent: {enabled: true, preset: kamaji, preview: true, replicas: 2}}",
        "share one volume",
    );
    check("{report: {enabled: true, jobs: [cluster-state]}}", "nowhere to go");
    let servers = "servers: ['https://example.com']";
    check(&format!("{{report: {{enabled: true, {servers}}}}}"), "name either jobs");
    check(
        &format!("{{report: {{enabled: true, jobs: [a], workflow: all, {servers}}}}}"),
        "name either jobs",
    );
    check(&format!("{{report: {{enabled: true, jobs: [a], {servers}}}}}"), "no job is called `a`");
    check(&format!("{{report: {{enabled: true, workflow: a, {servers}}}}}"), "there are: all");
    check("{server: {enabled: true, replicas: 2}}", "take PostgreSQL");
    check(
        "{server: {enabled: true, replicas: 2, store: {postgres: {secret: a}}}}",
        "server.tokens.secret",
    );
    check("{server: {enabled: true, ingress: {enabled: true}}}", "server.ingress.host");
}

/// Compares what the chart's roles allow with what the program prints, in every namespace.
#[track_caller]
fn same_rights(chart: &[Value], program: &[Value], what: &str) {
    for namespace in ["obs", "kamaji-system", "acme-system"] {
        let allowed = rights_in(namespace, chart);
        assert!(!allowed.is_empty() || what == "feature-flags", "{what} may do nothing");
        assert_eq!(allowed, rights_in(namespace, program), "{what} in {namespace}");
    }
}

#[test]
fn an_agents_roles_are_those_that_the_program_prints_for_its_configuration() {
    let helm = Helm::find();
    let here = "servers: ['https://example.com/v1/reports']";
    let tables = [
        format!("preset: kamaji, config: {{{here}, namespace: kamaji-system}}"),
        format!("preset: kamaji-flat, config: {{{here}}}"),
        format!("preset: kamaji, config: {{{here}, namespace: acme-system, product: kamaji-two}}"),
        format!(
            "config: {{{here}, product: acme, facts: {{uuid: installation, kamaji_version: '=1'}}, \
             lifecycle: [{{resource: configmaps, created: kamaji-create}}, \
             {{resource: routes.serving.knative.dev, deleted: kamaji-delete}}]}}"
        ),
        format!("config: {{{here}, product: acme, stats: {{jobs: [cluster-state, mesh-detect]}}}}"),
        format!(
            "config: {{{here}, product: acme, stats: {{schema: kamaji-stats, groups: \
             [{{resource: pods, path: .status.phase, other: running}}]}}}}"
        ),
    ];
    for table in tables {
        let objects = helm.objects(&format!("agent: {{enabled: true, {table}}}"));
        let config = objects.iter().find(|object| object["kind"] == "ConfigMap");
        let config = config.expect("its configuration")["data"]["agent.yaml"].as_str();
        let file = helm.values(config.expect("a text"));
        let run = ktel(Path::new("/nonexistent"), &format!("agent rbac --config {file}"));
        assert_eq!(run.code, 0, "{table}: {}", run.stderr);
        same_rights(&objects, &documents(&run.stdout), &table);
    }
}

#[test]
fn a_reports_roles_are_those_that_the_program_prints_for_its_jobs() {
    let helm = Helm::find();
    let run = ktel(Path::new("/nonexistent"), "jobs list --output json");
    let jobs: Vec<Value> = serde_json::from_str(&run.stdout).expect("JSON");
    let mut tables: Vec<(String, String)> = jobs
        .iter()
        .map(|job| job["name"].as_str().expect("a name"))
        .map(|job| (format!("jobs: [{job}]"), format!("--jobs {job}")))
        .collect();
    let all: Vec<&str> = jobs.iter().filter_map(|job| job["name"].as_str()).collect();
    tables.push(("workflow: all".to_owned(), format!("--jobs {}", all.join(","))));
    tables.push((
        "jobs: [cluster-state], readHelmRelease: true, product: {namespace: acme-system}"
            .to_owned(),
        "--jobs cluster-state --read-helm-release acme-system".to_owned(),
    ));
    for (values, words) in tables {
        let objects = helm.objects(&format!(
            "report: {{enabled: true, servers: ['https://example.com'], {values}}}"
        ));
        let run = ktel(Path::new("/nonexistent"), &format!("jobs rbac {words}"));
        assert_eq!(run.code, 0, "{values}: {}", run.stderr);
        same_rights(&objects, &documents(&run.stdout), &values);
    }
}

/// Every path of values, as far as the schema knows what is in it.
fn paths(schema: &Value, root: &Value, at: &str, into: &mut BTreeSet<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(place) => root.pointer(place.trim_start_matches('#')).expect("a definition"),
        None => schema,
    };
    match (schema["additionalProperties"] == Value::Bool(false), &schema["properties"]) {
        (true, Value::Object(properties)) if !at.ends_with(".resources") => {
            for (name, inner) in properties {
                paths(inner, root, &format!("{at}.{name}"), into);
            }
        }
        _ => drop(into.insert(at.to_owned())),
    }
}

#[test]
fn the_schema_and_the_defaults_speak_of_the_same_values() {
    let read = |name: &str| {
        std::fs::read_to_string(Path::new(CHART).join(name)).expect("a file of the chart")
    };
    let schema: Value = serde_json::from_str(&read("values.schema.json")).expect("JSON");
    let values = documents(&read("values.yaml")).remove(0);
    let mut declared = BTreeSet::new();
    paths(&schema, &schema, "", &mut declared);
    declared.remove(".global");
    for path in &declared {
        let there = values.pointer(&path.replace('.', "/"));
        assert!(there.is_some(), "{path} has no default");
    }
    let table = read("README.md");
    let documented = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let documented: BTreeSet<String> = documented.map(|name| format!(".{name}")).collect();
    assert_eq!(documented, declared);
}
