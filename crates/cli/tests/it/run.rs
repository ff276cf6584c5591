//! `ktel workflows run` on a cluster in a file.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{CLUSTER, command, ktel, run, scratch, with_input};
use crate::terminal::on_terminal;

fn on_cluster(words: &str) -> String {
    format!("workflows run --snapshot {CLUSTER} {words}")
}

#[test]
fn the_report_of_the_seed_comes_in_the_order_asked_for() {
    let words = "--jobs identify-deployment,identify-platform --product example-gateway";
    assert_snapshot!(ktel(&on_cluster(words)));
}

#[test]
fn coarse_values_are_blurred() {
    let words =
        "--jobs identify-deployment,cluster-state --product example-gateway --coarse -o table";
    assert_snapshot!(ktel(&on_cluster(words)));
}

#[test]
fn yaml_is_one_of_the_formats() {
    assert_snapshot!(ktel(&on_cluster("--jobs identify-platform -o yaml")));
}

#[test]
fn the_service_that_publishes_the_product_says_whether_it_is_part_of_a_mesh() {
    let place = tempfile::tempdir().expect("a place to write to");
    let cluster = place.path().join("cluster.yaml");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: front, namespace: shop, \
                   annotations: {mesh.traefik.io/traffic-type: HTTP}}\n";
    std::fs::write(&cluster, service).expect("a file");
    let of = |words: &str| {
        let cluster = cluster.display();
        let (code, stdout, stderr) = run(
            command(&format!("workflows run --snapshot {cluster} --jobs mesh-detect {words}")),
            b"",
        );
        assert_eq!(code, 0, "{stderr}");
        let report: Value = serde_json::from_str(&stdout).expect("a report");
        report["mesh-detect"]["running_under"].clone()
    };
    assert_eq!(of("--publish-service shop/front"), json!(["traefik"]));
    assert_eq!(of("--publish-service shop/back"), Value::Null);
    assert_eq!(of(""), Value::Null);
}

#[test]
fn a_job_that_fails_is_named_with_a_hint_and_the_others_are_reported() {
    let words = "--jobs identify-deployment,cluster-state --product nobody";
    assert_snapshot!(ktel(&on_cluster(words)));
}

#[test]
fn input_is_merged_behind_the_jobs_as_it_came() {
    let input = br##"{"foo": {"red": "#ff0000", "blue": "#0000ff"}, "bar": {"one": 1}}"##;
    assert_snapshot!(with_input(&on_cluster("--jobs cluster-state -"), input));
}

#[test]
fn input_that_cannot_be_used_says_where_and_why() {
    let cases: [(&[u8], &str, &str); 5] = [
        (b"{\n \"a\": }", "", "line 2, column 7: expected value"),
        (b"[1]", "", "standard input is an array, not a JSON object"),
        (b"", "", "line 1, column 0"),
        (b"{\"cluster-state\": 1}", "", "key \"cluster-state\""),
        (&[b' '; (1 << 20) + 1], "", "more than 1024 KiB"),
    ];
    for (input, words, expected) in cases {
        let shown = with_input(&on_cluster(&format!("--jobs cluster-state {words} -")), input);
        assert!(shown.starts_with("exit 2\n--- stdout\n--- stderr\nerror: "), "{shown}");
        assert!(shown.contains(expected), "`{expected}` is not in {shown}");
    }
}

#[test]
fn an_override_is_marked_as_the_users_own() {
    let (_place, file) = scratch();
    let words =
        format!("--jobs cluster-state --merge=override --report-server file:{} -", file.display());
    let (code, ..) = run(command(&on_cluster(&words)), br#"{"cluster-state": "mine"}"#);
    assert_eq!(code, 0);
    let line: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(line["user"], json!(["cluster-state"]));
    assert_eq!(line["schemas"], json!({}), "no schema speaks for it");
}

#[test]
fn a_dry_run_shows_the_very_bytes_and_sends_none() {
    let (_place, file) = scratch();
    let words = format!(
        "--jobs cluster-state --report-server file:{} --report-server stdout:",
        file.display()
    );
    let (code, shown, stderr) = run(command(&on_cluster(&format!("{words} --dry-run"))), b"");
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains(&format!("to file:{}, ", file.display())), "{stderr}");
    assert!(!file.exists());
    let (code, printed, _) = run(command(&on_cluster(&words)), b"");
    assert_eq!(code, 0);
    let sent = std::fs::read_to_string(&file).unwrap();
    assert_eq!(shown, format!("{sent}{printed}"));
}

