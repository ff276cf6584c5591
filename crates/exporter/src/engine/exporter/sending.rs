//! Sends what the lanes want to send.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Actor, Answer, Role};
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
            let mut idle = 0;
            while idle < ids.len() {
                // The one after the one that sent last.
                let last = self.sinks[sink_index].last;
                let next = ids.partition_point(|id| *id <= last) % ids.len();
                self.sinks[sink_index].last = ids[next];
                idle = if self.start_request(ids[next], now, wakes) { 0 } else { idle + 1 };
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
        let next = match &mut route.role {
            Role::New | Role::Late(_) => route.lane.next(now, &mut sink.bucket),
            // New data is sent first: what it left may be taken.
            Role::Older(older) => match sink.bucket.take(0, now) {
                Ok(()) => route.lane.next(now, &mut older.bucket),
                Err(later) => Next::At(later),
            },
        };
        let flight = match next {
            Next::Send(flight) => {
                if matches!(route.role, Role::Older(_)) {
                    sink.bucket.spend(flight.batch.points(), now);
                }
                flight
            }
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
