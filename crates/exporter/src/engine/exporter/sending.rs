//! Sends what the lanes want to send.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Actor, Answer};
use crate::lane::{Answered, Next};

impl Actor {
    /// Starts all requests that may be started now. Lanes of a sink take turns.
    pub(super) fn start_requests(&mut self, now: Instant, wakes: &mut Instant) {
        for sink_index in 0..self.sinks.len() {
            let ids: Vec<u64> = self
                .lanes
                .iter()
                .filter(|(_, route)| route.sink == sink_index)
                .map(|(id, _)| *id)
                .collect();
            let mut is_over = false;
            while !is_over {
                is_over = true;
                for id in &ids {
                    is_over &= !self.start_request(*id, now, wakes);
                }
            }
        }
    }

    /// Starts a request of a lane, if it has one.
    fn start_request(&mut self, id: u64, now: Instant, wakes: &mut Instant) -> bool {
        let Some(route) = self.lanes.get(&id) else { return false };
        let under_way: usize = self
            .lanes
            .values()
            .filter(|other| other.sink == route.sink)
            .map(|other| other.lane.flights())
            .sum();
        let Some(route) = self.lanes.get_mut(&id) else { return false };
        let sink = &mut self.sinks[route.sink];
        let Some(sends) = &sink.sends else { return false };
        if under_way >= sink.plan.rate.in_flight_max.max(1) {
            return false;
        }
        let flight = match route.lane.next(now, &mut sink.bucket) {
            Next::Send(flight) => flight,
            Next::At(later) => {
                *wakes = later.min(*wakes);
                return false;
            }
            Next::Nothing => return false,
        };
        let (sends, epoch, clock) = (Arc::clone(sends), sink.epoch, self.world.clock);
        self.requests.spawn(async move {
            let outcome = sends.send(&flight.batch, (clock.now)()).await;
            Answer { lane: id, flight: flight.id, epoch, outcome }
        });
        true
    }

    /// Takes the answer of a sink.
    pub(super) fn answered(&mut self, answer: Answer, now: Instant) {
        let Answer { lane, flight, epoch, outcome } = answer;
        let Some(route) = self.lanes.get_mut(&lane) else { return };
        let is_current = self.sinks[route.sink].epoch == epoch;
        let (time, jitter) = (self.world.now(), (self.world.clock.jitter)());
        route.lane.answered(flight, Answered { outcome, now, time, jitter, is_current });
    }
}
