//! Runs the real program, as a user would.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

#[path = "../pages/program.rs"]
mod built;

pub(crate) use built::program;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Run {
    /// Reads standard output as the report that it must be.
    #[track_caller]
    pub(crate) fn report(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Makes a command without anything of this machine's environment.
pub(crate) fn command(kubeconfig: &Path) -> Command {
    let mut command = Command::new(program());
    command.env_clear().env("KUBECONFIG", kubeconfig).env("NO_COLOR", "1");
    command
}

/// Runs the program with words separated by spaces.
pub(crate) fn ktel(kubeconfig: &Path, words: &str) -> Run {
    with_input(kubeconfig, words, "")
}

/// Runs the program with something piped in.
pub(crate) fn with_input(kubeconfig: &Path, words: &str, input: &str) -> Run {
    let mut command = command(kubeconfig);
    command.args(words.split_whitespace());
    finish(command, input)
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command, input: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ktel can be started");
    let mut stdin = child.stdin.take().expect("it was piped");
    // A command that does not read its input may be gone already; that is its right.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().expect("ktel ends");
    let text = |bytes| String::from_utf8(bytes).expect("ktel writes UTF-8");
    Run {
        code: output.status.code().expect("ktel was not killed"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
