//! What is sent, by whom, and when.

use std::sync::Mutex;
use std::time::Duration;

use ktel_delivery::courier::Clock;
use serde_json::Value;
use tokio::time::Instant;

use super::{Reporter, StateHandler, WatchHandler};
use crate::file::AgentFile;
use crate::setup::Setup;
use crate::state::{Kind, Seen, State, locked};
use ktel_destination::Tokens;
use ktel_lease::Guard;
use ktel_testkit::one_object::{self, Shared};

const FILE: &str = "{ktel: 1, product: acme, servers: ['https://telemetry.example.com/v1/reports'], \
    facts: {kamaji_version: =v0.6.1, kubernetes_version: =v1.27.3, network_profile: =node_port}, \
    lifecycle: [{resource: pods, fields: {tcp_version: .spec.version}, created: kamaji-create}]}";
const CLOCK: Clock = Clock { now: || Duration::from_secs(1_800_000_000), jitter: || 0.5 };

#[tokio::test]
async fn events_of_an_earlier_start_wait_until_it_is_known_who_sends_them() {
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
    let setup = Setup::new(file, client, None, &Tokens::default(), CLOCK).unwrap();
    let print = |_: &str, bytes: &[u8]| printed.lock().unwrap().push(bytes.to_vec());
    let delivery = setup.delivery.printing(Box::new(print));
    let setup = Setup { delivery, is_preview: true, ..setup };
    let reporter = Reporter::new(&setup, &state);

    reporter.flush();
    assert_eq!(locked(&state).unsent_count(), 1, "it waits");
    assert!(printed.lock().unwrap().is_empty());

    assert!(reporter.learn().await.is_none(), "no facts of the cluster are asked for");
    reporter.flush();
    assert_eq!(locked(&state).unsent_count(), 0);
    let printed = printed.lock().unwrap();
    let item: Value = serde_json::from_slice(&printed[0]).unwrap();
    assert_eq!(item["data"]["kamaji-create"]["tcp_version"], "v1.30.0");
    assert_eq!(printed.len(), 1);
}

/// A process that was stopped for a while wakes up with what came in the meantime.
#[tokio::test(start_paused = true)]
async fn after_its_term_an_agent_sees_nothing_and_counts_nothing() {
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
    let setup = Setup::new(file, client, None, &Tokens::default(), CLOCK).unwrap();
    let reporter = Reporter::new(&setup, &state);
    let see = |uid| {
        let now = vec![Some("v1.30.0".into())];
        StateHandler { reporter: &reporter, place: 0 }.see((uid, "7"), Seen::Added, Some(now));
        locked(&state).unsent_count()
    };
    assert_eq!(see("a"), 0, "no term has begun");
    setup.status.begin_term(Guard::until(Instant::now() + Duration::from_secs(20)));
    assert_eq!(see("b"), 1);
    tokio::time::advance(Duration::from_secs(20)).await;
    assert_eq!(see("c"), 1);
    assert!(!reporter.count(&stats).await);
    assert!(!reports.exists());
    setup.status.begin_term(Guard::until(Instant::now() + Duration::from_secs(20)));
    assert_eq!(see("c"), 2);
    assert!(reporter.count(&stats).await);
    assert!(reports.exists());
}

#[test]
fn the_settings_of_the_election_are_valid() {
    crate::limits::LEASE.validate().unwrap();
}
