//! Whose statuses are written now. Pure: it is given the time.
//!
//! All Exporters of a replica share a token bucket, as the requests of a client of Kubernetes do. So neither a restart nor a
//! receiver that fails for everybody is a thousand requests at once.

use tokio::time::Instant;

use crate::lane::Bucket;
use crate::limits::{STATUS_OVERDUE, STATUS_WRITES_BURST, STATUS_WRITES_PER_SECOND};
use crate::plan::RatePlan;
use crate::time::Millis;

/// A status that may be written now.
#[derive(Debug)]
pub(super) struct Due<T> {
    pub(super) what: T,
    /// Somebody may wait for it.
    pub(super) is_news: bool,
    /// When one was written last.
    pub(super) written: Option<Millis>,
}

/// Decides whose statuses are written now.
#[derive(Debug)]
pub(super) struct Schedule(Bucket);

impl Schedule {
    pub(super) fn new(now: Instant) -> Self {
        let rate = RatePlan {
            points_per_second: Some(STATUS_WRITES_PER_SECOND),
            burst: STATUS_WRITES_BURST,
            in_flight_max: 1,
            age_max: None,
        };
        Self(Bucket::new(&rate, now))
    }

    /// Gives as many as may be written now: news first, and what has waited for too long; then those that were written the
    /// longest time ago.
    pub(super) fn choose<T>(&mut self, mut due: Vec<Due<T>>, time: Millis, now: Instant) -> Vec<T> {
        let is_first =
            |one: &Due<T>| one.is_news || one.written.is_none_or(|at| at <= time - STATUS_OVERDUE);
        due.sort_by_key(|one| (!is_first(one), one.written));
        due.into_iter().take_while(|_| self.0.take(1, now).is_ok()).map(|one| one.what).collect()
    }

