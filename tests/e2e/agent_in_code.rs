//! An agent within a controller, on a real API server: the same code as `ktel agent run`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ktel::agent::{Agent, Builder};
use ktel_delivery::courier::Clock;
use ktel_testkit::api_server::ADMIN_TOKEN;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::scene::{Scene, items, until};

const STATS: &str = include_str!("../../crates/ktel/examples/controller/lamps.yaml");
const MADE: &str = include_str!("../../crates/ktel/examples/controller/lamp-made.yaml");

fn clock() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "a program reads the clock; the library is told")]
    let now = || Duration::try_from(jiff::Timestamp::now().as_duration()).unwrap_or_default();
    Clock { now, jitter: || 0.5 }
}

async fn client(scene: &Scene) -> Client {
    let kubeconfig = Kubeconfig::read_from(scene.server.kubeconfig(ADMIN_TOKEN));
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig.expect("a kubeconfig"), &options).await;
    Client::try_from(config.expect("a configuration")).expect("a client")
}

/// A controller that counts its lamps, and says more than it declares.
fn controller(scene: &Scene, lamps: &Arc<AtomicU64>) -> Builder {
    let lamps = Arc::clone(lamps);
    Agent::builder("lamp-controller".parse().expect("a name"))
        .namespace("kamaji-system")
        .server(format!("{}/v1/reports", scene.receiver.url()))
        .state(scene.place.path().join("in-code"))
        .schema(STATS)
        .schema(MADE)
        .fact("kubernetes_version", "identify-platform.kubernetes_version")
        .stats("lamps", move || {
            let lamps = lamps.load(Ordering::Relaxed);
            async move {
                Ok::<_, std::io::Error>(json!({"lamps": lamps, "names": ["hall-lamp"], "room": 1}))
            }
        })
        .initial_delay(Duration::ZERO)
        .events("lamp", [("created", "lamp-made")])
}

fn section<'i>(all: &'i [Value], name: &str) -> Option<&'i Value> {
    all.iter().map(|item| &item["data"][name]).find(|section| !section.is_null())
}

#[test]
fn a_controller_sends_what_it_declares_and_signs_it_with_one_key() {
    let scene = Scene::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let lamps = Arc::new(AtomicU64::new(7));
    let mut installations = Vec::new();
    for turn in 1..=2_usize {
        runtime.block_on(async {
            let agent = controller(&scene, &lamps).build(client(&scene).await, clock());
            let agent = agent.expect("it can be built");
            assert_eq!(agent.objection(), None);
            let lifecycle = agent.lifecycle();
            let (stop, stopped) = oneshot::channel::<()>();
            let receiver = &scene.receiver;
            let all = || receiver.requests().iter().flat_map(items).collect::<Vec<_>>();
            let look = async {
                lifecycle
                    .created("lamp", &json!({"bulb": "led", "owner": "anna"}))
                    .expect("emitted");
                lifecycle.created("lamp", &json!({"bulb": "hand-made"})).expect("emitted");
                // No schema declares these.
                lifecycle.deleted("lamp", &json!({"bulb": "led"})).expect("emitted");
                lifecycle.created("chair", &json!({"bulb": "led"})).expect("emitted");
                until(|| {
                    all().len() > 2 * turn && (turn != 1 || section(&all(), "lamps").is_some())
                })
                .await;
                stop.send(()).expect("it still runs");
            };
            let end = async { drop(stopped.await) };
            let both = async { tokio::join!(Box::pin(agent.run(end)), look) };
            let both = tokio::time::timeout(Duration::from_secs(60), both);
            let (ended, ()) = both.await.expect("everything was sent");
            ended.expect("it ends well");
            installations.extend(all().iter().map(|item| item["installation"].clone()));
        });
    }
    let all: Vec<Value> = scene.receiver.requests().iter().flat_map(items).collect();
    let stats = section(&all, "lamps").expect("numbers");
    assert_eq!(stats, &json!({"lamps": "6-20", "kubernetes_version": "v1.36.4"}));
    let numbers = all.iter().find(|item| !item["data"]["lamps"].is_null()).expect("numbers");
    assert_eq!(numbers["omitted"]["lamps"], json!({"undeclared": 2}));
    let mut bulbs: Vec<String> =
        all.iter().map(|item| item["data"]["lamp-made"]["bulb"].to_string()).collect();
    bulbs.sort();
    bulbs.retain(|bulb| bulb != "null");
    assert_eq!(bulbs, ["\"led\"", "\"led\"", "\"other\"", "\"other\""]);
    assert_eq!(all.len(), 5, "a restart does not repeat the numbers: {all:?}");
    installations.dedup();
    assert_eq!(installations.len(), 1, "one identity: {installations:?}");
    assert_eq!(installations[0]["persisted"], json!(true));
    let text = all.iter().map(Value::to_string).collect::<String>();
    for secret in ["hall-lamp", "anna", "hand-made", "chair", "kamaji-system"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn a_preview_in_code_prints_what_would_be_sent_and_leaves_nothing_behind() {
    let scene = Scene::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let lamps = Arc::new(AtomicU64::new(3));
    let printed = std::sync::Mutex::new(Vec::new());
    runtime.expect("a runtime").block_on(async {
        let agent = controller(&scene, &lamps).build(client(&scene).await, clock());
        let agent = agent.expect("it can be built");
        let lifecycle = agent.lifecycle();
        let agent = agent.preview(|_, bytes| {
            printed.lock().expect("alone").push(String::from_utf8_lossy(bytes).into_owned());
        });
        lifecycle.created("lamp", &json!({"bulb": "halogen"})).expect("emitted");
        let seen = async {
            until(|| printed.lock().expect("alone").len() >= 2).await;
        };
        Box::pin(agent.run(seen)).await.expect("it ends well");
    });
    let printed = printed.into_inner().expect("alone").join("");
    assert!(
        printed.contains(r#""bulb":"halogen""#) && printed.contains(r#""lamps":"2-5""#),
        "{printed}"
    );
    assert_eq!(scene.receiver.connections(), 0);
    let left = scene.server.kubectl(["get", "leases,secrets", "-n", "kamaji-system", "-o", "name"]);
    assert_eq!(left.expect("an answer"), "");
    assert!(!scene.place.path().join("in-code").exists());
}
