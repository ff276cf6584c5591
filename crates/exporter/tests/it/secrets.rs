use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ktel_exporter::control::changes::{Change, Changes};
use ktel_exporter::control::secrets::{Known, SecretName, Secrets};
use ktel_testkit::api_server::ApiServer;
use tokio::time::timeout;

use crate::cluster::{client, namespace};

const SOON: Duration = Duration::from_secs(30);

fn named(name: &str) -> SecretName {
    SecretName { namespace: "secrets".into(), name: name.into() }
}

fn apply(server: &ApiServer, name: &str, token: &str) {
    let manifest = format!(
        "{{apiVersion: v1, kind: Secret, metadata: {{name: {name}, namespace: secrets}}, stringData: {{token: {token}}}}}"
    );
    server.apply(&manifest).expect("it is applied");
}

fn token(known: &Known) -> String {
    let Known::Present(data) = known else { panic!("{known:?}") };
    String::from_utf8(data["token"].0.clone()).expect("a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_read_by_name_and_its_changes_are_noted() {
    let server = ApiServer::shared();
    namespace(server, "secrets");
    let changes = Arc::new(Changes::default());
    let mut secrets = Secrets::new(client(server).await, Arc::clone(&changes));
    let next = || async {
        timeout(SOON, changes.wait()).await.expect("a change is noted");
        changes.take()
    };
    let only = |name| BTreeSet::from([Change::Secret(named(name))]);

    secrets.watch(&BTreeSet::from([named("grafana")]));
    assert_eq!(next().await, only("grafana"));
    assert!(matches!(secrets.get(&named("grafana")), Known::Absent));
    apply(server, "grafana", "one");
    assert_eq!(next().await, only("grafana"));
    assert_eq!(token(&secrets.get(&named("grafana"))), "one");
    // A Secret that nobody names is no change.
    apply(server, "other", "x");
    apply(server, "grafana", "two");
    assert_eq!(next().await, only("grafana"));
    assert_eq!(token(&secrets.get(&named("grafana"))), "two");
    assert!(matches!(secrets.get(&named("other")), Known::Pending));

    secrets.watch(&BTreeSet::from([named("other")]));
    assert_eq!(next().await, only("other"));
    assert!(matches!(secrets.get(&named("grafana")), Known::Pending));
    assert!(!format!("{secrets:?}{:?}", secrets.get(&named("other"))).contains("two"));
}
