//! Loading files and directories.

use std::fs;
use std::path::Path;

use crate::{client, pod};
use k8s_openapi::api::core::v1::{Pod, Secret};
use ktel_snapshot::{Error, Snapshot};
use kube::api::{Api, ListParams};
use kube::core::DynamicObject;
use kube::{Discovery, ResourceExt};
use serde_json::json;

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

async fn pods(snapshot: &Snapshot) -> Vec<String> {
    let api: Api<Pod> = Api::all(client(snapshot));
    let list = api.list(&ListParams::default()).await.unwrap();
    list.items.iter().map(ResourceExt::name_any).collect()
}

fn load(path: &Path) -> Snapshot {
    Snapshot::load(path).unwrap()
}

#[tokio::test]
async fn lists_documents_and_dumps_are_read_from_one_tree() {
    let bare = r#"{"metadata":{"name":"bare","namespace":"x"}}"#;
    let root = directory(&[
        (
            "list.json",
            &json!({"kind": "List", "apiVersion": "v1", "items": [pod("x", "listed", "a")]})
                .to_string(),
        ),
        ("x/pods.json", &format!(r#"{{"kind":"PodList","apiVersion":"v1","items":[{bare}]}}"#)),
        ("x/services.json", r#"{"kind":"ServiceList","apiVersion":"v1","items":null}"#),
        ("x/bare/logs.txt", "{not json"),
        (
            "many.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\n---\n# nothing\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: two}\n",
        ),
        (
            "version.json",
            r#"{"clientVersion":{"gitVersion":"v9.9.9"},"serverVersion":{"major":"1","minor":"30","gitVersion":"v1.30.5+k3s1","platform":"linux/arm64"}}"#,
        ),
        ("settings.yaml", "colour: red\n"),
    ]);
    let snapshot = load(root.path());
    assert_eq!(pods(&snapshot).await, ["one", "two", "bare", "listed"]);
    let version = client(&snapshot).apiserver_version().await.unwrap();
    assert_eq!(version.git_version, "v1.30.5+k3s1");
    let reasons: Vec<&str> = snapshot.skipped().iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(snapshot.skipped_count(), 2, "{reasons:?}");
    assert!(reasons.contains(&"holds an object that has no kind"), "{reasons:?}");
}

#[tokio::test]
async fn a_dump_on_standard_output_is_read_whole() {
    let text = format!(
        "{}\n==== START logs for container c of pod x/a ====\n{}\n==== END logs for container c of pod x/a ====\n{}",
        json!({"kind": "PodList", "apiVersion": "v1", "items": [pod("x", "a", "web")]}),
        pod("x", "false", "web"),
        json!({"kind": "PodList", "apiVersion": "v1", "items": [pod("y", "b", "web")]}),
    );
    let root = directory(&[("dump", &text)]);
    assert_eq!(pods(&load(&root.path().join("dump"))).await, ["a", "b"]);
}

#[tokio::test]
async fn directories_of_a_must_gather_name_the_plural() {
    let index = "apiVersion: example.com/v1\nkind: Index\nmetadata: {name: i, namespace: x}\n";
    let root = directory(&[("namespaces/x/example.com/indices/i.yaml", index)]);
    let discovery = Discovery::new(client(&load(root.path()))).run().await.unwrap();
    let (resource, capabilities) =
        discovery.get("example.com").unwrap().recommended_kind("Index").unwrap();
    assert_eq!(resource.plural, "indices");
    assert_eq!(capabilities.scope, kube::discovery::Scope::Namespaced);
    let api: Api<DynamicObject> = Api::namespaced_with(client(&load(root.path())), "x", &resource);
    assert_eq!(api.get("i").await.unwrap().name_any(), "i");
}

#[tokio::test]
async fn the_newest_of_duplicates_wins() {
    let at = |revision: &str, app: &str| {
        let mut pod = pod("x", "a", app);
        pod["metadata"]["resourceVersion"] = revision.into();
        pod
    };
    let snapshot =
        Snapshot::from_objects([at("9", "old"), at("10", "new"), at("8", "older")]).unwrap();
    let api: Api<Pod> = Api::namespaced(client(&snapshot), "x");
    assert_eq!(api.get("a").await.unwrap().labels()["app"], "new");
    let list = api.list(&ListParams::default()).await.unwrap();
    assert_eq!(list.metadata.resource_version.as_deref(), Some("10"));
}

#[tokio::test]
async fn the_values_of_secrets_are_left_behind() {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "s", "namespace": "x", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"key\":\"c2VjcmV0\"}}",
        }},
        "data": {"key": "c2VjcmV0"}, "stringData": {"key": "secret"},
    });
    let snapshot = Snapshot::from_objects([secret.clone()]).unwrap();
    snapshot.apply(secret).unwrap();
    let api: Api<Secret> = Api::namespaced(client(&snapshot), "x");
    let secret = api.get("s").await.unwrap();
    assert_eq!((secret.data.as_ref(), secret.string_data.as_ref()), (None, None));
    assert_eq!(secret.type_.as_deref(), Some("Opaque"));
    assert!(!serde_json::to_string(&secret).unwrap().contains("c2VjcmV0"));
}

#[test]
fn errors_name_the_file_and_the_place() {
    let root = directory(&[
        ("a/bad.json", "{\n  \"kind\": }"),
        ("b/bad.yaml", "a: [1,\nb: {"),
        ("c/empty.yaml", ""),
    ]);
    let error = |path: &str| Snapshot::load(&root.path().join(path)).unwrap_err();
    assert!(matches!(error("a"), Error::Json { line: 2, column: 11, .. }), "{:?}", error("a"));
    assert!(error("a").to_string().contains("bad.json:2:11"), "{}", error("a"));
    assert!(matches!(error("b"), Error::Yaml { line: 2.., .. }), "{:?}", error("b"));
    assert!(matches!(error("c"), Error::Empty { .. }));
    assert!(matches!(error("missing"), Error::Read { .. }));
}
