use k8s_openapi::api::core::v1::ConfigMap;
use ktel_exporter::control::cursors::{CursorStore, Error};
use ktel_exporter::cursor::Cursors;
use ktel_exporter::plan::ExporterId;
use ktel_exporter::time::Millis;
use ktel_testkit::api_server::ApiServer;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::cluster::{client, namespace};

fn exporter(uid: &str) -> ExporterId {
    ExporterId { namespace: "shop".into(), name: "all".into(), uid: uid.into() }
}

fn at(cursor: i64) -> Cursors {
    let mut cursors = Cursors::default();
    cursors.set("metrics", "grafana", Millis(cursor));
    cursors
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_leader_fails_to_write_and_learns_that_it_has_to_stop() {
    let server = ApiServer::shared();
    namespace(server, "cursors-epochs");
    let client = client(server).await;
    let store = |epoch| CursorStore::new(client.clone(), "cursors-epochs", epoch);
    let id = exporter("a");

    let (old, new) = (store(1), store(2));
    let mut mine = old.claim(&id, &at(5)).await.unwrap();
    assert_eq!(mine.saved(), &at(5));
    old.save(&mut mine, &id, &at(10)).await.unwrap();

    let mut theirs = new.claim(&id, &at(5)).await.unwrap();
    assert_eq!(theirs.saved(), &at(10));
    let superseded = old.save(&mut mine, &id, &at(20)).await;
    assert!(
        matches!(superseded, Err(Error::Superseded { theirs: 2, ours: 1, .. })),
        "{superseded:?}"
    );
    let superseded = old.claim(&id, &at(5)).await;
    assert!(matches!(superseded, Err(Error::Superseded { .. })), "{superseded:?}");
    new.save(&mut theirs, &id, &at(30)).await.unwrap();
    assert_eq!(store(3).claim(&id, &at(5)).await.unwrap().saved(), &at(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_by_hand_does_not_stop_the_leader_and_bad_cursors_are_not_overwritten() {
    let server = ApiServer::shared();
    namespace(server, "cursors-edits");
    let client = client(server).await;
    let store = CursorStore::new(client.clone(), "cursors-edits", 1);
    let id = exporter("b");
    let mut claimed = store.claim(&id, &at(5)).await.unwrap();

    let maps = Api::<ConfigMap>::namespaced(client, "cursors-edits");
    let edit = |patch| {
        let maps = maps.clone();
        async move {
            let params = PatchParams::default();
            maps.patch("ktel-exporter-b", &params, &Patch::Merge(patch)).await.unwrap()
        }
    };
    edit(json!({"metadata": {"annotations": {"note": "seen"}}})).await;
    store.save(&mut claimed, &id, &at(7)).await.unwrap();
    edit(json!({"data": {"cursors.json": "{"}})).await;
    let unreadable = store.claim(&id, &at(5)).await;
    assert!(matches!(unreadable, Err(Error::Unreadable { .. })), "{unreadable:?}");
    let found = maps.get("ktel-exporter-b").await.unwrap();
    assert_eq!(found.data.unwrap()["cursors.json"], "{");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_no_exporter_is_deleted() {
    let server = ApiServer::shared();
    namespace(server, "cursors-gone");
    let client = client(server).await;
    let store = CursorStore::new(client.clone(), "cursors-gone", 1);
    for uid in ["c", "d", "e"] {
        let _claimed = store.claim(&exporter(uid), &at(1)).await.unwrap();
    }
    assert_eq!(store.delete_others(|uid| uid == "d").await.unwrap(), 2);
    store.delete(&exporter("c")).await.unwrap(); // it is gone already
    let maps = Api::<ConfigMap>::namespaced(client, "cursors-gone");
    assert!(maps.get_opt("ktel-exporter-d").await.unwrap().is_some());
    assert!(maps.get_opt("ktel-exporter-e").await.unwrap().is_none());
}
