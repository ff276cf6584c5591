//! Files to begin with: written, accepted by the commands that they are for, and checked by editors.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{command, run};
use crate::terminal::Terminal;

const CRD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/commands/init/lamps.crd.yaml");
const LAMPS: &str = "
apiVersion: acme.example/v1
kind: Lamp
metadata: {name: a, namespace: default}
spec: {colour: Red, owner: Ann, dimmer: {enabled: true}}
status: {phase: Lit}
---
apiVersion: acme.example/v1
kind: Lamp
metadata: {name: b, namespace: default}
spec: {colour: Purple}
";

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, words: &str) -> Command {
        let mut command = command(words);
        command.env("HOME", self.0.path()).current_dir(self.0.path());
        command
    }

    fn ktel(&self, words: &str) -> (i32, String, String) {
        run(self.command(words), b"")
    }

    /// Waits for each question, and types what stands beside it; gives the exit code.
    #[track_caller]
    fn answer(&self, words: &str, answers: &[(&str, &str)]) -> Option<i32> {
        let mut terminal = Terminal::open(&self.command(words));
        for (question, answer) in answers {
            terminal.wait_for(question);
            terminal.type_in(answer);
        }
        terminal.end()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    /// A cluster with the kind and two objects.
    fn cluster(&self) -> String {
        let path = self.0.path().join("cluster.yaml");
        let crd = fs::read_to_string(CRD).unwrap();
        let version = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}\n";
        fs::write(&path, format!("{crd}---{LAMPS}{version}")).unwrap();
        path.display().to_string()
    }
}

/// What an editor says of a file.
fn errors(file: &str, text: &str) -> Vec<String> {
    let (code, schema, _) = run(command(&format!("schema editor {file}")), b"");
    assert_eq!(code, 0);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let value: Value = serde_saphyr::from_str(text).unwrap();
    validator
        .iter_errors(&value)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect()
}

#[track_caller]
fn editor_accepts(file: &str, text: &str) {
    assert_eq!(errors(file, text), Vec::<String>::new(), "{text}");
}

#[test]
fn a_job_from_a_definition_counts_what_is_in_the_cluster() {
    let desk = Desk::new();
    let (code, _, said) = desk.ktel(&format!("init job lamp-usage --crd {CRD}"));
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("lamps, lamps_by_dimmer_enabled, ") || said.contains("lamps_by_colour"),
        "{said}"
    );
    assert!(
        said.contains("Not proposed, because free text cannot be sent: .spec.owner."),
        "{said}"
    );
    let text = desk.read("lamp-usage.yaml");
    assert!(text.starts_with("# yaml-language-server: $schema=https://"), "{text}");
    editor_accepts("schema", &text);
    // What it says next works.
    let (code, _, lint) = desk.ktel("schema lint lamp-usage.yaml");
    assert_eq!(code, 0, "{lint}");
    let words = format!("workflows run --jobs-from lamp-usage.yaml --snapshot {}", desk.cluster());
    let (code, report, said) = desk.ktel(&words);
    assert_eq!(code, 0, "{said}");
    let report: Value = serde_json::from_str(&report).unwrap();
    let lamps = &report["lamp-usage"];
    assert_eq!(lamps["lamps"], 2, "{report}");
    assert_eq!(lamps["lamps_by_colour"]["Red"], "1", "{report}");
    assert_eq!(lamps["lamps_by_colour"]["other"], "1", "{report}");
    assert_eq!(lamps["lamps_by_phase"]["Lit"], "1", "{report}");
    let (code, role, _) = desk.ktel("jobs rbac --jobs-from lamp-usage.yaml");
    assert!(code == 0 && role.contains("resources: [lamps]"), "{role}");
    // Nothing is replaced.
    let (code, _, said) = desk.ktel(&format!("init job lamp-usage --crd {CRD}"));
    assert!(code == 2 && said.contains("it exists; name another file with `--file`"), "{said}");
}

