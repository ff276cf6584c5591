//! A controller that counts its own lamps, and says when one is made or broken.
//!
//! `cargo run -p ktel --example controller` needs a cluster in `KUBECONFIG`, and prints what it would send.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ktel::agent::Agent;
use ktel_delivery::courier::Clock;
use serde::Serialize;

/// What may be said of a cluster: nothing that is not declared here ever leaves.
const STATS: &str = include_str!("controller/lamps.yaml");
const MADE: &str = include_str!("controller/lamp-made.yaml");

/// What the controller knows by itself.
#[derive(Serialize)]
struct Counted {
    lamps: u64,
    /// The schema does not declare it, so it is omitted and counted.
    names: Vec<String>,
}

#[derive(Serialize)]
struct Lamp {
    bulb: &'static str,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lamps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&lamps);
    let agent = Agent::builder("lamp-controller".parse()?)
        .server("https://telemetry.example.com/v1/reports")
        .schema(STATS)
        .schema(MADE)
        .fact("kubernetes_version", "identify-platform.kubernetes_version")
        .stats("lamps", move || {
            let lamps = counted.load(Ordering::Relaxed);
            async move { Ok::<_, std::io::Error>(Counted { lamps, names: vec!["hall".into()] }) }
        })
        .initial_delay(Duration::from_secs(5))
        .events("lamp", [("created", "lamp-made")])
        .disable_telemetry(std::env::args().any(|word| word == "--disable-telemetry"))
        .build(kube::Client::try_default().await?, clock())?;
    let lifecycle = agent.lifecycle();
    let mut out = std::io::stdout();
    let agent = agent.preview(move |server, bytes| {
        let text = String::from_utf8_lossy(bytes);
        // Whoever no longer reads has seen enough.
        drop(writeln!(out, "to {server}: {text}"));
    });
    // Where a real controller reconciles:
    lamps.fetch_add(1, Ordering::Relaxed);
    lifecycle.created("lamp", &Lamp { bulb: "led" })?;
    Box::pin(agent.run(tokio::time::sleep(Duration::from_secs(10)))).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock; the library is told")]
fn clock() -> Clock {
    let now = || Duration::try_from(jiff::Timestamp::now().as_duration()).unwrap_or_default();
    // Any spread does: it only keeps controllers from reporting at the same time.
    let jitter = || f64::from(std::process::id() % 100) / 100.0;
    Clock { now, jitter }
}
