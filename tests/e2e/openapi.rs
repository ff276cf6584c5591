//! A fuzzer that reads `/openapi.json` sends what it allows and what it forbids, and believes nothing.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use ktel_testkit::real;

use crate::receiver::Ours;

/// How many random requests each route gets, beside those that are derived from its description.
const EXAMPLES: &str = "15";
/// How long one run may send; three of them fit into a minute.
const SECONDS: &str = "20";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";

struct Fuzzer<'f> {
    program: &'f Path,
    folder: tempfile::TempDir,
    url: &'f str,
}

impl Fuzzer<'_> {
    /// Sends to the routes that fit, with a token.
    fn run(&self, routes: &str, authorization: &str) -> Output {
        let mut fuzzer = Command::new(self.program);
        fuzzer.args(["run", &format!("{}/openapi.json", self.url), "--checks", CHECKS]);
        fuzzer.args(["--include-path-regex", routes, "--phases", "examples,coverage,fuzzing"]);
        fuzzer.args(["--max-examples", EXAMPLES, "--max-time", SECONDS, "--continue-on-failure"]);
        fuzzer.args(["--generation-deterministic", "--no-color", "--warnings", "off"]);
        fuzzer.args(["--suppress-health-check", "all"]);
        fuzzer.args(["-H", &format!("Authorization: {authorization}")]);
        fuzzer.env("HOME", self.folder.path()).current_dir(self.folder.path());
        fuzzer.stdin(Stdio::null()).output().expect("it can be started")
    }
}

#[test]
fn every_route_answers_as_its_description_says() {
    let [program] = real::require(["schemathesis"]);
    let ours = Ours::start();
    let folder = tempfile::tempdir().unwrap();
    let fuzzer = Fuzzer { program: &program, folder, url: &ours.url };
    for (routes, authorization) in [
        ("^/v1/(reports|events|forget)$", format!("Bearer {}", ours.token)),
        ("^/services/", format!("Splunk {}", ours.token)),
        ("^/(?!services/|v1/(reports|events|forget)$)", format!("Bearer {}", ours.admin)),
    ] {
        let output = fuzzer.run(routes, &authorization);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{routes}\n{said}");
        assert!(said.contains("passed"), "nothing was tried of {routes}:\n{said}");
    }
    assert!(ours.count("rejected") > 0, "what it sent came to nobody");
}
