//! Completions, as shells and kubectl ask for them, in real shells.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::{command, run};

/// Asks as the script of a shell does: the words, of which the last is being typed.
fn complete(words: &[&str], home: &str) -> Vec<String> {
    let mut asked = command("--");
    asked.arg("ktel").args(words).env("KTEL_COMPLETE", "bash").env("HOME", home);
    asked.env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_IFS", "\n");
    let (code, stdout, stderr) = run(asked, b"");
    assert_eq!((code, stderr.as_str()), (0, ""), "{words:?}");
    stdout.lines().map(str::to_owned).collect()
}

#[test]
fn names_are_those_that_the_program_and_the_machine_know() {
    let home = tempfile::tempdir().unwrap();
    let products = home.path().join(".config/ktel/products");
    fs::create_dir_all(&products).unwrap();
    fs::write(products.join("acme.yaml"), "").unwrap();
    let home = home.path().to_str().unwrap();
    for (words, expected) in [
        (&["workflows", "run", "--jobs", "cluster-"][..], &["cluster-state"][..]),
        (&["workflows", "run", "--jobs", "cluster-state,mesh"], &["cluster-state,mesh-detect"]),
        (&["workflows", "run", "--workflow", "gate"], &["gateway"]),
        (&["telemetry", "off", "--product", "ac"], &["acme"]),
        (&["telemetry", "off", "--product=ac"], &["--product=acme"]),
        (&["schema", "show", "kamaji-s"], &["kamaji-stats"]),
        (&["schema", "editor", "ag"], &["agent"]),
        (&["jobs", "describe", "route"], &["route-types"]),
        (&["completions", "fi"], &["fish"]),
        (&["agen"], &["agent", "agents"]),
    ] {
        assert_eq!(complete(words, home), expected, "{words:?}");
    }
    assert!(
        complete(&["workflows", "run", "--respect"], home)
            .contains(&"--respect-consent".to_owned())
    );
}

#[test]
fn kubectl_asks_a_program_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let program = place.path().join("kubectl_complete-ktel");
    symlink(env!("CARGO_BIN_EXE_ktel"), &program).unwrap();
    let ask = |words: &[&str]| {
        let output = Command::new(&program).env_clear().args(words).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let jobs = ask(&["workflows", "run", "--jobs", "cluster-s"]);
    assert_eq!(jobs, "cluster-state\tSize of the cluster\n:4\n");
    assert!(ask(&[""]).contains("agents\tList the agents"), "{}", ask(&[""]));
    assert!(ask(&["nothing", "x"]).ends_with(":4\n"));
}

/// What a real bash offers for a line.
fn bash(line: &str) -> Vec<String> {
    let place = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_ktel"), place.path().join("ktel")).unwrap();
    let script = format!(
        "source <(ktel completions bash)\nCOMP_WORDS=({line})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}}-1))\n\
         _clap_complete_ktel ktel \"${{COMP_WORDS[COMP_CWORD]}}\"\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    );
    let mut shell = Command::new("/bin/bash");
    shell.env_clear().env("PATH", format!("{}:/usr/bin:/bin", place.path().display()));
    let output = shell.args(["--noprofile", "--norc", "-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_real_bash_offers_jobs() {
    assert_eq!(bash("ktel workflows run --jobs mesh"), ["mesh-detect"]);
}

#[test]
fn every_shell_has_a_script_that_asks_this_program() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, _) = run(command(&format!("completions {shell}")), b"");
        assert_eq!(code, 0);
        assert!(script.contains("KTEL_COMPLETE") && script.contains("ktel"), "{shell}: {script}");
    }
}