#[test]
fn reports_are_appended_and_a_file_that_cannot_be_written_is_3_whatever_else_failed() {
    let (place, file) = scratch();
    let words = format!("--jobs cluster-state --report-server file:{}", file.display());
    for _ in 0..2 {
        assert_eq!(run(command(&on_cluster(&words)), b"").0, 0);
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 2);
    let directory = place.path().display();
    let words = format!(
        "--jobs cluster-state,identify-deployment --report-server file:{directory} --report-server file:{}",
        file.display()
    );
    let (code, stdout, stderr) = run(command(&on_cluster(&words)), b"");
    assert_eq!(code, 3);
    assert!(stdout.contains("\"pods\": 2"), "the report is printed all the same");
    assert!(stderr.contains("write the report to"), "{stderr}");
    assert!(stderr.contains("job `identify-deployment`"), "{stderr}");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 3, "the other has it");
}

#[test]
fn a_certificate_of_the_api_server_that_will_not_do_is_named() {
    use ktel_testkit::certificates::{Authority, Identity};
    use ktel_testkit::{capture::Http, tls::ServerTls};
    let place = tempfile::tempdir().unwrap();
    let (authority, other) = (Authority::new(), Authority::new());
    let table: [(Identity, &Authority, &str); 3] = [
        (authority.expired_server(), &authority, "certificate has expired"),
        (authority.server(), &other, "not from the authority in the kubeconfig"),
        (authority.server_elsewhere(), &authority, "not valid for this address"),
    ];
    for (identity, trusted, expected) in table {
        let server = Http::start_tls(&ServerTls::new(&identity));
        let ca = place.path().join("ca.pem");
        std::fs::write(&ca, trusted.certificate_pem()).unwrap();
        let kubeconfig = place.path().join("config");
        let text = format!(
            "{{apiVersion: v1, kind: Config, current-context: c, \
             clusters: [{{name: c, cluster: {{server: '{}', certificate-authority: '{}'}}}}], \
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}], users: [{{name: u, user: {{token: t}}}}]}}",
            server.url(),
            ca.display(),
        );
        std::fs::write(&kubeconfig, text).unwrap();
        let words =
            format!("workflows run --jobs cluster-state --kubeconfig {}", kubeconfig.display());
        let (code, stdout, stderr) = run(command(&words), b"");
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
        assert!(server.requests().is_empty());
    }
}

#[test]
fn whoever_watches_a_long_run_sees_how_far_it_is_and_a_pipe_does_not() {
    let server = ktel_testkit::capture::Http::start();
    server.answer(ktel_testkit::http::Answer::Stall);
    let place = tempfile::tempdir().unwrap();
    let kubeconfig = place.path().join("config");
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, clusters: [{{name: c, cluster: {{server: '{}'}}}}], \
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}], users: [{{name: u, user: {{token: t}}}}]}}",
        server.url(),
    );
    std::fs::write(&kubeconfig, text).unwrap();
    let words = format!(
        "workflows run --jobs cluster-state,identify-platform --job-timeout 3s --kubeconfig {}",
        kubeconfig.display()
    );
    let shown = on_terminal(&command(&words));
    assert!(shown.contains("0 of 2 jobs done, 2 running"), "{shown}");
    let (_, _, piped) = run(command(&words), b"");
    assert!(!piped.contains("jobs done"), "{piped}");
    let quiet = on_terminal(&command(&format!("--quiet {words}")));
    assert!(!quiet.contains("jobs done"), "{quiet}");
}
