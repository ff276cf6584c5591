//! Completions, as shells and kubectl ask for them, in real shells.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use ktel_testkit::real;

use crate::support::{command, run};
use crate::terminal::Terminal;

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

/// A home with the program, under all its names, and the real kubectl.
fn programs() -> tempfile::TempDir {
    let [kubectl] = real::require(["kubectl"]);
    let place = tempfile::tempdir().unwrap();
    for name in ["ktel", "kubectl-ktel", "kubectl_complete-ktel"] {
        symlink(env!("CARGO_BIN_EXE_ktel"), place.path().join(name)).unwrap();
    }
    symlink(kubectl, place.path().join("kubectl")).unwrap();
    place
}

fn shell(place: &Path, words: &[&str]) -> Command {
    let (program, arguments) = words.split_first().unwrap();
    let mut shell = Command::new(program);
    shell.args(arguments).env_clear().env("HOME", place).current_dir(place);
    shell.env("PATH", format!("{}:/usr/bin:/bin", place.display()));
    shell
}

#[test]
#[cfg(target_os = "linux")]
fn a_real_zsh_completes_jobs_also_for_kubectl() {
    let place = programs();
    let mut zsh = Terminal::open(&shell(place.path(), &["/usr/bin/zsh", "-f", "-i"]));
    // Split, so that the line that is typed is not what is waited for.
    zsh.type_in("autoload -Uz compinit; compinit -u -D; source <(ktel completions zsh); source <(kubectl completion zsh); echo LOAD''ED\n");
    zsh.wait_for("LOADED");
    for program in ["ktel", "kubectl ktel"] {
        // Half a name is no job, so the description shows that the whole name was typed.
        zsh.type_in(&format!("{program} jobs describe mesh-d\t"));
        // Only what was missing is written behind it.
        zsh.wait_for("etect");
        zsh.type_in("\n");
        zsh.wait_for("mesh-detect: Service meshes");
    }
    zsh.type_in("exit\n");
    assert_eq!(zsh.end(), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_real_fish_offers_jobs_with_their_titles_also_for_kubectl() {
    let place = programs();
    for (program, script) in
        [("ktel", "ktel completions fish"), ("kubectl ktel", "kubectl completion fish")]
    {
        let line =
            format!("{script} | source; complete --do-complete '{program} jobs describe mesh-d'");
        let output =
            shell(place.path(), &["/usr/bin/fish", "--no-config", "--command", &line]).output();
        let output = output.expect("fish is installed");
        let offered = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(offered, "mesh-detect\tService meshes\n", "{program}: {said}");
    }
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
