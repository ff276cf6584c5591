//! Runs the program, with nothing of this machine showing through.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A cluster in a file.
pub(crate) const CLUSTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/cluster.yaml");

pub(crate) fn command(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ktel"));
    command.env_clear().env("NO_COLOR", "1").env("HOME", "/nowhere");
    command.args(words.split_whitespace());
    command
}

/// Shows a run whole: its exit code and both streams.
pub(crate) fn ktel(words: &str) -> String {
    with_input(words, b"")
}

pub(crate) fn with_input(words: &str, input: &[u8]) -> String {
    let (code, stdout, stderr) = run(command(words), input);
    format!("exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
        .replace(CLUSTER, "CLUSTER")
        .replace(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/"), "")
}

pub(crate) fn run(mut command: Command, input: &[u8]) -> (i32, String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ktel can be started");
    let mut stdin = child.stdin.take().expect("it was piped");
    // A command that does not read its input may be gone already.
    drop(stdin.write_all(input));
    drop(stdin);
    let output = child.wait_with_output().expect("ktel ends");
    let text = |bytes| String::from_utf8(bytes).expect("ktel writes UTF-8");
    (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
}

/// A file that one test writes to.
pub(crate) fn scratch() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a place to write to");
    let file = place.path().join("reports.jsonl");
    (place, file)
}
