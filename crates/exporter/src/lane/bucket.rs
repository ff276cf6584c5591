//! How fast a sink may be sent to, in points a second.

use std::time::Duration;

use tokio::time::Instant;

use crate::plan::RatePlan;

/// Points that may be sent now. All lanes of a sink share one.
#[derive(Debug, Clone)]
pub struct Bucket {
    rate: Option<f64>,
    burst: f64,
    points: f64,
    filled: Instant,
}

impl Bucket {
    /// Makes a full one.
    #[must_use]
    pub fn new(plan: &RatePlan, now: Instant) -> Self {
        let mut bucket = Self { rate: None, burst: 0.0, points: 0.0, filled: now };
        bucket.set(plan);
        bucket.points = bucket.burst;
        bucket
    }

    /// Changes the rate, and keeps what there is.
    pub fn set(&mut self, plan: &RatePlan) {
        self.rate = plan.points_per_second.map(|points| points.max(1) as f64);
        // At least what a second gives, or nothing would ever be sent.
        self.burst = (plan.burst as f64).max(self.rate.unwrap_or(0.0));
        self.points = self.points.min(self.burst);
    }

    /// Takes points, or says when they may be taken. A request that is larger than all that fits into the bucket is let
    /// through when it is full, and the next one waits longer.
    ///
    /// # Errors
    /// When there are not enough yet; it says from when on.
    pub fn take(&mut self, points: u64, now: Instant) -> Result<(), Instant> {
        let Some(rate) = self.rate else { return Ok(()) };
        self.fill(rate, now);
        let wanted = (points as f64).min(self.burst);
        if self.points >= wanted {
            self.points -= points as f64;
            return Ok(());
        }
        let wait = (wanted - self.points) / rate;
        // Rounded up, or it would be asked again a moment too early.
        Err(now + Duration::from_secs_f64(wait) + Duration::from_millis(1))
    }

    /// Takes points in any case; who comes next waits for them.
    pub fn spend(&mut self, points: u64, now: Instant) {
        if let Some(rate) = self.rate {
            self.fill(rate, now);
            self.points -= points as f64;
        }
    }

    fn fill(&mut self, rate: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.points = (self.points + passed * rate).min(self.burst);
        self.filled = now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Bucket, RatePlan};

    fn plan(points_per_second: Option<u64>, burst: u64) -> RatePlan {
        RatePlan { points_per_second, burst, in_flight_max: 1, age_max: None }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_burst_the_rate_is_kept_whatever_the_sizes() {
        for size in [1, 7, 500, 5000] {
            let start = Instant::now();
            let mut bucket = Bucket::new(&plan(Some(1000), 2000), start);
            let (mut now, mut sent) = (start, 0);
            while now < start + Duration::from_secs(100) {
                match bucket.take(size, now) {
                    Ok(()) => sent += size,
                    Err(later) => {
                        assert!(later > now);
                        now = later;
                    }
                }
            }
            let least = 100 * 1000 - size;
            assert!((least..=100_000 + 2000 + 2 * size).contains(&sent), "{size}: {sent}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nothing_waits() {
        let now = Instant::now();
        let mut bucket = Bucket::new(&plan(None, 0), now);
        assert!((0..1000).all(|_| bucket.take(1_000_000, now).is_ok()));
    }
}
