//! A store that is killed loses nothing that it answered.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use ktel_server::store::{Appended, Place};
use ktel_server::{Catalog, Store};
use ktel_testkit::postgres::Postgres;

use crate::support::{pods, record};

/// Set for the process that is going to be killed: where it writes.
const VICTIM: &str = "KTEL_TEST_VICTIM_STORE";
/// How many answers are awaited before the kill.
const ANSWERS: usize = 500;
const SENDERS: i64 = 32;

fn place(text: &str) -> Place {
    text.parse().expect("a place")
}

/// Is the victim where it is told so, and says each number only after it was answered.
#[test]
fn a_victim_writes_until_it_is_killed() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&place(&folder), &Catalog::built_in().tables()).unwrap();
        let store = std::sync::Arc::new(store);
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..SENDERS {
            let store = std::sync::Arc::clone(&store);
            senders.spawn(async move {
                for number in (sender..).step_by(SENDERS as usize) {
                    store.append(record(&number.to_string(), vec![pods(number)])).await.unwrap();
                    let line = format!("stored {number}\n");
                    std::io::stderr().write_all(line.as_bytes()).unwrap();
                }
            });
        }
        senders.join_next().await;
    });
}

#[track_caller]
fn check(text: &str) {
    let me = std::env::current_exe().unwrap();
    let mut victim = Command::new(me)
        .args(["--exact", "crash::a_victim_writes_until_it_is_killed", "--nocapture"])
        .env(VICTIM, text)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answered = BTreeSet::new();
    let mut lines = BufReader::new(victim.stderr.take().unwrap()).lines();
    let number = |line: &str| line.strip_prefix("stored ").and_then(|it| it.parse::<i64>().ok());
    while answered.len() < ANSWERS {
        let line = lines.next().expect("the victim writes on").unwrap();
        answered.extend(number(&line));
    }
    victim.kill().unwrap(); // SIGKILL
    victim.wait().unwrap();
    // What it had said before it died, it had been answered.
    answered.extend(lines.filter_map(|line| number(&line.unwrap_or_default())));
    let lost = lost(text, &answered);
    assert!(lost.is_empty(), "{} of {} were lost: {lost:?}", lost.len(), answered.len());
}

/// Stores every answered record again: one that is not told to be a repetition was lost.
fn lost(text: &str, answered: &BTreeSet<i64>) -> Vec<i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&place(text), &Catalog::built_in().tables()).unwrap();
        let store = std::sync::Arc::new(store);
        let mut lost = Vec::new();
        let answered: Vec<i64> = answered.iter().copied().collect();
        for some in answered.chunks(100) {
            let mut again = tokio::task::JoinSet::new();
            for number in some.iter().copied() {
                let store = std::sync::Arc::clone(&store);
                let record = record(&number.to_string(), vec![pods(number)]);
                again.spawn(async move { (number, store.append(record).await.unwrap()) });
            }
            for (number, stored) in again.join_all().await {
                lost.extend((stored == Appended::New).then_some(number));
            }
        }
        lost
    })
}

#[test]
fn a_kill_under_load_loses_no_answered_record_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    check(folder.path().to_str().unwrap());
}

#[test]
fn a_kill_under_load_loses_no_answered_record_on_postgres() {
    let postgres = Postgres::shared();
    check(&postgres.database());
}
