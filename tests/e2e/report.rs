//! `ktel workflows run` against a real API server: each job, and each error of the server.

use ktel_testkit::api_server::ApiServer;
use serde_json::{Value, json};

use crate::manifests::{GATEWAY, KNATIVE, KNATIVE_NETWORK, install, populate, remove};
use crate::program::ktel;

const ALL: &str = "workflows run --workflow all --product example-gateway";

#[test]
fn every_job_reports_what_is_really_there() {
    let server = ApiServer::start();
    populate(&server);
    let run = ktel(&server.admin_kubeconfig(), ALL);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut report = run.report();
    for (job, field) in [("identify-deployment", "last-update"), ("config-activity", "last-change")]
    {
        let when = report[job][field].take();
        assert_eq!(when.as_str().map(str::len), Some("2022-05-03 08:46:22".len()), "{job}: {when}");
    }
    let namespaces = report["cluster-state"]["namespaces"].take();
    assert!(namespaces.as_u64() >= Some(4), "{namespaces}");
    let expected = json!({
        "identify-platform": {
            "arch": "amd64", "os": "linux", "provider": "kind", "kubernetes_version": "v1.36.4",
        },
        "identify-deployment": {"lifecycle": "helm", "version": "2.8.0", "last-update": null},
        "cluster-state": {"pods": 2, "services": 3, "nodes": 2, "namespaces": null},
        "feature-flags": {"GatewayAlpha": true, "FillIDs": false, "other": 1},
        "mesh-detect": {
            "deployed": ["istio"], "services_total": 3, "services_by_mesh": {"istio": 1},
        },
        "config-activity": {"last-change": null},
        "plugin-usage": {"plugins": 3, "cluster_plugins": 1},
        "route-types": {
            "http": 3, "grpc": 1, "tcp": 3, "udp": 1, "tls": 0, "ingress": 1, "knative": 2,
        },
        "ingress-usage": {
            "ingresses": 1, "rules": 2, "paths": 3, "versions": ["v1"], "ingress_classes": 1,
        },
        "gateway-usage": {
            "gatewayclasses": 1, "gateways": 2, "httproutes": 3, "grpcroutes": 1, "tcproutes": 2,
            "udproutes": 1, "tlsroutes": 0, "referencegrants": 1,
            "versions": ["v1", "v1alpha2", "v1beta1"],
        },
        "knative-usage": {"services": 2, "routes": 2, "ingresses": 1, "versions": ["v1", "v1alpha1"]},
    });
    for (job, section) in expected.as_object().expect("an object") {
        assert_eq!(&report[job], section, "{job}");
    }
    let names = |value: &Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    assert_eq!(names(&report), names(&expected), "and in the order of the catalog");

    a_snapshot_of_the_cluster_gives_the_same_report(&server, &run.report());
    kinds_that_come_and_go_are_noticed_at_the_next_run(&server);
}

fn a_snapshot_of_the_cluster_gives_the_same_report(server: &ApiServer, report: &Value) {
    let directory = tempfile::tempdir().expect("a place for the snapshot");
    let kinds =
        "pods,services,nodes,namespaces,endpointslices,deployments,ingresses,ingressclasses,\
        gatewayclasses.gateway.networking.k8s.io,gateways.gateway.networking.k8s.io,\
        httproutes.gateway.networking.k8s.io,grpcroutes.gateway.networking.k8s.io,\
        tcproutes.gateway.networking.k8s.io,udproutes.gateway.networking.k8s.io,\
        referencegrants.gateway.networking.k8s.io,services.serving.knative.dev,\
        routes.serving.knative.dev,ingresses.networking.internal.knative.dev,\
        kongplugins.configuration.konghq.com,kongclusterplugins.configuration.konghq.com,\
        tcpingresses.configuration.konghq.com,customresourcedefinitions"
            .replace(char::is_whitespace, "");
    let objects = server
        .kubectl(["get", &kinds, "-A", "-o", "json", "--show-managed-fields"])
        .expect("everything can be read");
    let version = server.kubectl(["version", "-o", "json"]).expect("a version");
    for (name, text) in [("objects.json", objects), ("version.json", version)] {
        std::fs::write(directory.path().join(name), text).expect("the snapshot can be written");
    }
    let words = format!("{ALL} --snapshot {}", directory.path().display());
    let run = ktel(&server.admin_kubeconfig(), &words);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(&run.report(), report);
}

fn kinds_that_come_and_go_are_noticed_at_the_next_run(server: &ApiServer) {
    let jobs = "workflows run --jobs gateway-usage,knative-usage,route-types";
    remove(server, &[GATEWAY, KNATIVE, KNATIVE_NETWORK]);
    let run = ktel(&server.admin_kubeconfig(), jobs);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let expected = json!({
        "gateway-usage": {}, "knative-usage": {}, "route-types": {"tcp": 1, "udp": 0, "ingress": 1},
    });
    assert_eq!(run.report(), expected, "what is not served is absent, not 0");
    install(server, &[GATEWAY]);
    let run = ktel(&server.admin_kubeconfig(), jobs);
    assert_eq!(run.report()["gateway-usage"]["gateways"], json!(0));
    assert_eq!(run.report()["route-types"]["http"], json!(0));
}
