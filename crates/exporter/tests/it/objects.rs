use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use ktel_exporter::control::changes::{Change, Changes};
use ktel_exporter::control::objects::{KnownObjects, Objects};
use ktel_testkit::api_server::ApiServer;
use kube::api::ApiResource;
use tokio::time::timeout;

use crate::cluster::{client, namespace};

const SOON: Duration = Duration::from_secs(30);

fn apply(server: &ApiServer, name: &str, label: &str, data: &str) {
    let manifest = format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: objects, labels: {{app: {label}}}}}, data: {{key: \"{data}\"}}}}"
    );
    server.apply(&manifest).expect("it is applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_labels_of_objects_are_followed() {
    let server = ApiServer::shared();
    namespace(server, "objects");
    apply(server, "one", "a", "x");
    let kind = ApiResource::erase::<ConfigMap>(&());
    let changes = Arc::new(Changes::default());
    let mut objects = Objects::new(client(server).await, Arc::clone(&changes));
    let next = || async {
        timeout(SOON, changes.wait()).await.expect("a change is noted");
        assert_eq!(changes.take(), [Change::Selected].into());
    };
    let seen = |objects: &Objects| -> BTreeMap<String, String> {
        let KnownObjects::Listed(listed) = objects.get(&kind) else { panic!("{objects:?}") };
        let own = listed.iter().filter(|(key, _)| key.0 == "objects");
        own.map(|(key, labels)| (key.1.clone(), labels["app"].clone())).collect()
    };
    let expected = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, app)| ((*name).to_owned(), (*app).to_owned())).collect()
    };

    assert_eq!(objects.get(&kind), KnownObjects::Pending);
    objects.watch(std::slice::from_ref(&kind));
    next().await;
    assert_eq!(seen(&objects), expected(&[("one", "a")]));
    apply(server, "one", "b", "y");
    next().await;
    assert_eq!(seen(&objects), expected(&[("one", "b")]));
    apply(server, "two", "b", "y");
    next().await;
    assert_eq!(seen(&objects), expected(&[("one", "b"), ("two", "b")]));
    server.kubectl(["delete", "configmap", "one", "-n", "objects"]).expect("it is deleted");
    next().await;
    assert_eq!(seen(&objects), expected(&[("two", "b")]));
}
