//! Leader election on a real API server: whatever dies, stops or stays silent, never two lead at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ktel_testkit::api_server::ApiServer;

const LEASES: [&str; 3] = ["shard-0", "shard-1", "shard-2"];
/// A minute, scaled as the contenders are: their lease lasts 3 s where that of an agent lasts 15 s by default,
/// so this is four lease durations. Long before its end, another one may lead.
const OUTAGE: Duration = Duration::from_secs(60 * 3 / 15);
/// What would show a leader that goes on: it acts many times a second.
const QUIET: Duration = Duration::from_secs(1);
/// A few lease durations, on a machine that does something else, too.
const SOON: Duration = Duration::from_secs(60);

/// A moment in which a process led.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Act {
    lease: String,
    term: i32,
    process: u32,
    at_ms: u64,
}

/// What the contenders wrote.
struct History(PathBuf);

impl History {
    fn acts(&self) -> Vec<Act> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        whole.lines().map(act).collect()
    }

    /// Gives the last act of each lease.
    fn leaders(&self) -> BTreeMap<String, Act> {
        self.acts().into_iter().map(|act| (act.lease.clone(), act)).collect()
    }

    /// Waits until a later term than these has begun for each of their leases, and gives who leads.
    #[track_caller]
    fn wait_for_terms_after(&self, before: &BTreeMap<String, i32>) -> BTreeMap<String, Act> {
        let deadline = Instant::now() + SOON;
        loop {
            let now = self.leaders();
            let is_over =
                |(lease, term): (&String, &i32)| now.get(lease).is_some_and(|act| act.term > *term);
            if before.iter().all(is_over) {
                return now;
            }
            assert!(Instant::now() < deadline, "nobody took over from {before:?}: {now:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Checks that each term was one process's, and ended before the next began.
    #[track_caller]
    fn check(&self) {
        let acts = self.acts();
        for lease in LEASES {
            let found = conflict(&acts, lease);
            assert_eq!(found, None, "{lease}");
        }
    }
}

/// Finds a term that two processes led, or that began before the last one ended.
fn conflict(acts: &[Act], lease: &str) -> Option<String> {
    let mut terms: BTreeMap<i32, (BTreeSet<u32>, u64, u64)> = BTreeMap::new();
    for act in acts.iter().filter(|act| act.lease == lease) {
        let first = (BTreeSet::new(), act.at_ms, act.at_ms);
        let (processes, begin, end) = terms.entry(act.term).or_insert(first);
        processes.insert(act.process);
        (*begin, *end) = (act.at_ms.min(*begin), act.at_ms.max(*end));
    }
    let shared = terms.iter().find(|(_, (processes, ..))| processes.len() > 1);
    let spans: Vec<_> = terms.iter().collect();
    let overlap = spans.windows(2).find(|pair| pair[0].1.2 >= pair[1].1.1);
    match (shared, overlap) {
        (Some((term, _)), _) => Some(format!("two led in term {term}: {terms:?}")),
        (_, Some(pair)) => Some(format!("two led when term {} began: {terms:?}", pair[1].0)),
        (None, None) => None,
    }
}

#[test]
fn two_leaders_at_once_are_found_in_a_history() {
    let history = |lines: &[&str]| -> Vec<Act> { lines.iter().map(|line| act(line)).collect() };
    let in_order = ["a 0 1 10", "a 0 1 30", "b 0 2 20", "a 1 2 31", "a 1 2 40", "a 4 1 50"];
    assert_eq!(conflict(&history(&in_order), "a"), None);
    for (late, expected) in [
        // The first leader goes on after its term, and so does the second.
        ("a 0 1 31", "when term 1 began"),
        ("a 0 1 60", "when term 1 began"),
        ("a 1 2 55", "when term 4 began"),
        ("a 4 3 60", "in term 4"),
    ] {
        let acts = history(&[&in_order[..], &[late]].concat());
        assert!(conflict(&acts, "a").is_some_and(|found| found.contains(expected)), "{late}");
        assert_eq!(conflict(&acts, "b"), None);
    }
}

#[track_caller]
fn act(line: &str) -> Act {
    let parts: Vec<&str> = line.split(' ').collect();
    let [lease, term, process, at_ms] = parts[..] else { panic!("`{line}` is no act") };
    let (term, process) = (term.parse().expect("a number"), process.parse().expect("a number"));
    Act { lease: lease.to_owned(), term, process, at_ms: at_ms.parse().expect("a number") }
}

/// A running contender; it ends with the test.
struct Contender(Child);

impl Contender {
    fn start(kubeconfig: &Path, history: &History) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contender"));
        command.arg(kubeconfig).arg(&history.0).args(LEASES).env_clear().stdin(Stdio::null());
        Self(command.spawn().expect("a contender can be started"))
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        assert!(status.expect("every unix has kill").success());
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // It may have ended already; that is what is wanted.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Takes the contender out that leads the first lease.
#[track_caller]
fn take_leader(contenders: &mut Vec<Contender>, leaders: &BTreeMap<String, Act>) -> Contender {
    let process = leaders[LEASES[0]].process;
    let place = contenders.iter().position(|one| one.0.id() == process);
    contenders.swap_remove(place.expect("a contender leads"))
}

/// The terms of those leaders that are asked for.
fn terms(leaders: &BTreeMap<String, Act>, of: impl Fn(u32) -> bool) -> BTreeMap<String, i32> {
    let led = leaders.iter().filter(|(_, act)| of(act.process));
    led.map(|(lease, act)| (lease.clone(), act.term)).collect()
}

/// Each chapter leaves behind what the next one begins with.
#[test]
fn of_many_contenders_never_two_lead_a_lease_at_once_and_somebody_always_takes_over() {
    let mut server = ApiServer::start();
    let place = tempfile::tempdir().expect("a place");
    let history = History(place.path().join("history"));
    let kubeconfig = server.admin_kubeconfig();
    let start = || Contender::start(&kubeconfig, &history);
    let mut contenders: Vec<Contender> = (0..3).map(|_| start()).collect();
    let none = LEASES.map(|lease| (lease.to_owned(), -1)).into();
    let leaders = history.wait_for_terms_after(&none);

    // Killed.
    let killed = take_leader(&mut contenders, &leaders);
    let id = killed.0.id();
    drop(killed);
    let lost = terms(&history.leaders(), |process| process == id);
    let leaders = history.wait_for_terms_after(&lost);
    contenders.push(start());

    // Stopped until others lead, and woken. That it goes on shows when no other is left.
    let stopped = take_leader(&mut contenders, &leaders);
    let id = stopped.0.id();
    stopped.signal("STOP");
    let lost = terms(&history.leaders(), |process| process == id);
    let leaders = history.wait_for_terms_after(&lost);
    assert!(leaders.values().all(|act| act.process != id), "{leaders:?}");
    stopped.signal("CONT");
    contenders.clear();
    let leaders = history.wait_for_terms_after(&terms(&history.leaders(), |_| true));
    assert!(leaders.values().all(|act| act.process == id), "{leaders:?}");
    contenders.extend([stopped, start(), start()]);

    // Without an API server.
    server.stop();
    std::thread::sleep(OUTAGE);
    let leaders = history.leaders();
    std::thread::sleep(QUIET);
    assert_eq!(history.leaders(), leaders, "nobody leads what nobody can renew");
    server.restart();
    history.wait_for_terms_after(&terms(&leaders, |_| true));

    // With one that is silent, and then does what it was asked for long ago.
    let frozen = server.freeze();
    std::thread::sleep(OUTAGE);
    let leaders = history.leaders();
    drop(frozen);
    history.wait_for_terms_after(&terms(&leaders, |_| true));

    drop(contenders);
    history.check();
}
