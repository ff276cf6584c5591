//! `ktel exporter test`: what real receivers answer to one data point.

use std::path::Path;
use std::time::Duration;

use ktel_testkit::capture::{Http, Refusing};
use ktel_testkit::certificates::Authority;
use ktel_testkit::collector::{Collector, Input};
use ktel_testkit::http::Response;
use ktel_testkit::tls::ServerTls;
use serde_json::{Value, json};

use crate::program::{Run, command, finish};

const SOON: Duration = Duration::from_secs(60);

/// Tests a sink; `secrets` are of the Secret `key`.
fn test(sink: &Value, secrets: &[(&str, &str)]) -> Run {
    test_with(sink, secrets, &json!({"allow_http": true, "allowed_networks": ["127.0.0.0/8"]}))
}

fn test_with(otlp: &Value, secrets: &[(&str, &str)], egress: &Value) -> Run {
    let place = tempfile::tempdir().expect("a place");
    let file = |name: &str, text: &str| {
        let path = place.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let exporter = json!({
        "apiVersion": "telemetry.datumapis.com/v1alpha1", "kind": "Exporter",
        "metadata": {"name": "shop", "namespace": "acme"},
        "spec": {
            "sources": [{"name": "all", "metrics": {"metricsql": ""}}],
            "sinks": [{"name": "here", "otlp_http": otlp}],
        },
    });
    let settings = json!({
        "ktel": 1,
        "store": {"kind": "prometheus", "url": "http://store.example.com"},
        "tenancy": {"single_tenant": true},
        "egress": egress,
    });
    let mut command = command(Path::new("/dev/null"));
    command.args(["exporter", "test"]).arg(file("exporter.yaml", &exporter.to_string()));
    command.args(["--sink", "here", "--config"]);
    command.arg(file("settings.yaml", &settings.to_string()));
    if !secrets.is_empty() {
        let directory = place.path().join("key");
        std::fs::create_dir(&directory).expect("a directory");
        for (key, value) in secrets {
            std::fs::write(directory.join(key), value).expect("a file");
        }
        command.arg("--secret").arg(format!("key={}", directory.display()));
    }
    finish(command, "")
}

#[track_caller]
fn check(run: &Run, code: i32, stdout: &str, stderr: &str) {
    assert_eq!(run.code, code, "{run:?}");
    assert!(run.stdout.contains(stdout), "{stdout}: {run:?}");
    assert!(run.stderr.contains(stderr), "{stderr}: {run:?}");
}

#[test]
fn a_real_collector_takes_the_point_with_and_without_tls() {
    let collector = Collector::start();
    let plain = format!("http://{}", collector.address(Input::OtlpHttp));
    let run = test(&json!({"endpoint": plain, "compression": "zstd"}), &[]);
    check(&run, 0, "status 200 after ", "");
    check(&run, 0, " ms: Accepted\n", "");
    let tls = format!("https://{}", collector.address(Input::OtlpHttpTls));
    let sink =
        json!({"endpoint": tls, "tls": {"ca": {"secretRef": {"name": "key", "key": "ca.crt"}}}});
    check(&test(&sink, &[("ca.crt", &collector.ca_pem())]), 0, " ms: Accepted\n", "");
    for input in [Input::OtlpHttp, Input::OtlpHttpTls] {
        let request = collector.first(input, "metrics", SOON);
        let of_resource = &request["resourceMetrics"][0];
        let attributes = of_resource["resource"]["attributes"].to_string();
        assert!(attributes.contains("service.name") && attributes.contains("ktel-exporter"));
        let metric = &of_resource["scopeMetrics"][0]["metrics"][0];
        assert_eq!(metric["name"], "ktel.exporter.test");
        let point = &metric["gauge"]["dataPoints"][0];
        assert_eq!(point["asDouble"], 1.0);
        assert!(point["attributes"].to_string().contains("acme"), "{point}");
    }
}

#[test]
fn a_receiver_that_rejects_says_why_and_the_secret_stays_hidden() {
    let receiver = Http::start();
    receiver.answer(Response::new(401).with_body("no such token: glc_s3cr3t\u{1b}[31m"));
    let sink = json!({"endpoint": receiver.url(), "compression": "gzip",
        "authentication": {"type": "bearerToken", "secretRef": {"name": "key", "key": "token"}}});
    let run = test(&sink, &[("token", "glc_s3cr3t\n")]);
    check(&run, 3, "status 401 after ", "hint: check the Secret");
    check(&run, 3, " ms: Unauthorized: ", "the data point was not delivered");
    check(&run, 3, " ms: Unauthorized: no such token: …", "");
    assert!(!format!("{run:?}").contains("s3cr3t"), "{run:?}");
    assert!(!run.stdout.contains('\u{1b}'), "{run:?}");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1, "it is sent once");
    assert_eq!(requests[0].header("authorization"), Some("Bearer glc_s3cr3t"));
    assert_eq!(
        (requests[0].path(), requests[0].header("content-encoding")),
        ("/v1/metrics", Some("gzip"))
    );
}

