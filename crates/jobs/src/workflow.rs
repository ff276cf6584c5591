//! Runs jobs side by side, each within its limits, and gathers what they give.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ktel_model::envelope::Declared;
use ktel_model::report::Report;
use ktel_model::standard::Dropped;
use ktel_model::standard::schema::Form;
use serde_json::{Map, Value};
use thiserror::Error as ThisError;
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error as JobError;
use crate::job::Job;
use crate::limits;
use crate::outcome::{Failure, Outcome, Timing};

mod order;

/// Jobs that are run together.
///
/// *Guarantees:* may be run any number of times, at once too; a job that fails, hangs or panics
/// costs its own section only; dropping the future of a run stops all of it.
#[derive(Clone)]
pub struct Workflow {
    jobs: Vec<Arc<dyn Job>>,
    concurrency: usize,
    job_timeout: Duration,
    deadline: Duration,
    form: Form,
}

/// Makes a [`Workflow`].
pub struct Builder(Workflow);

/// Why a workflow cannot be made.
#[derive(Debug, ThisError)]
pub enum Error {
    /// There is nothing to run.
    #[error("a workflow needs at least one job")]
    Empty,
    /// Far too much to run.
    #[error("a workflow has at the most {} jobs", limits::JOBS_MAX)]
    TooMany,
    /// The same job twice.
    #[error("job \"{job}\" is asked for twice")]
    Twice {
        /// Its name.
        job: String,
    },
    /// A needed job is not among them.
    #[error("job \"{job}\" needs \"{needs}\", which is not part of the workflow")]
    Missing {
        /// The job.
        job: String,
        /// What it needs.
        needs: String,
    },
    /// Jobs wait for each other.
    #[error("these jobs wait for each other: {}", jobs.join(", "))]
    Cycle {
        /// Their names.
        jobs: Vec<String>,
    },
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Jobs that gave a section.
    pub done: usize,
    /// Jobs at work.
    pub running: usize,
    /// Jobs that failed.
    pub failed: usize,
    /// All of them.
    pub total: usize,
}

impl Builder {
    /// Adds a job; sections come in this order.
    #[must_use]
    pub fn job(mut self, job: Arc<dyn Job>) -> Self {
        self.0.jobs.push(job);
        self
    }

    /// Adds jobs.
    #[must_use]
    pub fn jobs(mut self, jobs: impl IntoIterator<Item = Arc<dyn Job>>) -> Self {
        self.0.jobs.extend(jobs);
        self
    }

    /// Says how many jobs run at once; at least one does.
    #[must_use]
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.0.concurrency = jobs.clamp(1, limits::JOBS_MAX);
        self
    }

    /// Limits every job.
    #[must_use]
    pub fn job_timeout(mut self, timeout: Duration) -> Self {
        self.0.job_timeout = timeout;
        self
    }

    /// Limits the whole run.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.0.deadline = deadline;
        self
    }

    /// Says which form of the values is sent.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.0.form = form;
        self
    }

    /// Makes the workflow.
    ///
    /// # Errors
    /// When it has no job, one of them twice, or needs that cannot be met.
    pub fn build(self) -> Result<Workflow, Error> {
        order::check(&self.0.jobs)?;
        Ok(self.0)
    }
}

/// What a job has come to, for those that wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Done,
    Failed,
}

impl Workflow {
    /// Starts to make a workflow.
    #[must_use]
    pub fn builder() -> Builder {
        Builder(Self {
            jobs: Vec::new(),
            concurrency: limits::CONCURRENCY,
            job_timeout: limits::JOB_TIMEOUT,
            deadline: limits::DEADLINE,
            form: Form::default(),
        })
    }

    /// Gives the jobs in order.
    #[must_use]
    pub fn jobs(&self) -> &[Arc<dyn Job>] {
        &self.jobs
    }

    /// Runs every job once.
    pub async fn run(&self, cluster: &Cluster, now: Timestamp) -> Outcome {
        self.run_observed(cluster, now, |_| ()).await
    }

    /// Runs every job once, telling `observe` whenever one starts or ends.
    pub async fn run_observed(
        &self,
        cluster: &Cluster,
        now: Timestamp,
        mut observe: impl FnMut(Progress) + Send,
    ) -> Outcome {
        let started = Instant::now();
        let deadline = started + self.deadline;
        let context = Arc::new(Context::new(cluster.clone(), now));
        let (running, mut at_work) = watch::channel(0_usize);
        let mut run = self.start(&context, &running, deadline);
        let mut progress = Progress { total: self.jobs.len(), ..Progress::default() };
        let mut ended = HashMap::new();
        loop {
            tokio::select! {
                Ok(()) = at_work.changed() => {}
                joined = run.tasks.join_next_with_id() => {
                    let Some(joined) = joined else { break };
                    let (index, result) = run.settle(joined);
                    match &result.section {
                        Ok(_) => progress.done += 1,
                        Err(_) => progress.failed += 1,
                    }
                    ended.insert(index, result);
                }
            }
            progress.running = *at_work.borrow_and_update();
            observe(progress);
        }
        self.gather(ended, now, cluster, started.elapsed())
    }

