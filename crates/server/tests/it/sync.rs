//! What the kernel sees of a store: a sync between what comes and its answer.

use std::process::{Command, Stdio};

use ktel_server::{Catalog, Store};
use ktel_testkit::real;

use crate::support::{pods, record};

/// Set for the process that is looked at: where it writes.
const WATCHED: &str = "KTEL_TEST_WATCHED_STORE";
const RECORDS: i64 = 5;

/// Tells the trace, and nobody else, how far it is.
fn mark(what: &str, number: i64) {
    let name = format!("/mark/{what}/{number}");
    assert!(std::fs::metadata(name).is_err(), "there is no such file");
}

/// Is the one that is looked at where it is told so.
#[test]
fn a_store_writes_under_the_eyes_of_the_kernel() {
    let Ok(folder) = std::env::var(WATCHED) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let place = folder.parse().unwrap();
        let store = Store::open(&place, &Catalog::built_in().tables()).unwrap();
        for number in 0..RECORDS {
            mark("came", number);
            store.append(record(&number.to_string(), vec![pods(number)])).await.unwrap();
            mark("answered", number);
        }
    });
}

#[test]
fn the_log_is_synced_between_what_comes_and_its_answer() {
    let [strace] = real::require(["strace"]);
    let folder = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let status = Command::new(strace)
        .args(["-f", "-y", "-e", "trace=fsync,fdatasync,pwrite64,stat,statx,newfstatat", "-o"])
        .arg(log.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "sync::a_store_writes_under_the_eyes_of_the_kernel"])
        .env(WATCHED, folder.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let text = std::fs::read_to_string(log.path()).unwrap();
    for number in 0..RECORDS {
        let at = |what: &str| text.find(&format!("\"/mark/{what}/{number}\"")).unwrap();
        let between = text.get(at("came")..at("answered")).unwrap();
        let wal = |line: &&str| line.contains("telemetry.sqlite-wal");
        let calls: Vec<&str> = between.lines().filter(wal).collect();
        let written = calls.iter().rposition(|call| call.contains("pwrite64("));
        let synced = calls.iter().rposition(|call| call.contains("sync("));
        assert!(written.is_some() && synced > written, "{number}: {calls:#?}");
    }
}
