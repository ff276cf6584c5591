//! Everything that can stand between `ktel` and an answer, each said for what it is.

use std::process::Command;
use std::time::{Duration, Instant};

use ktel_testkit::api_server::{ADMIN_TOKEN, ApiServer, NOBODY_TOKEN};
use ktel_testkit::capture::Refusing;
use ktel_testkit::proxy::{Fault, Proxy};
use serde_json::json;

use crate::program::{Run, finish, ktel, program, with_input};

const COUNT: &str = "workflows run --jobs cluster-state";

#[track_caller]
fn check(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{run:?}");
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is not in: {}", run.stderr);
    }
}

#[test]
fn who_has_no_role_is_told_which_one_to_make() {
    let server = ApiServer::shared();
    let run = ktel(&server.kubeconfig(NOBODY_TOKEN), COUNT);
    let role = "ktel jobs rbac --jobs cluster-state | kubectl apply -f -";
    check(&run, 1, &["job `cluster-state`: may not list `", role]);
    assert_eq!(run.report(), json!({}), "a forbidden read is not 0");
}

#[test]
fn credentials_that_are_not_accepted_are_said_once() {
    let server = ApiServer::shared();
    server.kubectl(["create", "serviceaccount", "expired", "-n", "default"]).expect("an account");
    let expired = server.expired_token("default", "expired").expect("a token of yesterday");
    for token in ["made-up", &expired] {
        let run = ktel(&server.kubeconfig(token), "workflows run --workflow gateway");
        check(
            &run,
            2,
            &["error: the API server does not accept these credentials", "log in again"],
        );
        assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn a_server_that_is_not_there_or_not_the_right_one_is_said_once() {
    let server = ApiServer::shared();
    let proxy = Proxy::to_port(server.port());
    let url = format!("https://{}", proxy.address());
    let kubeconfig = server.kubeconfig_through(&url, ADMIN_TOKEN);
    proxy.set(Fault::Refuse);
    check(&ktel(&kubeconfig, COUNT), 2, &["no answer from the API server"]);
    let refusing = Refusing::start();
    let nobody = format!("https://{}", refusing.address());
    let run = ktel(&server.kubeconfig_through(&nobody, ADMIN_TOKEN), COUNT);
    check(&run, 2, &["no answer from the API server", "nothing listens there"]);
    let another = ApiServer::start();
    let run = ktel(&another.kubeconfig_through(&server.url(), ADMIN_TOKEN), COUNT);
    check(&run, 2, &["not from the authority in the kubeconfig"]);
}

#[test]
fn a_slow_server_costs_time_and_a_silent_one_no_more_than_the_timeout() {
    let server = ApiServer::shared();
    let proxy = Proxy::to_port(server.port());
    let url = format!("https://{}", proxy.address());
    let kubeconfig = server.kubeconfig_through(&url, ADMIN_TOKEN);
    proxy.set(Fault::Delay(Duration::from_millis(50)));
    let run = ktel(&kubeconfig, COUNT);
    check(&run, 0, &[]);
    proxy.set(Fault::Silence);
    let started = Instant::now();
    let run = ktel(&kubeconfig, &format!("{COUNT} --timeout 2s"));
    check(&run, 1, &["job `cluster-state`: timed out after 2 s", "--timeout"]);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn a_server_that_dies_in_the_middle_costs_what_it_did_not_answer() {
    let mut server = ApiServer::start();
    let proxy = Proxy::to_port(server.port());
    let url = format!("https://{}", proxy.address());
    let kubeconfig = server.kubeconfig_through(&url, ADMIN_TOKEN);
    // Enough for the handshake and the first answers, not for all.
    proxy.set(Fault::CutAfter(6_000));
    let run = ktel(&kubeconfig, "workflows run --workflow all --product none --concurrency 1");
    assert!([1, 2].contains(&run.code), "{run:?}");
    assert!(run.stderr.contains("no answer") || run.stderr.contains("cut off"), "{}", run.stderr);
    proxy.set(Fault::None);
    check(&ktel(&kubeconfig, COUNT), 0, &[]);
    server.stop();
    check(&ktel(&kubeconfig, COUNT), 2, &["no answer from the API server"]);
    server.restart();
    check(&ktel(&kubeconfig, COUNT), 0, &[]);
}

#[test]
fn twenty_thousand_pods_are_counted_in_a_few_kilobytes() {
    let server = ApiServer::start();
    server.seed_pods("many", 20_000).expect("pods can be seeded");
    let proxy = Proxy::to_port(server.port());
    let url = format!("https://{}", proxy.address());
    let run = ktel(&server.kubeconfig_through(&url, ADMIN_TOKEN), COUNT);
    check(&run, 0, &[]);
    assert_eq!(run.report()["cluster-state"]["pods"], json!(20_000));
    let received = proxy.traffic().received;
    assert!(received < 64 << 10, "{received} bytes for four numbers");
}

#[test]
fn piped_json_is_added_after_the_jobs_and_checked_before_the_cluster_is_read() {
    let server = ApiServer::shared();
    let kubeconfig = server.admin_kubeconfig();
    // The seed's own example.
    let input = r##"{"foo": {"red": "#ff0000", "blue": "#0000ff"}, "bar": {"one": 1}}"##;
    let run = with_input(&kubeconfig, &format!("{COUNT} -"), input);
    check(&run, 0, &[]);
    let report = run.report();
    let keys: Vec<_> = report.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["cluster-state", "foo", "bar"]);
    assert_eq!(report["foo"], json!({"red": "#ff0000", "blue": "#0000ff"}));
    let proxy = Proxy::to_port(server.port());
    let url = format!("https://{}", proxy.address());
    let watched = server.kubeconfig_through(&url, ADMIN_TOKEN);
    let run = with_input(&watched, &format!("{COUNT} -"), "{\n  \"foo\": }");
    check(&run, 2, &["line 2, column 10"]);
    let run = with_input(&watched, &format!("{COUNT} -"), r#"{"cluster-state": 1}"#);
    check(&run, 2, &["\"cluster-state\"", "--merge=override"]);
    assert_eq!(proxy.traffic().connections, 0);
}

/// The container of the `Job` in the guide for operators, run as a pod would run it: a token, a CA,
/// no kubeconfig.
#[test]
fn the_manifest_of_the_guide_reports_from_within_a_cluster() {
    let server = ApiServer::shared();
    let guide = include_str!("../../docs/start/cluster-operator.md");
    let manifest = guide
        .split("```yaml\n")
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .find(|block| block.contains("kind: Job"))
        .expect("the guide shows a Job");
    let role = include_str!("../../deploy/rbac/all.yaml");
    server.apply(role).expect("the generated role is valid");
    server.apply(manifest).expect("the manifest of the guide is valid");
    let args = server
        .kubectl([
            "get",
            "job/ktel-report",
            "-n",
            "default",
            "-o",
            "jsonpath={.spec.template.spec.containers[0].args}",
        ])
        .expect("the Job is there");
    let args: Vec<String> = serde_json::from_str(&args).expect("arguments are a list");
    let token = server.token_for_service_account("default", "ktel").expect("a token");
    let pod = tempfile::tempdir().expect("a place for the pod's files");
    for (name, text) in
        [("token", token.as_str()), ("ca.crt", &server.ca_pem()), ("namespace", "default")]
    {
        std::fs::write(pod.path().join(name), text).expect("the pod's files");
    }
    // The pod's directory appears at its fixed place for this process alone.
    let place = "/var/run/secrets/kubernetes.io/serviceaccount";
    let script = format!(
        "mount -t tmpfs none /run && mkdir -p {place} && cp {}/* {place}/ && exec \"$@\"",
        pod.path().display()
    );
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", &script, "pod"])
        .arg(program())
        .args(&args)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", server.port().to_string());
    // Without a product there is nothing to say of its deployment; everything else must be there.
    let run = finish(command, "");
    assert!([0, 1].contains(&run.code), "{run:?}");
    assert_eq!(run.report()["identify-platform"]["kubernetes_version"], json!("v1.36.4"));
}
