//! Lists, objects and discovery.

use crate::{client, definition, gadgets, pod};
use k8s_openapi::api::core::v1::{Node, Pod, Service};
use ktel_snapshot::{Snapshot, Synthetic, VersionInfo};
use kube::api::{ListParams, PartialObjectMeta};
use kube::{Api, Discovery, ResourceExt};
use proptest::prelude::{ProptestConfig, proptest};

fn names<K: ResourceExt>(items: &[K]) -> Vec<String> {
    let name = |item: &K| format!("{}/{}", item.namespace().unwrap_or_default(), item.name_any());
    items.iter().map(name).collect()
}

async fn paged(api: &Api<Pod>, limit: u32, whole: usize) -> Vec<String> {
    let (mut all, mut params) = (Vec::new(), ListParams::default().limit(limit));
    loop {
        let page = api.list(&params).await.unwrap();
        all.extend(names(&page.items));
        let (token, left) = (page.metadata.continue_, page.metadata.remaining_item_count);
        assert_eq!(token.is_some(), left.is_some());
        if let Some(left) = left {
            assert_eq!(all.len() + usize::try_from(left).unwrap(), whole, "remainingItemCount");
        }
        assert!(all.len() <= whole, "a page came twice");
        let Some(token) = token else { return all };
        assert_eq!(page.items.len(), usize::try_from(limit).unwrap());
        params = params.continue_token(&token);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn paging_with_any_limit_gives_what_one_list_gives(
        pods in 0_usize..120, namespaces in 1_usize..9, limit in 1_u32..50, seed: u64,
    ) {
        runtime().block_on(async {
            let plan = Synthetic { pods, namespaces, seed, ..Synthetic::default() };
            let snapshot = Snapshot::synthetic(&plan);
            // Objects put over made ones, before, between and after them, and one taken away.
            for namespace in ["a", "team-0000000-x", "team-0000000", "z"] {
                snapshot.apply(pod(namespace, "extra", "x")).unwrap();
            }
            let api: Api<Pod> = Api::all(client(&snapshot));
            let first = api.list(&ListParams::default()).await.unwrap().items;
            if let Some(made) = first.iter().find(|pod| pod.name_any().starts_with("app-")) {
                let namespace = made.namespace();
                assert!(snapshot.delete("v1", "Pod", namespace.as_deref(), &made.name_any()));
            }
            let whole = names(&api.list(&ListParams::default()).await.unwrap().items);
            assert_eq!(whole.len(), pods + 4 - usize::from(pods > 0));
            let mut sorted = whole.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!(whole, sorted);
            assert_eq!(paged(&api, limit, whole.len()).await, whole);
        });
    }
}

#[tokio::test]
async fn one_metadata_request_counts_any_cluster() {
    let plan = Synthetic {
        pods: 150_000,
        nodes: 5_000,
        services: 10_000,
        namespaces: 300,
        meshed_share: 0.3,
        ..Synthetic::default()
    };
    let snapshot = Snapshot::synthetic(&plan);
    let service = snapshot.service();
    let counters = service.counters();
    let client = kube::Client::new(service, "default");
    let one = ListParams::default().limit(1);
    let pods = Api::<Pod>::all(client.clone()).list_metadata(&one).await.unwrap();
    let nodes = Api::<Node>::all(client.clone()).list_metadata(&one).await.unwrap();
    let services = Api::<Service>::all(client).list_metadata(&one).await.unwrap();
    let left = |metadata: &kube::core::ListMeta| metadata.remaining_item_count.unwrap();
    assert_eq!(left(&pods.metadata), 149_999);
    assert_eq!(left(&nodes.metadata), 4_999);
    assert_eq!(left(&services.metadata), 9_999);
    assert_eq!(counters.requests(), 3);
    assert!(counters.bytes() < 20_000, "{}", counters.bytes());
    assert_eq!(counters.log().len(), 3);
    assert!(counters.log()[0].starts_with("GET /api/v1/pods?"), "{:?}", counters.log());
}

#[tokio::test]
async fn a_page_deep_in_a_large_list_names_the_rest() {
    let plan = Synthetic { pods: 150_000, namespaces: 10, ..Synthetic::default() };
    let api: Api<Pod> = Api::all(client(&Snapshot::synthetic(&plan)));
    let params = ListParams::default().limit(2);
    let first = api.list(&params).await.unwrap();
    let token = first.metadata.continue_.unwrap();
    let second = api.list(&params.continue_token(&token)).await.unwrap();
    assert_eq!(second.metadata.remaining_item_count, Some(149_996));
    assert!(names(&first.items) < names(&second.items));
}

#[tokio::test]
async fn metadata_only_lists_leave_the_rest_out() {
    let snapshot = Snapshot::from_objects([pod("x", "a", "web")]).unwrap();
    let api: Api<Pod> = Api::all(client(&snapshot));
    let list = api.list_metadata(&ListParams::default()).await.unwrap();
    let item: &PartialObjectMeta<Pod> = &list.items[0];
    assert_eq!(item.labels()["app"], "web");
    assert_eq!(item.types.as_ref().unwrap().kind, "PartialObjectMetadata");
}

#[tokio::test]
async fn selectors_narrow_lists_and_hide_the_count() {
    let objects =
        [pod("x", "a", "web"), pod("x", "b", "db"), pod("y", "c", "web"), pod("y", "d", "web")];
    let api: Api<Pod> = Api::all(client(&Snapshot::from_objects(objects).unwrap()));
    let page = api.list(&ListParams::default().labels("app in (web)").limit(2)).await.unwrap();
    assert_eq!(names(&page.items), ["x/a", "y/c"]);
    assert_eq!(page.metadata.remaining_item_count, None);
    let token = page.metadata.continue_.unwrap();
    let rest = ListParams::default().labels("app in (web)").limit(2).continue_token(&token);
    let page = api.list(&rest).await.unwrap();
    assert_eq!(names(&page.items), ["y/d"]);
    assert_eq!(page.metadata.continue_, None);
    let page = api
        .list(&ListParams::default().fields("metadata.namespace=x,status.phase=Running"))
        .await
        .unwrap();
    assert_eq!(names(&page.items), ["x/a", "x/b"]);
}

#[tokio::test]
async fn every_served_version_lists_the_same_objects() {
    let gadget = serde_json::json!({
        "apiVersion": "example.com/v1alpha1", "kind": "Gadget",
        "metadata": {"name": "g", "namespace": "x"}, "spec": {"size": 3},
    });
    let snapshot = Snapshot::from_objects([gadget, definition()]).unwrap();
    let client = client(&snapshot);
    for version in ["v1", "v1beta1"] {
        let list = gadgets(&client, version).list(&ListParams::default()).await.unwrap();
        let types = list.items[0].types.as_ref().unwrap();
        assert_eq!(types.api_version, format!("example.com/{version}"));
        assert_eq!(list.items[0].data["spec"]["size"], 3);
    }
    let rejected = gadgets(&client, "v1alpha1").list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(rejected, kube::Error::Api(status) if status.code == 404));
}

