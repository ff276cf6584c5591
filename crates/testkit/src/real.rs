//! Finds the real programs; a test whose program is missing fails.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Provides programs and is the one place that knows where they come from.
pub const GET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/real/get.sh");

/// A program that this machine cannot provide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The program's name.
    pub program: String,
    /// Why it cannot be provided, as `get.sh` says.
    pub reason: String,
}

/// Finds a program, building it once if it has to be.
///
/// # Errors
///
/// This machine has neither the program nor what builds it.
pub fn find(program: &str) -> Result<PathBuf, Missing> {
    let missing = |reason: String| Missing { program: program.to_owned(), reason };
    let script = Command::new("bash")
        .args([GET, program])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut script = script.map_err(|error| missing(format!("bash: {error}")))?;
    let said = script.stderr.take().expect("standard error is piped");
    let reason = last_line_passed_on(said).map_err(|error| missing(error.to_string()))?;
    let output = script.wait_with_output().map_err(|error| missing(error.to_string()))?;
    if !output.status.success() {
        return Err(missing(reason));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
}

/// Finds all of these programs.
///
/// # Panics
///
/// One of them is missing: a test that needs it fails and says why.
#[must_use]
#[track_caller]
pub fn require<const N: usize>(programs: [&str; N]) -> [PathBuf; N] {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let lock = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let found = programs.map(find);
    drop(lock);
    found.map(|found| match found {
        Ok(path) => path,
        Err(Missing { program, reason }) => panic!("there is no `{program}`: {reason}"),
    })
}

/// Writes past the test harness, which hides what a passing test prints.
fn say(line: &str) {
    writeln!(io::stderr(), "{line}").expect("standard error is open");
}

/// Shows what the script says while it says it, since a build takes minutes.
fn last_line_passed_on(from: impl io::Read) -> io::Result<String> {
    let mut last = String::new();
    for line in BufReader::new(from).lines() {
        last = line?;
        say(&last);
    }
    Ok(last.trim_start_matches("get.sh: ").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_program_is_missing_and_the_reason_names_it() {
        let missing = find("kube-nothing").unwrap_err();
        assert_eq!(missing.program, "kube-nothing");
        assert!(missing.reason.starts_with("no program is called `kube-nothing`"), "{missing:?}");
    }

    #[test]
    #[should_panic(expected = "there is no `kube-nothing`: no program is called `kube-nothing`")]
    fn a_test_that_requires_a_missing_program_fails() {
        let [_curl, _nothing] = require(["curl", "kube-nothing"]);
    }
}
