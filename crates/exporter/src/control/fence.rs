//! Nothing is sent by a replica that does not lead any more.

use std::sync::Arc;
use std::time::Duration;

use ktel_delivery::Verdict;
use ktel_delivery::verdict::Trouble;
use ktel_lease::Guard;

use crate::credentials::Credentials;
use crate::engine::{Connects, Later, Sends};
use crate::plan::SinkPlan;
use crate::sink::{Judgement, Outcome, SetupError, Shared};

/// Connects as another does, and sends only while the term lasts. A request that began in time may end later: it takes at
/// most [`SINK_ANSWERS_WITHIN`](crate::limits), and repeats nothing but what the next leader may repeat anyway.
#[derive(Debug)]
pub struct Fenced<C> {
    /// Connects.
    pub connects: C,
    /// Says whether the term lasts.
    pub guard: Guard,
}

impl<C: Connects> Connects for Fenced<C> {
    fn connect(
        &self,
        plan: &SinkPlan,
        credentials: &Credentials,
    ) -> Result<Arc<dyn Sends>, SetupError> {
        let sends = self.connects.connect(plan, credentials)?;
        Ok(Arc::new(FencedSender { sends, guard: self.guard.clone() }))
    }
}

#[derive(Debug)]
struct FencedSender {
    sends: Arc<dyn Sends>,
    guard: Guard,
}

impl Sends for FencedSender {
    fn send<'a>(&'a self, batch: &'a Shared, now: Duration) -> Later<'a, Outcome> {
        if self.guard.is_valid() {
            return self.sends.send(batch, now);
        }
        let verdict = Verdict::retry(Trouble::Unavailable, "this replica does not lead any more");
        Box::pin(std::future::ready(Outcome {
            status: None,
            judgement: Judgement::By(verdict),
            took: Duration::ZERO,
            bytes: 0,
        }))
    }
}
