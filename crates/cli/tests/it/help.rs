//! What the program says of itself, and of a first mistake.

use insta::assert_snapshot;

use crate::support::{command, ktel, run};

#[test]
fn the_first_help_fits_a_screen() {
    assert_snapshot!(ktel("--help"));
}

#[test]
fn running_has_its_own_help() {
    assert_snapshot!(ktel("workflows run --help"));
}

#[test]
fn a_mistyped_job_names_the_nearest_one() {
    assert_snapshot!(ktel("workflows run --jobs identify-platfrom"));
}

#[test]
fn a_mistyped_workflow_names_the_nearest_one() {
    assert_snapshot!(ktel("workflows run --workflow gatway"));
}

#[test]
fn without_jobs_there_is_nothing_to_run() {
    assert_snapshot!(ktel("workflows run"));
}

#[test]
fn without_a_cluster_the_ways_to_name_one_are_listed() {
    assert_snapshot!(ktel("workflows run --workflow all"));
}

#[test]
fn an_unknown_scheme_lists_the_known_ones() {
    assert_snapshot!(ktel("workflows run --workflow all --report-server gopher://example.com"));
}

#[test]
fn a_missing_kubeconfig_is_named() {
    assert_snapshot!(ktel("workflows run --workflow all --kubeconfig nowhere.yaml"));
}

#[test]
fn sets_of_jobs_are_listed() {
    assert_snapshot!(ktel("workflows list"));
}

#[test]
fn a_role_is_printed_for_the_jobs_that_are_named() {
    assert_snapshot!(ktel("jobs rbac --jobs cluster-state,plugin-usage"));
}

#[test]
fn every_shell_has_completions_that_know_the_jobs_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let shown = ktel(&format!("completions {shell}"));
        assert!(shown.starts_with("exit 0"), "{shell}: {shown}");
        assert!(shown.contains("workflows"), "{shell}");
    }
}

#[test]
fn as_a_plugin_of_kubectl_it_is_called_as_kubectl_calls_it() {
    let place = tempfile::tempdir().unwrap();
    let plugin = place.path().join("kubectl-ktel");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_ktel"), &plugin).unwrap();
    let mut command = std::process::Command::new(plugin);
    command.env_clear().arg("--help");
    let (code, stdout, _) = run(command, b"");
    assert_eq!(code, 0);
    assert!(stdout.contains("Usage: kubectl ktel [OPTIONS] <COMMAND>"), "{stdout}");
}

#[test]
fn the_demo_needs_nothing_and_explains_a_field() {
    let (code, stdout, stderr) = run(command("demo"), b"");
    assert_eq!(code, 0, "{stderr}");
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report.as_object().unwrap().len(), 11, "the whole catalog");
    assert!(stderr.contains("identify-platform.kubernetes_version"), "{stderr}");
    assert!(stderr.contains("What next?"), "{stderr}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    use std::process::Stdio;
    let mut child = command("schema show mesh-detect")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn an_unknown_context_is_told_beside_the_known_ones() {
    let kubeconfig = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/kubeconfig.yaml");
    let words = format!("workflows run --workflow all --kubeconfig {kubeconfig} --context three");
    assert_snapshot!(ktel(&words));
}

#[test]
fn the_manual_has_a_page_per_command() {
    let place = tempfile::tempdir().unwrap();
    let (code, ..) = run(command(&format!("man --dir {}", place.path().display())), b"");
    assert_eq!(code, 0);
    for page in ["ktel.1", "ktel-workflows-run.1", "ktel-schema-lint.1"] {
        let text = std::fs::read_to_string(place.path().join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
}
