//! The format of a configuration, and what is said of a wrong one.

use std::io;
use std::time::Duration;

use super::{AgentFile, Error, Fact, Form};

const KAMAJI: &str = include_str!("../../../../deploy/kamaji/agent.yaml");
const FLAT: &str = include_str!("../../../../deploy/kamaji/agent-flat.yaml");

fn parse(text: &str) -> Result<AgentFile, Error> {
    AgentFile::parse(text, "agent.yaml", &|_| Err(io::ErrorKind::NotFound.into()))
}

#[test]
fn the_ready_made_configurations_are_valid_and_read_what_they_say() {
    for text in [KAMAJI, FLAT] {
        let file = parse(text).unwrap();
        assert_eq!(file.product.as_str(), "kamaji");
        assert_eq!(file.facts["uuid"], Fact::Installation);
        let jobs: Vec<&str> = file.jobs().into_iter().collect();
        assert_eq!(jobs, ["identify-deployment", "identify-platform"]);
        let names: Vec<String> = file.schemas().into_iter().map(|schema| schema.name).collect();
        assert_eq!(names, ["kamaji-create", "kamaji-update", "kamaji-delete", "kamaji-stats"]);
        let stats = file.stats.unwrap();
        assert_eq!(stats.period, Duration::from_secs(24 * 60 * 60));
    }
}

#[test]
fn the_form_of_kamaji_is_one_word() {
    let text = KAMAJI.replace(
        "servers: []",
        "servers: [{url: 'https://telemetry.example.com', form: kamaji}, 'file:out']",
    );
    let forms: Vec<Form> = parse(&text).unwrap().servers.iter().map(|one| one.form).collect();
    assert_eq!(forms, [Form::Kamaji, Form::Envelope]);
}

#[track_caller]
fn check(change: (&str, &str), message: &str, hint: &str) {
    assert!(KAMAJI.contains(change.0), "{change:?}");
    let error = parse(&KAMAJI.replacen(change.0, change.1, 1)).unwrap_err();
    let (said, hinted) = (error.to_string(), error.hint().unwrap_or_default());
    assert!(said.contains(message), "{said}");
    assert!(hinted.contains(hint), "{hinted}");
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_a_way_out() {
    check(("ktel: 1", "ktel: 2"), "only `ktel: 1` is known", "");
    check(("product:", "prodct: x\nproduct:"), "prodct", "");
    check(("servers: []", "servers: ['splnk://a']"), "`splnk`", "");
    check(("servers: []", "servers: [{url: 'udp://a', form: kamaji}]"), "`udp`", "");
    check(
        ("servers: []", "servers: [{url: 'splunk://a', form: kamaji}]"),
        "cannot be the base URL",
        "https://HOST",
    );
    check(("identify-platform.kubernetes_version", "identify-platfrm.x"), "did you mean", "");
    check(
        ("identify-platform.kubernetes_version", "identify-platform.x"),
        "no field `x`",
        "it has arch",
    );
    check(("period: 24h", "period: 24"), "`stats.period` is not a duration", "24h");
    check(("period: 24h", "period: 5s"), "shorter than 60 s", "");
    check(("schema: kamaji-stats", "schema: kamaji-create"), "another kind", "kind: stats");
    check(("created: kamaji-create", "created: kamaji-made"), "`kamaji-made`", "kamaji-create");
    check(("into: {Sleeping:", "into: {Sleeping: asleep, Other:"), "no field `asleep`", "");
    check(("tcp_version: .spec", "tcp_version: .spec["), "field `tcp_version`", "");
    check(("tcp_version: .spec", "version: .spec"), "has no field for a change", "old_FIELD");
    check(("cluster_api: {path:", "cluster_api: {pth:"), "pth", "");
}

#[test]
fn an_error_of_the_format_names_its_line() {
    let error = parse("ktel: 1\nproduct: acme\nstat: {}\n").unwrap_err();
    assert!(error.to_string().contains("line 3"), "{error}");
}

#[test]
fn a_file_that_configures_nothing_gets_a_hint() {
    let error = parse("ktel: 1\nproduct: acme\n").unwrap_err();
    assert!(error.hint().unwrap().contains("lifecycle"), "{error}");
}
