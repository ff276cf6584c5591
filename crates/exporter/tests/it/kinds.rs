use std::collections::BTreeSet;

use ktel_exporter::control::kinds::Kinds;
use ktel_testkit::api_server::ApiServer;

use crate::cluster::client;

#[tokio::test(flavor = "multi_thread")]
async fn kinds_are_found_by_group_and_a_group_that_is_not_served_has_none() {
    let server = ApiServer::shared();
    let mut kinds = Kinds::new(client(server).await);
    assert_eq!(kinds.of("apps"), None);
    let wanted = BTreeSet::from(["".to_owned(), "apps".to_owned(), "example.com".to_owned()]);
    assert!(kinds.refresh(&wanted).await);
    assert!(!kinds.refresh(&wanted).await);
    let kind = |group: &str, plural: &str| {
        let found = kinds.of(group).unwrap().iter().find(|kind| kind.resource.plural == plural);
        found.map(|kind| (kind.resource.kind.clone(), kind.is_namespaced))
    };
    assert_eq!(kind("apps", "deployments"), Some(("Deployment".into(), true)));
    assert_eq!(kind("", "nodes"), Some(("Node".into(), false)));
    assert_eq!(kind("apps", "nodes"), None);
    assert_eq!(kinds.of("example.com"), Some(&[][..]));
}
