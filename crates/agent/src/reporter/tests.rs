//! What is told, by whom, and when.

use std::sync::Mutex;
use std::time::Duration;

use ktel_delivery::courier::Clock;
use serde_json::Value;
use tokio::time::Instant;

use super::super::file::AgentFile;
use super::super::state::{Kind, Seen, State};
use super::super::{Agent, locked};
use super::{Eye, Reporter, Witness};
use ktel_destination::Tokens;
use ktel_lease::Guard;
use ktel_testkit::one_object::{self, Shared};

const FILE: &str = "{ktel: 1, product: acme, servers: ['https://telemetry.example.com/v1/reports'], \
    facts: {kamaji_version: =v0.6.1, kubernetes_version: =v1.27.3, network_profile: =node_port}, \
    lifecycle: [{resource: pods, fields: {tcp_version: .spec.version}, created: kamaji-create}]}";
const CLOCK: Clock = Clock { now: || Duration::from_secs(1_800_000_000), jitter: || 0.5 };

#[tokio::test]
async fn what_waits_from_an_earlier_start_is_told_once_it_is_known_who_tells_it() {
    let file = AgentFile::parse(FILE, "agent.yaml", &|_| unreachable!()).unwrap();
    let kinds = file
        .lifecycle
        .iter()
        .map(|watched| Kind { name: watched.name(), digest: watched.digest.clone() });
    let mut state = State::in_memory(kinds.collect());
    let now = vec![Some("v1.30.0".into())];
    assert!(state.see(0, ("a", "7"), Seen::Added, Some(now)).is_some());
    let (state, printed) = (Mutex::new(state), Mutex::new(Vec::new()));
    let client = kube::Client::new(one_object::service(&Shared::default()), "default");
    let agent = Agent::new(file, client, None, &Tokens::default(), CLOCK).unwrap();
    let agent = agent.preview(|_, bytes| printed.lock().unwrap().push(bytes.to_vec()));
    let reporter = Reporter::new(&agent, &state);

    reporter.tell();
    assert_eq!(locked(&state).unsent_count(), 1, "it waits");
    assert!(printed.lock().unwrap().is_empty());

    assert!(reporter.learn().await.is_none(), "no facts of the cluster are asked for");
    reporter.tell();
    assert_eq!(locked(&state).unsent_count(), 0);
    let printed = printed.lock().unwrap();
    let item: Value = serde_json::from_slice(&printed[0]).unwrap();
    assert_eq!(item["data"]["kamaji-create"]["tcp_version"], "v1.30.0");
    assert_eq!(printed.len(), 1);
}

/// A process that was stopped for a while wakes up with what came in the meantime.
#[tokio::test(start_paused = true)]
async fn behind_the_end_of_its_term_an_agent_sees_nothing_and_counts_nothing() {
    let place = tempfile::tempdir().unwrap();
    let reports = place.path().join("reports");
    let text = FILE
        .replace("https://telemetry.example.com/v1/reports", &format!("file:{}", reports.display()))
        .replace("lifecycle:", "stats: {schema: kamaji-stats}, lifecycle:");
    let file = AgentFile::parse(&text, "agent.yaml", &|_| unreachable!()).unwrap();
    let stats = file.stats.clone().unwrap();
    let kind = Kind { name: "pods".into(), digest: file.lifecycle[0].digest.clone() };
    let state = Mutex::new(State::in_memory(vec![kind]));
    let client = kube::Client::new(one_object::service(&Shared::default()), "default");
    let agent = Agent::new(file, client, None, &Tokens::default(), CLOCK).unwrap();
    let reporter = Reporter::new(&agent, &state);
    let see = |uid| {
        let now = vec![Some("v1.30.0".into())];
        Eye { reporter: &reporter, place: 0 }.see((uid, "7"), Seen::Added, Some(now));
        locked(&state).unsent_count()
    };
    assert_eq!(see("a"), 0, "no term has begun");
    reporter.begin_term(Guard::until(Instant::now() + Duration::from_secs(20)));
    assert_eq!(see("b"), 1);
    tokio::time::advance(Duration::from_secs(20)).await;
    assert_eq!(see("c"), 1);
    assert!(!reporter.count(&stats).await);
    assert!(!reports.exists());
    reporter.begin_term(Guard::until(Instant::now() + Duration::from_secs(20)));
    assert_eq!(see("c"), 2);
    assert!(reporter.count(&stats).await);
    assert!(reports.exists());
}

#[test]
fn the_settings_of_the_election_are_valid() {
    crate::limits::LEASE.validate().unwrap();
}