    fn start(
        &self,
        context: &Arc<Context>,
        running: &watch::Sender<usize>,
        deadline: Instant,
    ) -> Run {
        let permits = Arc::new(Semaphore::new(self.concurrency));
        let states: HashMap<&str, watch::Sender<State>> = self
            .jobs
            .iter()
            .map(|job| (job.schema().name.as_str(), watch::channel(State::Pending).0))
            .collect();
        let mut tasks = JoinSet::new();
        let mut ids = HashMap::new();
        for (index, job) in self.jobs.iter().enumerate() {
            let needs = job.needs().iter();
            let task = Task {
                job: Arc::clone(job),
                context: Arc::clone(context),
                permits: Arc::clone(&permits),
                waits: needs
                    .map(|name| (name.clone(), states[name.as_str()].subscribe()))
                    .collect(),
                state: Settled(states[job.schema().name.as_str()].clone()),
                running: running.clone(),
                form: self.form,
                job_timeout: self.job_timeout,
                total_timeout: self.deadline,
                deadline,
            };
            let handle = tasks.spawn(task.run());
            ids.insert(handle.id(), index);
        }
        Run { tasks, ids }
    }

    fn gather(
        &self,
        mut ended: HashMap<usize, Ended>,
        now: Timestamp,
        cluster: &Cluster,
        total: Duration,
    ) -> Outcome {
        let mut outcome = Outcome {
            report: Report::default(),
            failures: Vec::new(),
            timing: Timing { total, jobs: Vec::new() },
            dropped: Vec::new(),
            declared: Vec::new(),
            form: self.form,
            now,
            product: cluster.product.name.clone(),
        };
        for (index, job) in self.jobs.iter().enumerate() {
            let schema = job.schema();
            let name = schema.name.clone();
            let Some(Ended { section, dropped, elapsed }) = ended.remove(&index) else { continue };
            outcome.timing.jobs.push((name.clone(), elapsed));
            match section {
                Ok(section) => {
                    outcome.report.push(&name, section);
                    outcome.declared.push(Declared {
                        job: name.clone(),
                        schema: schema.id(),
                        version: schema.version.to_string(),
                        digest: schema.digest(),
                    });
                    outcome.dropped.push((name, dropped));
                }
                Err(error) => outcome.failures.push(Failure { job: name, error }),
            }
        }
        outcome
    }
}

/// The tasks of one run. Dropping it aborts them.
struct Run {
    tasks: JoinSet<Ended>,
    ids: HashMap<Id, usize>,
}

impl Run {
    /// Finds which job a task was; a panic has no other trace.
    fn settle(&self, joined: Result<(Id, Ended), JoinError>) -> (usize, Ended) {
        let (id, ended) = match joined {
            Ok((id, ended)) => (id, ended),
            Err(error) => (error.id(), Ended::failed(JobError::Panicked)),
        };
        (self.ids[&id], ended)
    }
}

struct Ended {
    section: Result<Map<String, Value>, JobError>,
    dropped: Dropped,
    elapsed: Duration,
}

impl Ended {
    fn failed(error: JobError) -> Self {
        Self { section: Err(error), dropped: Dropped::default(), elapsed: Duration::ZERO }
    }
}

/// Tells the jobs that wait; a task that panics drops it, which is a failure too.
struct Settled(watch::Sender<State>);

impl Drop for Settled {
    fn drop(&mut self) {
        self.0.send_if_modified(|state| {
            let pending = *state == State::Pending;
            if pending {
                *state = State::Failed;
            }
            pending
        });
    }
}

/// Counts a job as running until it is dropped, however that comes about.
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

/// One job of one run.
struct Task {
    job: Arc<dyn Job>,
    context: Arc<Context>,
    permits: Arc<Semaphore>,
    waits: Vec<(String, watch::Receiver<State>)>,
    state: Settled,
    running: watch::Sender<usize>,
    form: Form,
    job_timeout: Duration,
    total_timeout: Duration,
    deadline: Instant,
}

impl Task {
    async fn run(mut self) -> Ended {
        let whole = timeout_at(self.deadline, self.wait_and_collect()).await;
        let after = self.total_timeout;
        let ended = whole.unwrap_or_else(|_| Ended::failed(JobError::Timeout { after }));
        if let Ok(section) = &ended.section {
            self.context.keep_section(&self.job.schema().name, section);
            self.state.0.send_replace(State::Done);
        }
        ended
    }

    async fn wait_and_collect(&mut self) -> Ended {
        for (job, state) in &mut self.waits {
            // The sender lives as long as the task of that job, which settles it when it ends.
            let settled = state.wait_for(|state| *state != State::Pending).await;
            if !matches!(settled.as_deref(), Ok(State::Done)) {
                return Ended::failed(JobError::Needs { job: job.clone() });
            }
        }
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let _at_work = AtWork::begin(&self.running);
        let started = Instant::now();
        let collected = timeout(self.job_timeout, self.job.collect(&self.context)).await;
        let elapsed = started.elapsed();
        match collected {
            Ok(Ok(raw)) => {
                let today = self.context.now().to_zoned(jiff::tz::TimeZone::UTC).date();
                let applied = self.job.schema().apply(&raw, self.form, today);
                Ended { section: Ok(applied.sent), dropped: applied.dropped, elapsed }
            }
            Ok(Err(error)) => Ended { elapsed, ..Ended::failed(error) },
            Err(_) => {
                Ended { elapsed, ..Ended::failed(JobError::Timeout { after: self.job_timeout }) }
            }
        }
    }
}

/// Names that stand twice.
fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = HashSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}
