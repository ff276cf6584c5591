//! A child process that ends when its owner ends, for whatever reason.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use crate::wait;

/// Runs `$3…`, and sends it the signal `$2` when standard input ends: the kernel closes that pipe
/// when the owner is gone, even if it was killed itself. Then removes the folder `$1`, if one is
/// named.
const WATCHDOG: &str = r#"
sweep=$1; signal=$2; shift 2
exec 3<&0
"$@" 3<&- & program=$!
{ read -r _ <&3; kill -$signal $program; } 2>/dev/null & guard=$!
exec 3<&-
wait $program; status=$?
kill -9 $guard 2>/dev/null
[ -z "$sweep" ] || rm -rf "$sweep"
exit $status
"#;

/// A running program with its output in a log file.
#[derive(Debug)]
pub(crate) struct Watched {
    program: PathBuf,
    shell: Child,
    leash: Option<ChildStdin>,
    /// Kept open: it can be read when its folder is swept away.
    log: File,
}

/// What to run, and what to do around it.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: &'a [String],
    /// Takes standard output and standard error, appended.
    pub(crate) log: PathBuf,
    /// A folder removed once the program has ended.
    pub(crate) sweep: Option<&'a Path>,
    pub(crate) stop: Stop,
}

/// How a program is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// At once: it has nothing to tidy up.
    Kill,
    /// By asking: it has children, or shared memory to give back.
    Terminate,
}

impl Stop {
    fn signal(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Terminate => "TERM",
        }
    }
}

impl Watched {
    pub(crate) fn start(launch: Launch<'_>) -> anyhow::Result<Self> {
        let Launch { program, arguments, log, sweep, stop } = launch;
        let log = File::options().create(true).append(true).read(true).open(&log);
        let log = log.context("open the log")?;
        let mut shell = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(sweep.unwrap_or(Path::new("")))
            .arg(stop.signal())
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().context("share the log")?)
            .stderr(log.try_clone().context("share the log")?)
            .process_group(0) // so that Ctrl-C reaches the owner alone, which then stops us in order
            .spawn()
            .with_context(|| format!("start `{}`", program.display()))?;
        let leash = shell.stdin.take();
        Ok(Self { program: program.to_owned(), shell, leash, log })
    }

    /// Waits until the program is ready. A program that ends before that is an error.
    pub(crate) fn wait_until(
        &mut self,
        within: Duration,
        mut is_ready: impl FnMut() -> bool,
    ) -> anyhow::Result<()> {
        let waited = wait::poll(within, || match (is_ready(), self.ended()) {
            (true, _) => Ok(true),
            (false, Ok(None)) => Err(()),
            (false, Ok(Some(_)) | Err(_)) => Ok(false),
        });
        if waited == Ok(true) {
            return Ok(());
        }
        bail!("`{}` did not start; it said last:\n{}", self.program.display(), self.log_tail())
    }

    /// Gives the status of a program that has ended by itself.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.shell.try_wait().context("look after a child process")
    }

    /// Sends a signal to the program and to what watches it.
    pub(crate) fn signal(&self, name: &str) -> anyhow::Result<()> {
        let group = format!("-{}", self.shell.id());
        let status = Command::new("kill").args(["-s", name, "--", &group]).status();
        let status = status.context("run kill")?;
        ensure!(status.success(), "send SIG{name} to {group}: {status}");
        Ok(())
    }

    /// Gives the end of what the program printed, for the message of a failure.
    pub(crate) fn log_tail(&self) -> String {
        const LINES: usize = 30; // the last lines of a Go program and the first frames of its panic
        let text = read_again(&self.log).unwrap_or_else(|error| error.to_string().into_bytes());
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

/// Reads from the start; what is written meanwhile is appended wherever we are.
fn read_again(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.leash.take();
        // An error cannot be reported here, and the watchdog works without us.
        self.shell.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::SOON;

    fn start(directory: &Path, script: &str, sweep: Option<&Path>) -> Watched {
        let arguments = ["-c".to_owned(), script.to_owned()];
        let log = directory.join("log");
        let (program, stop) = (Path::new("sh"), Stop::Kill);
        let launch = Launch { program, arguments: &arguments, log, sweep, stop };
        Watched::start(launch).unwrap()
    }

    #[test]
    fn dropping_it_ends_the_program_and_sweeps() {
        let directory = tempfile::tempdir().unwrap();
        let sweep = directory.path().join("data");
        std::fs::create_dir(&sweep).unwrap();
        let watched = start(directory.path(), "echo $$; exec sleep 600", Some(&sweep));
        let mut pid = String::new();
        wait::until("the program says its id", SOON, || {
            pid = watched.log_tail();
            !pid.is_empty()
        });
        let alive = || Command::new("kill").args(["-0", &pid]).output().unwrap().status.success();
        assert!(alive());
        drop(watched);
        assert!(!alive() && !sweep.exists());
    }

    #[test]
    fn a_program_that_ends_by_itself_leaves_its_status() {
        let directory = tempfile::tempdir().unwrap();
        let mut watched = start(directory.path(), "echo last words; exit 3", None);
        let mut status = None;
        wait::until("it ends", SOON, || {
            status = watched.ended().unwrap();
            status.is_some()
        });
        assert_eq!(status.unwrap().code(), Some(3));
        assert_eq!(watched.log_tail(), "last words");
    }
}
