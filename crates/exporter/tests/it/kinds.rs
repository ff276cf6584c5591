use ktel_exporter::compile::Kind;
use ktel_exporter::control::kinds::Kinds;
use ktel_testkit::api_server::ApiServer;

use crate::cluster::client;

#[tokio::test(flavor = "multi_thread")]
async fn kinds_are_known_with_their_plural() {
    let server = ApiServer::shared();
    let mut kinds = Kinds::new(client(server).await);
    assert!(kinds.known().is_empty());
    assert!(kinds.refresh().await);
    assert!(!kinds.refresh().await);
    let plural = |group: &str, kind: &str| {
        let kind = Kind { group: group.into(), kind: kind.into() };
        kinds.resource(&kind).map(|resource| resource.plural.as_str())
    };
    assert_eq!(plural("apps", "Deployment"), Some("deployments"));
    assert_eq!(plural("", "Node"), Some("nodes"));
    assert_eq!(plural("apps", "Node"), None);
    assert_eq!(kinds.known().groups_of("deployments").collect::<Vec<_>>(), ["apps"]);
}
