//! Proves that a test run which is killed leaves nothing behind; looks in `/proc`, so on Linux
//! only.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ktel_testkit::api_server::ApiServer;
use ktel_testkit::wait;

/// Set in the process that the next test starts and kills.
const VICTIM: &str = "KTEL_E2E_VICTIM";

#[test]
fn a_killed_test_run_leaves_no_process_and_no_file() {
    let server = ApiServer::start();
    if std::env::var_os(VICTIM).is_some() {
        writeln!(io::stderr(), "{}", server.directory().display()).unwrap();
        std::thread::park_timeout(Duration::from_secs(600)); // until it is killed
        return;
    }
    drop(server);
    let name = "leftovers::a_killed_test_run_leaves_no_process_and_no_file";
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stderr.take().unwrap());
    let mut lines = said.lines().map_while(Result::ok);
    let directory = lines.find(|line| line.contains("ktel-api-server-")).expect("it has started");
    assert_eq!(programs_naming(&directory), 2, "etcd and kube-apiserver run");
    victim.kill().unwrap();
    victim.wait().unwrap();
    wait::until("no program and no file is left", Duration::from_secs(10), || {
        programs_naming(&directory) == 0 && !Path::new(&directory).exists()
    });
}

/// Counts the running etcds and kube-apiservers with this text in their arguments.
fn programs_naming(text: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().map_while(Result::ok);
    let command_lines = processes.filter_map(|process| {
        // A process may end between the listing and the reading.
        let arguments = std::fs::read(process.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&arguments).into_owned())
    });
    command_lines
        .filter(|line| {
            let program = line.split('\0').next().unwrap_or_default();
            line.contains(text)
                && ["etcd", "kube-apiserver"].iter().any(|name| program.ends_with(name))
        })
        .count()
}
