//! Several processes at one spool, and one that is killed while it writes.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ktel_delivery::Parcel;
use ktel_delivery::spool::{Bounds, Cursor, Durability, Full, Settings, Spool};

const NOW: Duration = Duration::from_secs(1_000_000);
const WRITES_TO: &str = "KTEL_TEST_SPOOL";
const WRITES_AS: &str = "KTEL_TEST_WRITER";

fn spool(path: &Path) -> Spool {
    let bounds = Bounds { bytes: 64 << 20, parcels: 1 << 20, age: Duration::from_secs(100) };
    let settings = Settings { bounds, full: Full::RejectNew, durability: Durability::Written };
    Spool::in_directory(path, settings)
}

/// Runs as a program of its own when a test starts it so; as a test by itself it does nothing.
#[test]
fn writer() {
    let (Some(path), Ok(name)) = (std::env::var_os(WRITES_TO), std::env::var(WRITES_AS)) else {
        return;
    };
    let spool = spool(Path::new(&path));
    for number in 0..20_000 {
        let body = format!("{name}-{number}");
        let parcel = Parcel {
            to: String::new(),
            key: body.clone(),
            content_type: String::new(),
            body: vec![b'.'; number % 700].into(),
        };
        spool.push(&parcel, NOW).unwrap();
        writeln!(std::io::stdout(), "pushed {body}").unwrap();
    }
}

fn start(path: &Path, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::writer", "--nocapture", "--test-threads=1"])
        .env(WRITES_TO, path)
        .env(WRITES_AS, name)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 0..6_u64 {
        let mut writers = ["a", "b"].map(|name| start(directory.path(), &format!("{name}{round}")));
        std::thread::sleep(Duration::from_millis(120 + round * 37)); // a moment, any moment
        for writer in &mut writers {
            writer.kill().unwrap();
            let mut said = String::new();
            writer.stdout.take().unwrap().read_to_string(&mut said).unwrap();
            writer.wait().unwrap();
            let whole = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            let keys =
                whole.filter_map(|line| Some(line.trim_end().split_once("pushed ")?.1.to_owned()));
            acknowledged.extend(keys);
        }
    }
    let spool = spool(directory.path());
    let mut cursor = Cursor::default();
    let mut found = BTreeSet::new();
    while let Some(stored) = spool.next(&mut cursor, NOW).unwrap() {
        assert!(found.insert(stored.parcel.key.clone()), "{} twice", stored.parcel.key);
    }
    assert!(acknowledged.len() > 100, "only {} were written", acknowledged.len());
    assert!(acknowledged.is_subset(&found), "{:?}", acknowledged.difference(&found).next());
    // Two writers were killed six times: at the most so many wrote one that they did not announce.
    assert!(found.len() - acknowledged.len() <= 12);
    assert_eq!(spool.status().unwrap().drops.iter().count(), 0);
}

#[test]
fn only_one_process_delivers_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (spool(directory.path()), spool(directory.path()));
    let delivering = one.deliver().unwrap();
    assert!(delivering.is_some() && other.deliver().unwrap().is_none());
    drop(delivering);
    assert!(other.deliver().unwrap().is_some());
}
