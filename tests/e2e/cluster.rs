//! Proves that the cluster the other tests stand on is real: TLS, tokens, RBAC, storage.

use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use ktel_testkit::api_server::{ADMIN_TOKEN, ApiServer, NOBODY_TOKEN};
use ktel_testkit::proxy::{Fault, Proxy};
use ktel_testkit::wait;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

async fn client(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

/// The HTTP status of an answer without success; 0 for any other error.
async fn status_of(client: Client) -> u16 {
    let pods: Api<Pod> = Api::all(client);
    match pods.list(&ListParams::default().limit(1)).await.unwrap_err() {
        kube::Error::Api(status) => status.code,
        _other => 0,
    }
}

#[tokio::test]
async fn the_version_comes_over_tls_that_only_the_right_ca_opens() {
    let server = ApiServer::shared();
    let version = client(&server.admin_kubeconfig()).await.apiserver_version().await.unwrap();
    assert_eq!(version.major, "1");

    let another = ApiServer::start();
    let stranger = another.kubeconfig_through(&server.url(), ADMIN_TOKEN);
    let error = client(&stranger).await.apiserver_version().await.unwrap_err();
    let chain = format!("{:?}", chain_of(&error));
    assert!(chain.contains("certificate"), "{chain}");
}

fn chain_of(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

#[tokio::test]
async fn who_has_no_role_is_forbidden_and_who_has_no_valid_token_unknown() {
    let server = ApiServer::shared();
    server.kubectl(["create", "serviceaccount", "late", "--namespace", "default"]).unwrap();
    let expired = server.expired_token("default", "late").unwrap();
    for (token, expected) in [(NOBODY_TOKEN, 403), ("made-up", 401), (&expired, 401)] {
        let got = status_of(client(&server.kubeconfig(token)).await).await;
        assert_eq!(got, expected, "{token}");
    }
}

#[tokio::test]
async fn a_service_account_may_what_its_role_says_and_no_more() {
    let server = ApiServer::shared();
    let manifests = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: default}
rules: [{apiGroups: [''], resources: [configmaps], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: default}]
";
    server.apply(manifests).unwrap();
    let token = server.token_for_service_account("default", "reader").unwrap();
    let client = client(&server.kubeconfig(&token)).await;
    // The authorizer hears of a new binding by a watch, a moment after the write.
    let reader = "--as=system:serviceaccount:default:reader";
    let can_list = ["auth", "can-i", "list", "configmaps", "--namespace=default", reader];
    wait::until("the binding is seen", Duration::from_secs(10), || {
        server.kubectl(can_list).is_ok()
    });
    let allowed: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    allowed.list(&ListParams::default()).await.unwrap();
    assert_eq!(status_of(client).await, 403);
}

#[tokio::test]
async fn twenty_thousand_seeded_pods_are_counted_in_one_request_also_after_a_restart() {
    let mut server = ApiServer::start();
    let count = 20_000;
    server.seed_pods("many", count).unwrap();
    for restarted in [false, true] {
        if restarted {
            server.stop();
            assert!(client(&server.admin_kubeconfig()).await.apiserver_version().await.is_err());
            server.restart();
        }
        let pods: Api<Pod> = Api::all(client(&server.admin_kubeconfig()).await);
        let page = pods.list_metadata(&ListParams::default().limit(1)).await.unwrap();
        let remaining = usize::try_from(page.metadata.remaining_item_count.unwrap()).unwrap();
        assert_eq!(page.items.len() + remaining, count, "restarted: {restarted}");
    }
    let pods: Api<Pod> = Api::namespaced(client(&server.admin_kubeconfig()).await, "many");
    let last = pods.get(&format!("many-{}", count - 1)).await.unwrap();
    assert_eq!(
        last.spec.unwrap().restart_policy.as_deref(),
        Some("Always"),
        "defaults are applied"
    );
    let listed = pods.list_metadata(&ListParams::default()).await.unwrap();
    assert_eq!(listed.items.len(), count);
}

#[test]
fn a_crd_comes_and_goes() {
    let server = ApiServer::start();
    let crd = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp, listKind: LampList}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
";
    server.apply(crd).unwrap();
    server
        .kubectl(["wait", "--for=condition=Established", "crd/lamps.example.com", "--timeout=30s"])
        .unwrap();
    server
        .apply(
            "{apiVersion: example.com/v1, kind: Lamp, metadata: {name: one, namespace: default}}",
        )
        .unwrap();
    assert_eq!(server.kubectl(["get", "lamps", "-A", "-o", "name"]).unwrap().lines().count(), 1);
    server.kubectl(["delete", "crd", "lamps.example.com", "--timeout=30s"]).unwrap();
    assert!(server.kubectl(["get", "--raw=/apis/example.com/v1/lamps"]).is_err());
}

#[tokio::test]
async fn a_proxy_stands_between_a_client_and_the_server() {
    let server = ApiServer::shared();
    let proxy = Proxy::to_port(server.port());
    let url = format!("https://{}", proxy.address());
    let kubeconfig = server.kubeconfig_through(&url, ADMIN_TOKEN);
    client(&kubeconfig).await.apiserver_version().await.unwrap();
    assert!(proxy.traffic().received > 0);
    proxy.set(Fault::Refuse);
    assert!(client(&kubeconfig).await.apiserver_version().await.is_err());
}