#[tokio::test]
async fn both_forms_of_discovery_prefer_the_stable_version() {
    let snapshot = Snapshot::from_objects([definition()]).unwrap();
    for aggregated in [false, true] {
        let discovery = Discovery::new(client(&snapshot));
        let discovery =
            if aggregated { discovery.run_aggregated().await } else { discovery.run().await };
        let discovery = discovery.unwrap();
        let group = discovery.get("example.com").unwrap();
        assert_eq!(group.versions().collect::<Vec<_>>(), ["v1", "v1beta1"]);
        let (resource, _) = group.recommended_kind("Gadget").unwrap();
        assert_eq!((resource.plural.as_str(), resource.version.as_str()), ("gadgetry", "v1"));
        assert!(discovery.get("").unwrap().recommended_kind("Pod").is_some());
        assert!(!discovery.has_group("batch"));
    }
}

#[tokio::test]
async fn a_defined_kind_without_objects_is_an_empty_list() {
    let client = client(&Snapshot::from_objects([definition()]).unwrap());
    assert!(gadgets(&client, "v1").list(&ListParams::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn the_version_is_the_nodes_unless_it_is_given() {
    let snapshot = Snapshot::synthetic(&Synthetic::default());
    let version = client(&snapshot).apiserver_version().await.unwrap();
    assert_eq!((version.git_version.as_str(), version.minor.as_str()), ("v1.36.1", "36"));
    let snapshot = snapshot.with_version(VersionInfo::new("v1.31.4-gke.1", "linux/arm64"));
    let version = client(&snapshot).apiserver_version().await.unwrap();
    assert_eq!(
        (version.git_version.as_str(), version.platform.as_str()),
        ("v1.31.4-gke.1", "linux/arm64")
    );
    assert!(client(&Snapshot::from_objects([]).unwrap()).apiserver_version().await.is_err());
}

#[tokio::test]
async fn a_seed_gives_the_same_cluster_and_pods_are_of_realistic_size() {
    let plan = Synthetic { pods: 60, meshed_share: 0.5, namespaces: 5, ..Synthetic::default() };
    let list = async |plan: &Synthetic| {
        let api: Api<Pod> = Api::all(client(&Snapshot::synthetic(plan)));
        api.list(&ListParams::default()).await.unwrap().items
    };
    let pods = list(&plan).await;
    assert_eq!(pods, list(&plan).await);
    assert_ne!(pods, list(&Synthetic { seed: 2, ..plan.clone() }).await);
    let meshed = pods.iter().filter(|pod| pod.spec.as_ref().unwrap().containers.len() == 2).count();
    assert!((6..54).contains(&meshed), "{meshed}");
    let bytes = serde_json::to_vec(&pods[0]).unwrap().len();
    assert!((4_000..7_000).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn the_demo_is_a_plausible_cluster() {
    let client = client(&Snapshot::demo());
    assert_eq!(client.apiserver_version().await.unwrap().git_version, "v1.31.4-gke.1372000");
    let discovery = Discovery::new(client.clone()).run_aggregated().await.unwrap();
    for (group, kind, count) in [
        ("", "Node", 3),
        ("", "Namespace", 6),
        ("", "Pod", 14),
        ("", "Service", 8),
        ("discovery.k8s.io", "EndpointSlice", 8),
        ("networking.k8s.io", "Ingress", 3),
        ("networking.k8s.io", "IngressClass", 2),
        ("gateway.networking.k8s.io", "Gateway", 2),
        ("gateway.networking.k8s.io", "HTTPRoute", 3),
        ("gateway.networking.k8s.io", "GRPCRoute", 1),
        ("gateway.networking.k8s.io", "UDPRoute", 0),
        ("configuration.konghq.com", "KongPlugin", 3),
        ("configuration.konghq.com", "KongClusterPlugin", 1),
        ("serving.knative.dev", "Service", 2),
    ] {
        let mut all = discovery.get(group).unwrap().resources_by_stability().into_iter();
        let (resource, _) = all.find(|(resource, _)| resource.kind == kind).unwrap();
        let api: Api<kube::core::DynamicObject> = Api::all_with(client.clone(), &resource);
        let list = api.list(&ListParams::default()).await.unwrap();
        assert_eq!(list.items.len(), count, "{kind}");
    }
    let pods: Api<Pod> = Api::all(client.clone());
    for pod in
        pods.list(&ListParams::default().labels("security.istio.io/tlsMode=istio")).await.unwrap()
    {
        assert!(pod.spec.unwrap().containers.iter().any(|one| one.name == "istio-proxy"));
    }
    let own = ListParams::default().labels("app.kubernetes.io/name=example-gateway");
    assert_eq!(pods.list(&own).await.unwrap().items.len(), 2);
    let deployments: Api<k8s_openapi::api::apps::v1::Deployment> = Api::all(client);
    let product = &deployments.list(&own).await.unwrap().items[0];
    assert_eq!(product.labels()["helm.sh/chart"], "example-gateway-2.8.0");
    assert_eq!(product.annotations()["meta.helm.sh/release-name"], "edge");
    let arguments = product.spec.clone().unwrap().template.spec.unwrap().containers[0].args.clone();
    assert!(arguments.unwrap()[0].starts_with("--feature-gates=GatewayAlpha=true,"));
}
