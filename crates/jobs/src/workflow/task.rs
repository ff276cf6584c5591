//! One job of one run: it waits for the jobs that it needs, collects, and applies the schema.

use std::sync::Arc;
use std::time::Duration;

use ktel_model::standard::Omitted;
use ktel_model::standard::schema::Form;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::collected::Collected;
use crate::context::Context;
use crate::error::Error;
use crate::job::Job;

/// The state of a job, for the jobs that need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobState {
    Pending,
    Done,
    Failed,
}

/// What one job gave.
pub(super) struct Ended {
    pub(super) section: Result<Map<String, Value>, Error>,
    pub(super) omitted: Omitted,
    /// Fields that could not be read.
    pub(super) failed: Vec<(String, Error)>,
    pub(super) elapsed: Duration,
}

impl Ended {
    pub(super) fn failed(error: Error) -> Self {
        Self {
            section: Err(error),
            omitted: Omitted::default(),
            failed: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }
}

/// Sets the state of a job. When the task panics, this is dropped and the job has failed.
pub(super) struct StateSetter(pub(super) watch::Sender<JobState>);

impl Drop for StateSetter {
    fn drop(&mut self) {
        self.0.send_if_modified(|state| {
            let pending = *state == JobState::Pending;
            if pending {
                *state = JobState::Failed;
            }
            pending
        });
    }
}

/// Counts a job as running until it is dropped.
struct AtWork<'a>(&'a watch::Sender<usize>);

impl<'a> AtWork<'a> {
    fn begin(running: &'a watch::Sender<usize>) -> Self {
        running.send_modify(|jobs| *jobs += 1);
        Self(running)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|jobs| *jobs -= 1);
    }
}

/// A job and what it needs to run.
pub(super) struct Task {
    pub(super) job: Arc<dyn Job>,
    pub(super) context: Arc<Context>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) waits: Vec<(String, watch::Receiver<JobState>)>,
    pub(super) state: StateSetter,
    pub(super) running: watch::Sender<usize>,
    pub(super) form: Form,
    pub(super) job_timeout: Duration,
    pub(super) total_timeout: Duration,
    pub(super) deadline: Instant,
}

impl Task {
    pub(super) async fn run(mut self) -> Ended {
        let whole = timeout_at(self.deadline, self.wait_and_collect()).await;
        let after = self.total_timeout;
        let ended = whole.unwrap_or_else(|_| Ended::failed(Error::Timeout { after }));
        if let Ok(section) = &ended.section {
            self.context.keep_section(&self.job.schema().name, section);
            self.state.0.send_replace(JobState::Done);
        }
        ended
    }

    async fn wait_and_collect(&mut self) -> Ended {
        for (job, state) in &mut self.waits {
            // The sender lives as long as the task of that job, which sets its state when it ends.
            let ended = state.wait_for(|state| *state != JobState::Pending).await;
            if !matches!(ended.as_deref(), Ok(JobState::Done)) {
                return Ended::failed(Error::Needs { job: job.clone() });
            }
        }
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let _at_work = AtWork::begin(&self.running);
        let started = Instant::now();
        let collected = timeout(self.job_timeout, self.job.collect(&self.context)).await;
        let elapsed = started.elapsed();
        match collected {
            Ok(Ok(Collected { values, mut failed })) => {
                let today = self.context.now().to_zoned(jiff::tz::TimeZone::UTC).date();
                let applied = self.job.schema().apply(&values, self.form, today);
                for field in applied.missing {
                    if failed.iter().all(|(named, _)| *named != field) {
                        failed.push((field, Error::NoValue));
                    }
                }
                Ended { section: Ok(applied.sent), omitted: applied.omitted, failed, elapsed }
            }
            Ok(Err(error)) => Ended { elapsed, ..Ended::failed(error) },
            Err(_) => {
                Ended { elapsed, ..Ended::failed(Error::Timeout { after: self.job_timeout }) }
            }
        }
    }
}
