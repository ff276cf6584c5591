//! A real receiver in a directory of its own, and what it writes there.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::wait;
use crate::watched::{Launch, Stop, Watched};

/// Starts take less than a second; two busy cores multiply that.
const START_WITHIN: Duration = Duration::from_secs(60);
/// How many entries the message of a failure shows.
const SHOWN: usize = 10;

/// A program that ends, and whose directory goes, when it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    _process: Watched,
    directory: PathBuf,
}

impl Running {
    /// Starts a program with the arguments that preparing its directory gives, and waits.
    pub(crate) fn start(
        program: &Path,
        prepare: impl FnOnce(&Path) -> anyhow::Result<Vec<String>>,
        is_ready: impl Fn(&Path) -> bool,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("ktel-receiver-").tempdir();
        let directory = directory.context("make a directory")?;
        let arguments = prepare(directory.path())?;
        let log = log_in(directory.path());
        let sweep = Some(directory.path());
        let stop = Stop::Kill;
        let launch = Launch { program, arguments: &arguments, log, sweep, stop };
        let mut process = Watched::start(launch)?;
        let directory = directory.keep(); // the watchdog removes it from now on
        process.wait_until(START_WITHIN, || is_ready(&directory))?;
        Ok(Self { _process: process, directory })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Gives where a program's output goes.
pub(crate) fn log_in(directory: &Path) -> PathBuf {
    directory.join("log")
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

pub(crate) fn accepts(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

/// Reads what a file's whole lines hold; a file that is not there yet holds nothing.
pub(crate) fn read<T>(path: &Path, entries: impl Fn(&str) -> Vec<T>) -> Vec<T> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.expect("a receiver's output can be read"),
    };
    let text = String::from_utf8_lossy(&bytes);
    let whole = text.rsplit_once('\n').map_or("", |(whole, _unfinished)| whole);
    whole.lines().flat_map(entries).collect()
}

/// Waits until a file has so many entries; fails the test that asks when time is up.
#[track_caller]
pub(crate) fn wait_for<T: std::fmt::Debug>(
    path: &Path,
    count: usize,
    within: Duration,
    entries: impl Fn(&str) -> Vec<T>,
) -> Vec<T> {
    let waited = wait::poll(within, || {
        let found = read(path, &entries);
        if found.len() >= count { Ok(found) } else { Err(found) }
    });
    waited.unwrap_or_else(|found| {
        let (came, shown) = (found.len(), &found[..found.len().min(SHOWN)]);
        panic!("{came} of {count} came within {within:?}: {shown:#?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_count_and_a_file_that_is_not_there_has_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines");
        let lines = || read(&path, |line| vec![line.to_owned()]);
        assert!(lines().is_empty());
        for (content, expected) in
            [("", vec![]), ("a", vec![]), ("a\nb", vec!["a"]), ("a\n\nb\n", vec!["a", "", "b"])]
        {
            fs::write(&path, content).unwrap();
            assert_eq!(lines(), expected, "{content:?}");
        }
    }

    #[test]
    fn a_program_that_does_not_start_is_quoted() {
        let arguments = vec!["-c".to_owned(), "echo no such file; exit 1".to_owned()];
        let started =
            Running::start(Path::new("sh"), |_directory| Ok(arguments), |_directory| false);
        let error = started.unwrap_err().to_string();
        assert_eq!(error, "`sh` did not start; it said last:\nno such file");
    }
}