#[test]
fn what_a_receiver_rejects_of_a_success_is_not_delivered() {
    let receiver = Http::start();
    let partly =
        json!({"partialSuccess": {"rejectedDataPoints": "1", "errorMessage": "no such tenant"}});
    receiver.answer_next(Response::json(200, &partly));
    let sink = json!({"endpoint": receiver.url()});
    check(&test(&sink, &[]), 3, "status 200 after ", "its message says why");
    receiver.answer_next(Response::json(200, &partly));
    check(&test(&sink, &[]), 3, ": PartialSuccess, 1 rejected: no such tenant", "");
    let warned = json!({"partialSuccess": {"errorMessage": "metadata is ignored"}});
    receiver.answer_next(Response::json(200, &warned));
    check(&test(&sink, &[]), 0, "0 rejected: metadata is ignored", "warning: ");
    receiver.answer_next(Response::new(503).with_body("upgrading"));
    check(&test(&sink, &[]), 3, " ms: Unavailable: upgrading\n", "test again later");
}

#[test]
fn a_wrong_certificate_is_told_from_a_port_where_nobody_listens() {
    let (authority, other) = (Authority::new(), Authority::new());
    let receiver = Http::start_tls(&ServerTls::new(&authority.server()));
    let url = format!("https://{}", receiver.address());
    let sink =
        json!({"endpoint": url, "tls": {"ca": {"secretRef": {"name": "key", "key": "ca.crt"}}}});
    let run = test(&sink, &[("ca.crt", &other.certificate_pem())]);
    check(&run, 3, "no answer after ", "hint: name the authority that signed the certificate");
    check(&run, 3, ": Untrusted: ", "");
    let run = test(&sink, &[("ca.crt", &authority.certificate_pem())]);
    check(&run, 0, " ms: Accepted\n", "");
    assert_eq!(receiver.requests().len(), 1, "nothing was sent to a stranger");

    let refusing = Refusing::start();
    let run = test(&json!({"endpoint": format!("http://{}", refusing.address())}), &[]);
    check(&run, 3, "no answer after ", "hint: nothing answers there: check `endpoint`");
    check(&run, 3, ": Unreachable: ", "");
}

#[test]
fn what_the_settings_forbid_is_not_reached_and_what_is_missing_is_named() {
    let receiver = Http::start();
    let egress = json!({"allow_http": true});
    let run = test_with(&json!({"endpoint": receiver.url()}), &[], &egress);
    check(&run, 2, "", "the address is not allowed: it is a loopback address");
    let port = receiver.address().port();
    // A name is judged when it is resolved.
    let run = test_with(&json!({"endpoint": format!("http://localhost:{port}")}), &[], &egress);
    check(&run, 3, "the address of the host is not allowed", "`egress` of the settings");
    let sink = json!({"endpoint": receiver.url(),
        "authentication": {"type": "bearerToken", "secretRef": {"name": "key", "key": "token"}}});
    let run = test(&sink, &[("other", "x")]);
    check(&run, 2, "", "the Secret `key` has no key `token`");
    check(&run, 2, "", "`--secret key=DIR`, or set the variable KTEL_SECRET_KEY_TOKEN");
    assert_eq!(receiver.requests().len(), 0);
}
