//! A client of the real API server.

use ktel_testkit::api_server::ApiServer;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

pub(crate) async fn client(server: &ApiServer) -> Client {
    let kubeconfig = Kubeconfig::read_from(server.admin_kubeconfig()).expect("a kubeconfig");
    let options = KubeConfigOptions::default();
    Client::try_from(
        Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a configuration"),
    )
    .expect("a client")
}

pub(crate) fn namespace(server: &ApiServer, name: &str) {
    let manifest = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
    server.apply(&manifest).expect("it is applied");
}
