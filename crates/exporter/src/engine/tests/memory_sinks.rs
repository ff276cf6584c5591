//! Sinks in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktel_delivery::verdict::{Hold, Trouble, Verdict};
use ktel_testkit::otlp_series::Samples;
use tokio::time::sleep;

use crate::credentials::Credentials;
use crate::engine::{Connects, Later, Sends};
use crate::plan::{Authentication, SinkPlan};
use crate::sink::{Judgement, Outcome, SetupError, Shared};
use crate::time::Millis;

/// What a sink does.
pub(super) type Behaviour = Box<dyn FnMut(&Shared) -> (Duration, Judgement) + Send>;

/// A sink that keeps what it accepted, by the start of the window.
#[derive(Default)]
pub(super) struct MemorySink {
    pub(super) behaviour: Mutex<Option<Behaviour>>,
    pub(super) accepted: Mutex<BTreeMap<Millis, Vec<(u64, u64)>>>,
    /// What was accepted, where a test reads it.
    pub(super) bodies: Mutex<Option<Vec<bytes::Bytes>>>,
    requests: AtomicUsize,
    under_way: AtomicUsize,
    pub(super) under_way_most: AtomicUsize,
}

impl std::fmt::Debug for MemorySink {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("MemorySink")
    }
}

impl MemorySink {
    pub(super) fn behave(
        &self,
        behaviour: impl FnMut(&Shared) -> (Duration, Judgement) + Send + 'static,
    ) {
        *self.behaviour.lock().unwrap() = Some(Box::new(behaviour));
    }

    pub(super) fn works(&self) {
        *self.behaviour.lock().unwrap() = None;
    }

    /// Gives the points that were accepted, each batch once.
    pub(super) fn points(&self) -> u64 {
        let accepted = self.accepted.lock().unwrap();
        let distinct: BTreeSet<_> = accepted.values().flatten().copied().collect();
        distinct.iter().map(|(_, points)| points).sum()
    }

    /// Gives how many batches were accepted more than once.
    pub(super) fn repeats(&self) -> usize {
        let accepted = self.accepted.lock().unwrap();
        let all: Vec<_> = accepted.values().flatten().copied().collect();
        all.len() - all.iter().collect::<BTreeSet<_>>().len()
    }

    /// Keeps what is accepted from now on.
    pub(super) fn keep(&self) {
        *self.bodies.lock().unwrap() = Some(Vec::new());
    }

    /// Gives what was kept, sample by sample.
    pub(super) fn kept(&self) -> Samples {
        let mut samples = Samples::default();
        for body in self.bodies.lock().unwrap().iter().flatten() {
            samples.read(body).unwrap();
        }
        samples
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Line(Arc<MemorySink>);

impl Sends for Line {
    fn send<'a>(&'a self, batch: &'a Shared, _: Duration) -> Later<'a, Outcome> {
        Box::pin(async move {
            let sink = &self.0;
            sink.requests.fetch_add(1, Ordering::Relaxed);
            let under_way = sink.under_way.fetch_add(1, Ordering::Relaxed) + 1;
            sink.under_way_most.fetch_max(under_way, Ordering::Relaxed);
            let (took, judgement) = match &mut *sink.behaviour.lock().unwrap() {
                Some(behaviour) => behaviour(batch),
                None => (Duration::from_millis(30), Judgement::By(Verdict::Accepted)),
            };
            sleep(took).await;
            sink.under_way.fetch_sub(1, Ordering::Relaxed);
            if judgement == Judgement::By(Verdict::Accepted) {
                let mut accepted = sink.accepted.lock().unwrap();
                let window = accepted.entry(batch.window().start).or_default();
                window.push((batch.fingerprint(), batch.points()));
                if let Some(bodies) = &mut *sink.bodies.lock().unwrap() {
                    bodies.push(batch.batch().body.clone());
                }
            }
            Outcome { status: None, judgement, took, bytes: 0 }
        })
    }
}

/// Sinks by the host of their address.
#[derive(Debug, Default)]
pub(super) struct MemorySinks(Mutex<BTreeMap<String, Arc<MemorySink>>>);

impl MemorySinks {
    pub(super) fn get(&self, host: &str) -> Arc<MemorySink> {
        Arc::clone(self.0.lock().unwrap().entry(host.to_owned()).or_default())
    }
}

impl Connects for MemorySinks {
    fn connect(
        &self,
        plan: &SinkPlan,
        credentials: &Credentials,
    ) -> Result<Arc<dyn Sends>, SetupError> {
        if plan.authentication == Authentication::BearerToken && credentials.token.is_none() {
            return Err(SetupError::Incomplete { missing: "token" });
        }
        Ok(Arc::new(Line(self.get(plan.endpoint.host_str().unwrap()))))
    }
}

pub(super) fn retry(trouble: Trouble) -> Judgement {
    Judgement::By(Verdict::retry(trouble, "simulated"))
}

pub(super) fn held() -> Judgement {
    Judgement::By(Verdict::held(Hold::Unauthorized, "simulated"))
}
