//! Finds the real programs, or prints which tests do not run without them.

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

/// Finds all of these programs, or prints `SKIPPED: …` for the test that asks and gives none.
///
/// # Panics
///
/// When `CI=true`: there a program that is missing is a failure.
#[must_use]
pub fn require<const N: usize>(programs: [&str; N]) -> Option<[PathBuf; N]> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let lock = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let found = programs.map(find);
    drop(lock);
    if let Some(Err(Missing { program, reason })) = found.iter().find(|found| found.is_err()) {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let line = format!("SKIPPED: `{test}`, because there is no `{program}`: {reason}");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}");
        say(&line);
        return None;
    }
    Some(found.map(|found| found.expect("none is missing")))
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
}