    /// Other requests were made: the next statuses wait for them.
    pub(super) fn spend(&mut self, requests: u64, now: Instant) {
        self.0.spend(requests, now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{Due, Schedule};
    use crate::limits::{
        HEARTBEAT, STATUS_OVERDUE, STATUS_PAUSE, STATUS_WRITES_BURST, STATUS_WRITES_PER_SECOND,
    };
    use crate::resource::status::pacing::{Pace, Written, pace};
    use crate::resource::status::{Condition, ConditionStatus, ConditionType, ExporterStatus};
    use crate::time::Millis;

    const BEGIN: i64 = 1_800_000_000_000;
    const EXPORTERS: usize = 1000;
    const SECOND: Duration = Duration::from_secs(1);

    /// Exporters, and their statuses as seconds pass.
    struct Fleet {
        schedule: Schedule,
        written: Vec<Option<Written>>,
        next: Vec<ExporterStatus>,
        seconds: i64,
        jitter: u64,
    }

    impl Fleet {
        /// All were written at once, and then nobody wrote them for so long.
        fn after_pause(exporters: usize, pause: Duration) -> Self {
            let at = Millis(BEGIN) - pause;
            let Pace::Write { status, .. } = pace(None, &ExporterStatus::default(), at) else {
                panic!("the first one is written")
            };
            Self {
                schedule: Schedule::new(Instant::now()),
                written: vec![Written::before(&status, 0.0); exporters],
                next: vec![*status; exporters],
                seconds: 0,
                jitter: 0,
            }
        }

        /// A second passes; gives whose statuses are written.
        async fn second(&mut self) -> Vec<usize> {
            let now = Millis(BEGIN + self.seconds * 1000);
            let due = self.next.iter().enumerate().filter_map(|(exporter, next)| {
                let written = self.written[exporter].as_ref();
                let Pace::Write { status, is_news } = pace(written, next, now) else { return None };
                let written = written.map(|written| written.at);
                Some(Due { what: (exporter, status), is_news, written })
            });
            let chosen = self.schedule.choose(due.collect(), now, Instant::now());
            for (exporter, status) in &chosen {
                self.jitter = (self.jitter + 7) % 10;
                let jitter = self.jitter as f64 / 10.0;
                self.written[*exporter] = Some(Written::new(now, (**status).clone(), jitter));
            }
            advance(SECOND).await;
            self.seconds += 1;
            chosen.into_iter().map(|(exporter, _)| exporter).collect()
        }

        fn numbers_change(&mut self) {
            let lag = format!("{}s", self.seconds);
            self.next.iter_mut().for_each(|status| status.lag = Some(lag.clone()));
        }

        /// Gives how long ago the oldest one was written.
        fn oldest(&self) -> Duration {
            let at = self.written.iter().map(|written| written.as_ref().unwrap().at).min().unwrap();
            Duration::from_millis((BEGIN + self.seconds * 1000 - at.0).unsigned_abs())
        }
    }

    fn failing(reason: String) -> Vec<Condition> {
        vec![Condition {
            kind: ConditionType::Delivering,
            status: ConditionStatus::False,
            reason,
            message: String::new(),
            last_transition_time: k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
                jiff::Timestamp::UNIX_EPOCH,
            ),
            observed_generation: None,
        }]
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_restart_a_thousand_statuses_are_spread() {
        let mut fleet = Fleet::after_pause(EXPORTERS, Duration::from_secs(300));
        let mut writes = Vec::new();
        for _ in 0..600 {
            fleet.numbers_change();
            writes.push(fleet.second().await.len() as u64);
        }
        assert_eq!(writes[0], STATUS_WRITES_BURST);
        assert!(writes[1..].iter().all(|count| *count <= STATUS_WRITES_PER_SECOND), "{writes:?}");
        let all: u64 = writes.iter().sum();
        assert!(all >= 599 * STATUS_WRITES_PER_SECOND, "nobody waits without need: {all}");
        // One after the other: 1000 of them take 20 s.
        assert!(fleet.oldest() <= HEARTBEAT, "{:?}", fleet.oldest());
    }

    #[tokio::test(start_paused = true)]
    async fn heartbeats_that_began_together_part() {
        // As many as may be written at once: nothing else parts them.
        let mut fleet = Fleet::after_pause(60, HEARTBEAT);
        let mut writes = Vec::new();
        for _ in 0..3600 {
            writes.push(fleet.second().await.len());
        }
        assert_eq!(writes[0], 60);
        let most = writes[3000..].iter().max();
        assert!(most < Some(&20), "{most:?} at once after an hour");
        assert!(fleet.oldest() <= HEARTBEAT, "{:?}", fleet.oldest());
    }

    #[tokio::test(start_paused = true)]
    async fn news_come_first_and_starve_nobody() {
        let mut fleet = Fleet::after_pause(EXPORTERS, STATUS_PAUSE);
        for _ in 0..100 {
            fleet.numbers_change();
            fleet.second().await;
        }
        fleet.next[500].conditions = failing("Unauthorized".to_owned());
        let mut seconds = 0;
        while fleet.written[500].as_ref().is_none_or(|one| one.status.conditions.is_empty()) {
            fleet.numbers_change();
            fleet.second().await;
            seconds += 1;
        }
        assert!(seconds <= 11, "{seconds} s: no more than two writes of it are apart");
        // 800 Exporters have other news all the time: more than can be written.
        for second in 0..600 {
            for status in &mut fleet.next[..800] {
                status.conditions = failing(format!("Reason{second}"));
            }
            fleet.numbers_change();
            let written = fleet.second().await;
            assert!(written.len() as u64 <= STATUS_WRITES_PER_SECOND);
        }
        let most =
            STATUS_OVERDUE + Duration::from_secs(EXPORTERS as u64 / STATUS_WRITES_PER_SECOND);
        assert!(fleet.oldest() <= most, "{:?}", fleet.oldest());
    }

    #[tokio::test(start_paused = true)]
    async fn events_count_too() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        let due = || -> Vec<Due<i32>> {
            (0..100).map(|what| Due { what, is_news: true, written: None }).collect()
        };
        let choose =
            |schedule: &mut Schedule, now| schedule.choose(due(), Millis(BEGIN), now).len();
        assert_eq!(choose(&mut schedule, now), 100);
        schedule.spend(15, now);
        assert_eq!(choose(&mut schedule, now + SECOND), 35);
    }
}
