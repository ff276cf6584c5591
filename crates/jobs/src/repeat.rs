//! Runs a workflow periodically, with jitter.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;

use crate::cluster::Cluster;
use crate::outcome::Outcome;
use crate::workflow::Workflow;

/// When a workflow runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// From the start of one run to the start of the next.
    pub every: Duration,
    /// A random time up to this is added to each period, so that a thousand clusters do not report
    /// in the same second.
    pub jitter: Duration,
}

impl Period {
    /// Gives the time from one start to the next, for a random number.
    #[must_use]
    pub fn wait(self, random: u64) -> Duration {
        let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
        self.every + self.jitter.mul_f64(share)
    }
}

/// Runs `workflow` at once and then every period, and calls `each` with each outcome, until it is
/// dropped.
///
/// Runs do not overlap: one that takes longer than the period delays the next.
///
/// ```no_run
/// use std::time::Duration;
/// use ktel_jobs::{Catalog, Cluster, Product, Workflow, repeat};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let workflow = Workflow::builder().jobs(Catalog::built_in().set("all")?).build()?;
/// let cluster = Cluster::new(kube::Client::try_default().await?, Product::default());
/// let daily = repeat::Period {
///     every: Duration::from_secs(24 * 3600),
///     jitter: Duration::from_secs(3600),
/// };
/// repeat::repeat(&workflow, &cluster, daily, clock, async |outcome| {
///     println!("{}", outcome.report.to_json());
/// })
/// .await;
/// # Ok(())
/// # }
/// # #[expect(clippy::disallowed_methods, reason = "a program reads the clock")]
/// # fn clock() -> jiff::Timestamp { jiff::Timestamp::now() }
/// ```
pub async fn repeat(
    workflow: &Workflow,
    cluster: &Cluster,
    period: Period,
    clock: impl Fn() -> Timestamp,
    mut each: impl AsyncFnMut(Outcome),
) {
    loop {
        let next = tokio::time::Instant::now() + period.wait(random());
        each(workflow.run(cluster, clock()).await).await;
        tokio::time::sleep_until(next).await;
    }
}

/// Takes the random seed of the standard library's hash maps: good enough to spread load, and no
/// dependency.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::Period;
    use std::time::Duration;

    #[test]
    fn jitter_adds_between_zero_and_its_bound() {
        let period = Period { every: Duration::from_secs(100), jitter: Duration::from_secs(10) };
        assert_eq!(period.wait(0), Duration::from_secs(100));
        let longest = period.wait(u64::MAX);
        assert!(longest > Duration::from_secs(109) && longest <= Duration::from_secs(110));
    }
}
