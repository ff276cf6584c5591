//! What the program says of itself, and of a first mistake.

use insta::assert_snapshot;

use crate::support::{command, ktel, run};

#[test]
fn the_first_help_fits_a_screen() {
    assert_snapshot!(ktel("-h"));
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
fn the_long_help_has_examples_variables_and_exit_codes() {
    for words in ["--help", "workflows run --help", "token list --help"] {
        let (code, text, _) = run(command(words), b"");
        assert_eq!(code, 0);
        for part in ["Examples:\n  ktel ", "Environment:\n  ", "Exit codes:\n  0 "] {
            assert!(text.contains(part), "{words}: {part}: {text}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn colours_are_for_terminals_and_not_against_the_will_of_a_user() {
    use crate::terminal::on_terminal;
    let wrong = || {
        let mut command = command("jobs describe nothing");
        command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
        command
    };
    let shown = on_terminal(&wrong());
    assert!(shown.contains("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m"), "{shown:?}");
    let mut plain = wrong();
    plain.env("NO_COLOR", "1");
    assert!(!on_terminal(&plain).contains('\u{1b}'));
    let (_, _, piped) = run(wrong(), b"");
    assert!(piped.starts_with("error: ") && !piped.contains('\u{1b}'), "{piped:?}");
    let mut forced = wrong();
    forced.env("CLICOLOR_FORCE", "1");
    assert!(run(forced, b"").2.contains('\u{1b}'));
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
    // The Exporter's sink gets all of its own team, and nothing of the other.
    let delivered = stderr.split("The sink acknowledged ").nth(1).unwrap();
    let mut numbers = delivered.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
    let (acknowledged, read) = (numbers.next().unwrap(), numbers.next().unwrap());
    assert!(acknowledged == read && acknowledged >= 8, "{stderr}");
    assert!(delivered.contains("http_requests_total"), "{stderr}");
    assert!(delivered.contains("data points, all of team-1. This"), "{stderr}");
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

/// Names the page of every command and of every group of commands.
fn pages(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    found.push(format!("{path}.1"));
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        pages(inner, &format!("{path}-{}", inner.get_name()), found);
    }
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let place = tempfile::tempdir().unwrap();
    let (code, ..) = run(command(&format!("man --dir {}", place.path().display())), b"");
    assert_eq!(code, 0);
    let mut expected = Vec::new();
    pages(&ktel_cli::command(), "ktel", &mut expected);
    expected.sort();
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().into_string().unwrap()
    };
    let mut written: Vec<String> = place.path().read_dir().unwrap().map(name).collect();
    written.sort();
    assert_eq!(written, expected);
    for page in ["ktel-exporter-preview.1", "ktel-exporter-test.1", "ktel-telemetry-verify.1"] {
        assert!(expected.iter().any(|one| one == page), "{page}");
    }
    for page in expected {
        let text = std::fs::read_to_string(place.path().join(&page)).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}");
        // A group of commands does nothing by itself.
        assert!(text.contains("Exit codes:") || text.contains(".SH SUBCOMMANDS"), "{page}: {text}");
    }
}
