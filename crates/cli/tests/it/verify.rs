//! Receipts, from a receiver to the user who checks them; and TLS of a running receiver.

use std::path::Path;
use std::time::{Duration, Instant};

use ktel_testkit::certificates::{Authority, Identity};
use serde_json::Value;

use crate::serve::Served;
use crate::support::{CLUSTER, command, run};

/// Runs `ktel telemetry verify`.
fn verify(words: &[&str]) -> (i32, String, String) {
    let mut verify = command("telemetry verify");
    verify.args(words);
    run(verify, b"")
}

#[track_caller]
fn check(words: &[&str], code: i32, expected: &[&str]) {
    let (got, out, said) = verify(words);
    assert_eq!(got, code, "{words:?}: {out}{said}");
    for expected in expected {
        assert!(out.contains(expected) || said.contains(expected), "`{expected}`: {out}{said}");
    }
}

/// Makes a report, as it would be sent.
fn report(folder: &Path) -> String {
    let file = folder.join("report.json");
    let words = format!(
        "workflows run --jobs cluster-state --snapshot {CLUSTER} --no-spool --report-server"
    );
    let mut workflow = command(&words);
    workflow.arg(format!("file:{}", file.display()));
    let (code, _, said) = run(workflow, b"");
    assert_eq!(code, 0, "{said}");
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_receipt_is_checked_against_report_and_key_and_says_what_it_proves() {
    let place = tempfile::tempdir().unwrap();
    let served = Served::start(&place.path().join("received"));
    let report = report(place.path());
    let text = std::fs::read_to_string(&report).unwrap();
    let token = served.ingest.clone().unwrap();
    let headers = format!("Authorization: Bearer {token}\r\nPrefer: return=representation\r\n");
    let answer = served.ask("POST /v1/reports", &headers, text.trim_end());
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let write = |name: &str, text: &str| {
        let file = place.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let receipt = write("answer.json", body);
    let value: Value = serde_json::from_str(body).unwrap();
    let id = value["receipts"][0]["id"].as_str().unwrap();
    let receiver = value["receipts"][0]["receiver"].as_str().unwrap();
    let stored = format!("the receiver stored the report {id}");
    let not_compared = ["not compared; use --report", "not compared; use --server or --key"];
    check(&[&receipt], 0, &[&stored, "signature   valid", not_compared[0], not_compared[1]]);
    let all = [&receipt, "--report", &report, "--server", &served.url];
    let sure = ["the same as what was stored", "the key of the receiver", receiver];
    check(&all, 0, &sure);
    check(&[&receipt, "--report", &report, "--key", receiver], 0, &sure);
    let pretty = serde_json::to_string_pretty(&value["receipts"][0]).unwrap();
    let keys = served.ask("GET /v1/keys", "", "");
    let keys = write("keys.json", keys.split_once("\r\n\r\n").unwrap().1);
    check(&[&write("one.json", &pretty), "--report", &report, "--key", &keys], 0, &sure);

    let longer = body.replace(
        "kept_until\":{\"ktel/cluster-state\":\"20",
        "kept_until\":{\"ktel/cluster-state\":\"19",
    );
    assert_ne!(longer, body);
    check(&[&write("changed.json", &longer)], 2, &["the signature of the receipt is invalid"]);
    let changed = place.path().join("changed.json");
    let mut show = command("telemetry show --product ktel-demo --receipt");
    show.arg(&receipt).arg("--receipt").arg(&changed);
    let (code, page, said) = run(show, b"");
    assert_eq!(code, 0, "{said}");
    assert!(page.contains("signature   valid") && page.contains(id), "{page}");
    assert_eq!(page.matches("Do not trust this receipt").count(), 1, "{page}");
    let other = text.replace("\"pods\":", "\"pods\":1");
    assert_ne!(other, text);
    let differs = ["the stored record differs from this report", "--schema"];
    check(&[&receipt, "--report", &write("other.json", &other)], 2, &differs);
    let stranger = "07".repeat(32);
    check(&[&receipt, "--key", &stranger], 2, &["which is not the key of the receiver"]);
    let none = write("none.json", "{\"stored\":0,\"repeated\":1,\"rejected\":[],\"receipts\":[]}");
    check(&[&none], 2, &["contains no receipt", "only the first time"]);
    check(&[&write("else.json", "{}")], 2, &["not a receipt"]);
    check(&[&receipt, "--server", "http://127.0.0.1:1"], 2, &["ask `http://127.0.0.1:1`"]);
    // No authorities are needed in the open.
    for (server, expected) in [
        (served.url.clone(), "the key of the receiver"),
        (served.url.replace("http", "https"), "the system has no certificate authorities"),
    ] {
        let mut verify = command("telemetry verify");
        verify.args([&receipt, "--server", &server]).env("SSL_CERT_FILE", "/nowhere");
        let (_, out, said) = run(verify, b"");
        assert!(out.contains(expected) || said.contains(expected), "{server}: {out}{said}");
    }
}

fn put(folder: &Path, identity: &Identity) -> [String; 4] {
    let files = identity.write(folder, "tls").unwrap();
    let [certificate, key] = [files.certificate, files.key].map(|it| it.display().to_string());
    ["--tls-certificate".into(), certificate, "--tls-key".into(), key]
}

#[test]
fn a_receiver_speaks_tls_with_the_certificate_that_is_there_now() {
    let place = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    let words = put(place.path(), &old.server());
    let served =
        Served::start_with(&place.path().join("received"), &words.each_ref().map(|word| &**word));
    assert!(served.url.starts_with("https://127.0.0.1:"), "{}", served.url);
    let token = served.ingest.clone().unwrap();
    let ship = |authority: &Authority| {
        let ca = place.path().join("ca.pem");
        std::fs::write(&ca, authority.certificate_pem()).unwrap();
        let words = format!(
            "workflows run --jobs cluster-state --snapshot {CLUSTER} --no-spool --report-server"
        );
        let mut workflow = command(&words);
        workflow.arg(format!("{}/v1/reports?ca={}", served.url, ca.display()));
        let (code, _, said) = {
            workflow.env("KTEL_TOKEN", &token);
            run(workflow, b"")
        };
        (code, said)
    };
    let (code, said) = ship(&old);
    assert_eq!(code, 0, "{said}");
    put(place.path(), &new.server());
    let deadline = Instant::now() + Duration::from_secs(30);
    while ship(&new).0 != 0 {
        assert!(Instant::now() < deadline, "the new certificate is not used");
    }
    assert_eq!(ship(&old).0, 3, "the old one is gone");
}

#[test]
fn files_that_cannot_be_used_are_named_before_anything_is_made() {
    let place = tempfile::tempdir().unwrap();
    let (one, other) = (Authority::new().server(), Authority::new().server());
    let files = one.write(place.path(), "tls").unwrap();
    std::fs::write(&files.key, other.key_pem()).unwrap();
    let store = place.path().join("received");
    for (certificate, key, expected) in [
        (&files.certificate, &files.key, "use the certificate in"),
        (&files.key, &files.key, "holds no certificate in PEM"),
        (&files.certificate, &files.certificate, "holds no private key in PEM"),
        (&place.path().join("none"), &files.key, "read `"),
    ] {
        let mut serve = command("serve --listen 127.0.0.1:0 --store");
        serve.arg(&store).arg("--tls-certificate").arg(certificate).arg("--tls-key").arg(key);
        let (code, out, said) = run(serve, b"");
        assert_eq!((code, out.as_str()), (2, ""), "{said}");
        assert!(
            said.contains(expected) && said.contains("PEM files that belong together"),
            "{said}"
        );
    }
    assert!(!store.exists());
}
