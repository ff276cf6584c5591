//! How many requests are under way at once: as many as the sink answers without getting slower.
//!
//! The rule is additive increase, multiplicative decrease. It begins at one, so that a sink that comes back is not run over.

use std::time::Duration;

/// How many requests may be under way.
#[derive(Debug, Clone)]
pub(super) struct Concurrency {
    most: usize,
    limit: f64,
    /// How long a quick answer takes, in seconds; unknown at first.
    quick: Option<f64>,
}

/// An answer that takes so many times as long as a quick one waited behind others.
const SLOW: f64 = 2.0;
/// A difference of so many seconds is noise.
const NOISE_SECONDS: f64 = 0.01;
/// What is quick is forgotten by this part in a round trip: a sink may become slower for good.
const FORGOTTEN: f64 = 0.001;

impl Concurrency {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), limit: 1.0, quick: None }
    }

    pub(super) fn limit(&self) -> usize {
        // It lies between 1 and `most`.
        (self.limit as usize).clamp(1, self.most)
    }

    /// Changes the upper bound.
    pub(super) fn set_most(&mut self, most: usize) {
        self.most = most.max(1);
        self.limit = self.limit.min(self.most as f64);
    }

    /// Takes an answer that came in so long, while so many requests were under way.
    pub(super) fn answered(&mut self, took: Duration, under_way: usize) {
        let seconds = took.as_secs_f64();
        let quick =
            self.quick.map_or(seconds, |quick| seconds.min(quick * (1.0 + FORGOTTEN / self.limit)));
        self.quick = Some(quick);
        // One for as many answers as requests are under way: one for each round trip.
        let step = 1.0 / self.limit;
        if seconds > quick * SLOW + NOISE_SECONDS {
            self.limit = (self.limit - step).max(1.0);
        } else if under_way >= self.limit() {
            self.limit = (self.limit + step).min(self.most as f64);
        }
    }

    /// The sink asks for less, or did not answer.
    pub(super) fn failed(&mut self) {
        self.limit = (self.limit / 2.0).max(1.0);
    }

    /// The sink is back after it could not be reached.
    pub(super) fn restart(&mut self) {
        self.limit = 1.0;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Concurrency;

    /// Answers of a sink that works on so many requests at once, each for 100 ms; more wait for each other.
    fn run(concurrency: &mut Concurrency, at_once: usize, rounds: usize) {
        for _ in 0..rounds {
            let under_way = concurrency.limit();
            let seconds = 0.1 * (under_way as f64 / at_once as f64).max(1.0);
            for _ in 0..under_way {
                concurrency.answered(Duration::from_secs_f64(seconds), under_way);
            }
        }
    }

    #[test]
    fn it_grows_by_one_each_round_trip_up_to_the_plan() {
        let mut concurrency = Concurrency::new(8);
        assert_eq!(concurrency.limit(), 1);
        run(&mut concurrency, 1000, 4);
        assert!((3..=5).contains(&concurrency.limit()), "{}", concurrency.limit());
        run(&mut concurrency, 1000, 40);
        assert_eq!(concurrency.limit(), 8);
    }

    #[test]
    fn it_stops_near_what_the_sink_can_do_at_once() {
        let mut concurrency = Concurrency::new(64);
        let mut seen = Vec::new();
        for _ in 0..300 {
            run(&mut concurrency, 8, 1);
            seen.push(concurrency.limit());
        }
        let most = seen.iter().copied().max().unwrap();
        assert!((8..=24).contains(&most), "{most}");
    }

    #[test]
    fn a_request_for_less_halves_it_and_a_return_begins_at_one() {
        let mut concurrency = Concurrency::new(8);
        run(&mut concurrency, 1000, 100);
        concurrency.failed();
        assert_eq!(concurrency.limit(), 4);
        concurrency.restart();
        assert_eq!(concurrency.limit(), 1);
        for _ in 0..10 {
            concurrency.failed();
        }
        assert_eq!(concurrency.limit(), 1);
    }

    #[test]
    fn few_requests_do_not_raise_it() {
        let mut concurrency = Concurrency::new(8);
        run(&mut concurrency, 1000, 3);
        let before = concurrency.limit();
        for _ in 0..100 {
            concurrency.answered(Duration::from_millis(100), 1);
        }
        assert_eq!(concurrency.limit(), before);
    }
}