#[test]
fn an_agent_from_a_definition_of_the_cluster_previews_what_it_sends() {
    let desk = Desk::new();
    let cluster = desk.cluster();
    let words = format!(
        "init agent acme --crd lamps.acme.example --snapshot {cluster} --server https://telemetry.example.com/v1/reports"
    );
    let (code, _, said) = desk.ktel(&words);
    assert_eq!(code, 0, "{said}");
    let agent = desk.read("agent.yaml");
    editor_accepts("agent", &agent);
    for schema in ["acme-stats", "lamp-created", "lamp-updated", "lamp-deleted"] {
        let name = format!("{schema}.yaml");
        editor_accepts("schema", &desk.read(&name));
        assert_eq!(desk.ktel(&format!("schema lint {name}")).0, 0, "{name}");
        assert!(said.contains(&name), "{said}");
    }
    let values: Value = serde_saphyr::from_str(&desk.read("agent-values.yaml")).unwrap();
    let config: Value = serde_saphyr::from_str(&agent).unwrap();
    assert_eq!((&values["agent"]["enabled"], &values["agent"]["config"]), (&true.into(), &config));
    let schemas = values["agent"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.len(), 4);
    for (name, text) in schemas {
        assert_eq!(text.as_str().unwrap(), desk.read(name), "{name}");
    }
    let updated = desk.read("lamp-updated.yaml");
    assert!(updated.contains("old_colour:") && updated.contains("new_colour:"), "{updated}");
    let (code, roles, _) = desk.ktel("agent rbac --config agent.yaml --name acme-agent");
    assert_eq!((code, roles.as_str()), (0, desk.read("agent-rbac.yaml").as_str()));
    assert!(
        roles.contains("resources: [lamps]") && roles.contains("verbs: [list, watch]"),
        "{roles}"
    );
}

