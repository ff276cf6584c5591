//! How often one sender may come: a bucket of turns that fills with time.

use crate::limits::{RATE_BURST, RATE_PER_SECOND};

/// The turns that one token has left.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    turns: f64,
    filled_at_ms: u64,
}

impl Bucket {
    /// Starts full.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self { turns: f64::from(RATE_BURST), filled_at_ms: now_ms }
    }

    /// Takes a turn, if there is one.
    pub fn take(&mut self, now_ms: u64) -> bool {
        let passed_ms = now_ms.saturating_sub(self.filled_at_ms);
        let earned = passed_ms as f64 / 1000.0 * f64::from(RATE_PER_SECOND);
        self.turns = (self.turns + earned).min(f64::from(RATE_BURST));
        self.filled_at_ms = self.filled_at_ms.max(now_ms);
        let may = self.turns >= 1.0;
        if may {
            self.turns -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, RATE_BURST, RATE_PER_SECOND};

    #[test]
    fn a_burst_is_taken_and_then_what_time_gives() {
        let mut bucket = Bucket::new(0);
        let mut taken = |now_ms| (0..2 * RATE_BURST).filter(|_| bucket.take(now_ms)).count();
        assert_eq!(taken(0), RATE_BURST as usize);
        assert_eq!(taken(500), RATE_PER_SECOND as usize / 2);
        assert_eq!(taken(400), 0, "a clock that goes back gives nothing");
        assert_eq!(taken(1_000_000), RATE_BURST as usize);
    }
}
