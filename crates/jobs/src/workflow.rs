//! Runs jobs at the same time, each within its limits, and puts their sections into one report.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ktel_model::envelope::Declared;
use ktel_model::report::Report;
use ktel_model::standard::schema::Form;
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error as JobError;
use crate::job::Job;
use crate::limits;
use crate::outcome::{Failure, Outcome, Timing};

mod error;
mod order;
mod task;

pub use error::Error;
use task::{Ended, JobState, StateSetter, Task};

/// Jobs that are run together.
///
/// *Guarantees:* it can run any number of times, also at the same time. A job that fails, hangs or
/// panics costs only its own section. Dropping the future of a run stops all its jobs.
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

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Jobs that gave a section.
    pub done: usize,
    /// Jobs that are running.
    pub running: usize,
    /// Jobs that failed.
    pub failed: usize,
    /// All jobs.
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

    /// Sets how many jobs run at once, at least one.
    #[must_use]
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.0.concurrency = jobs.clamp(1, limits::JOBS_MAX);
        self
    }

    /// Sets the time that each job has.
    #[must_use]
    pub fn job_timeout(mut self, timeout: Duration) -> Self {
        self.0.job_timeout = timeout;
        self
    }

    /// Sets the time that the whole run has.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.0.deadline = deadline;
        self
    }

    /// Sets the form in which values are sent.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.0.form = form;
        self
    }

    /// Makes the workflow.
    ///
    /// # Errors
    /// When it has no job, too many, the same one twice, or a job whose needs cannot be met.
    pub fn build(self) -> Result<Workflow, Error> {
        order::check(&self.0.jobs)?;
        Ok(self.0)
    }
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

    /// Runs every job once, and calls `observe` whenever one starts or ends.
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
                    let (index, result) = run.identify(joined);
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
        let states: HashMap<&str, watch::Sender<JobState>> = self
            .jobs
            .iter()
            .map(|job| (job.schema().name.as_str(), watch::channel(JobState::Pending).0))
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
                state: StateSetter(states[job.schema().name.as_str()].clone()),
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
            omitted: Vec::new(),
            declared: Vec::new(),
            form: self.form,
            now,
            product: cluster.product.name.clone(),
        };
        for (index, job) in self.jobs.iter().enumerate() {
            let schema = job.schema();
            let name = schema.name.clone();
            let Some(Ended { section, omitted, failed, elapsed }) = ended.remove(&index) else {
                continue;
            };
            outcome.timing.jobs.push((name.clone(), elapsed));
            let of_field =
                |(field, error)| Failure { job: name.clone(), field: Some(field), error };
            outcome.failures.extend(failed.into_iter().map(of_field));
            match section {
                Ok(section) => {
                    outcome.report.push(&name, section);
                    outcome.declared.push(Declared {
                        job: name.clone(),
                        schema: schema.id(),
                        version: schema.version.to_string(),
                        digest: schema.digest(),
                    });
                    outcome.omitted.push((name.clone(), omitted));
                }
                Err(error) => {
                    outcome.failures.push(Failure { job: name.clone(), field: None, error });
                }
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
    /// Finds the job of a task that ended. After a panic, only the task's identifier is known.
    fn identify(&self, joined: Result<(Id, Ended), JoinError>) -> (usize, Ended) {
        let (id, ended) = match joined {
            Ok((id, ended)) => (id, ended),
            Err(error) => (error.id(), Ended::failed(JobError::Panicked)),
        };
        (self.ids[&id], ended)
    }
}