#[test]
fn a_definition_that_is_not_there_is_an_error_that_says_what_to_do() {
    let desk = Desk::new();
    let cluster = desk.cluster();
    for (words, expected) in [
        (
            format!("--crd bulbs.acme.example --snapshot {cluster}"),
            &["no CustomResourceDefinition `bulbs.acme.example`", "kubectl get crds"][..],
        ),
        ("--crd nothing.yaml".to_owned(), &["nothing.yaml", "there is no such file"]),
        ("--crd ./cluster.json".to_owned(), &["cluster.json", "there is no such file"]),
        (
            format!("--crd {}", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pods.yaml")),
            &["has no CustomResourceDefinition", "kubectl get crd NAME --output yaml"],
        ),
    ] {
        let (code, _, said) = desk.ktel(&format!("init job x {words}"));
        assert_eq!(code, 2, "{words}: {said}");
        for expected in expected {
            assert!(said.contains(expected), "{words}: {expected}: {said}");
        }
    }
    let (code, _, said) = desk.ktel(&format!("init job Not_Kebab --crd {CRD}"));
    assert!(code == 2 && said.contains("hint: use lower-case words"), "{said}");
    assert_eq!(fs::read_dir(desk.0.path()).unwrap().count(), 1, "nothing is written");
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_what_is_missing_is_asked_for() {
    let desk = Desk::new();
    let code = desk.answer(
        "init product",
        &[
            ("Name of the product", "Acme Lamps\n"),
            ("`Acme Lamps` cannot be the name of a product", "acme\n"),
            ("Commands that events may contain, separated by commas: ", "get apis, plan\n"),
            ("Where events go [http://127.0.0.1:8090]: ", "\n"),
            ("`acme.yaml` is written", ""),
        ],
    );
    assert_eq!(code, Some(0));
    let (code, ..) = desk.ktel("init product other --commands plan");
    assert_eq!(code, 0);
    // The answers are what the arguments are.
    let (code, ..) = desk.ktel("init product acme --commands plan --file flags.yaml");
    assert_eq!(code, 0);
    let flags = desk.read("flags.yaml").replace("  - \"plan\"", "  - \"get apis\"\n  - \"plan\"");
    assert_eq!(desk.read("acme.yaml"), flags);

    let cluster = desk.cluster();
    let code = desk.answer(
        &format!("init agent --snapshot {cluster}"),
        &[
            ("Name of the product", "acme\n"),
            ("CustomResourceDefinition", "bulbs.acme.example\n"),
            ("no CustomResourceDefinition `bulbs.acme.example`", "lamps.acme.example\n"),
            ("Where reports go, such as", "http://127.0.0.1:8090/v1/reports\n"),
            ("Namespace of the product [none]: ", "acme-system\n"),
            ("are written", ""),
        ],
    );
    assert_eq!(code, Some(0));
    let agent = desk.read("agent.yaml");
    assert!(agent.contains("servers: [\"http://127.0.0.1:8090/v1/reports\"]"), "{agent}");
    assert!(agent.contains("\nnamespace: \"acme-system\"\n"), "{agent}");
    assert_eq!(desk.ktel("agent rbac --config agent.yaml").0, 0);

    let code = desk.answer(
        &format!("init job --crd {CRD}"),
        &[
            ("Name of the job", "lamp-usage\n"),
            ("Who is responsible for the schema, in lower-case words joined by `-` [acme]: ", "\n"),
            ("`lamp-usage.yaml` is written", ""),
        ],
    );
    assert_eq!(code, Some(0));
    assert_eq!(desk.ktel("schema lint lamp-usage.yaml").0, 0);
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_asked_without_a_terminal_in_ci_or_with_all_arguments() {
    let desk = Desk::new();
    for (words, missing) in [
        ("init product", "NAME is missing"),
        ("init product acme", "--commands is missing"),
        ("init agent", "PRODUCT is missing"),
        ("init agent acme", "--crd is missing"),
        ("init job", "NAME is missing"),
        ("init job lamp-usage", "--crd is missing"),
    ] {
        let (code, stdout, said) = desk.ktel(words);
        assert_eq!((code, stdout.as_str()), (2, ""), "{words}: {said}");
        let error = format!("error: {missing}\n");
        assert!(
            said.starts_with(&error) && said.contains("hint: on a terminal"),
            "{words}: {said}"
        );
        // A terminal of a pipeline has nobody who answers.
        let mut command = desk.command(words);
        command.env("CI", "true");
        let mut terminal = Terminal::open(&command);
        terminal.wait_for(missing);
        assert_eq!(terminal.end(), Some(2), "{words}");
    }
    let mut terminal = Terminal::open(&desk.command("init product acme --commands plan"));
    terminal.wait_for("`acme.yaml` is written");
    assert_eq!(terminal.end(), Some(0));
    // Somebody who ends the input gives no answer.
    let mut terminal = Terminal::open(&desk.command("init product"));
    terminal.wait_for("Name of the product");
    terminal.type_in("\u{4}");
    terminal.wait_for("there is no answer, so nothing is written");
    assert_eq!(terminal.end(), Some(2));
}

#[test]
fn editors_accept_the_files_of_this_repository_and_reject_mistakes() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for entry in fs::read_dir(repository.join("telemetry")).unwrap() {
        editor_accepts("schema", &fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    editor_accepts(
        "agent",
        &fs::read_to_string(repository.join("deploy/kamaji/agent.yaml")).unwrap(),
    );
    editor_accepts(
        "decisions",
        "- {date: 2026-11-21, what: No more 1.26, link: 'https://example.com'}",
    );
    let desk = Desk::new();
    assert_eq!(desk.ktel("init product acme --commands get,plan").0, 0);
    let product = desk.read("acme.yaml");
    assert!(product.starts_with("# yaml-language-server: $schema=https://"), "{product}");
    editor_accepts("product", &product);
    for (file, text) in [
        ("product", "{ktel: 1, name: acme, consent: maybe}"),
        ("product", "{ktel: 1, name: acme, consent: opt-in, comands: []}"),
        ("product", "{ktel: 1, name: Acme, consent: opt-in}"),
        ("agent", "{ktel: 1, product: acme, stats: {groups: [{resource: pods}]}}"),
        ("agent", "{ktel: 1, product: acme, lifecyle: []}"),
        ("schema", "{kts: 1}"),
        ("decisions", "[{what: x}]"),
        ("decisions", "[{date: 2026-11-21, what: x, link: 'javascript:alert(1)'}]"),
    ] {
        assert!(!errors(file, text).is_empty(), "{file} accepts {text}");
    }
    let pods = include_str!("pods.yaml");
    editor_accepts("schema", pods);
    assert!(!errors("schema", &pods.replace("type: count", "type: text")).is_empty());
}
