//! The only place where long-running tasks are spawned: each has a name, an owner and an end.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// The tasks that make up a process, run together and stopped together.
///
/// A task watches [`Supervisor::stop_token`] and returns once it is cancelled. When a task
/// returns before that, or panics, all tasks are stopped: the process would no longer do its work.
#[derive(Debug, Default)]
pub struct Supervisor {
    set: JoinSet<()>,
    names: HashMap<Id, &'static str>,
    stop: CancellationToken,
}

/// Why the tasks were stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A signal asked for it.
    Signal,
    /// The task of this name returned without being told to stop.
    Returned(&'static str),
    /// The task of this name panicked.
    Panicked(&'static str),
}

/// How the tasks ended after they were told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drain {
    /// Every task finished what it was doing.
    Complete,
    /// A task was still busy at the end of the grace period and was aborted.
    TimedOut,
    /// A second signal aborted tasks that were still busy.
    CutShort,
    /// A task panicked while it finished.
    Panicked(&'static str),
}

/// The result of [`Supervisor::run`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Why the tasks were stopped.
    pub cause: Cause,
    /// How they ended.
    pub drain: Drain,
}

impl Ended {
    /// Whether the process stopped on a signal, with every task finished.
    #[must_use]
    pub fn is_clean(self) -> bool {
        self == Self { cause: Cause::Signal, drain: Drain::Complete }
    }
}

impl Supervisor {
    /// Starts with no task.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the token whose cancellation tells a task to finish.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task under a name that logs and [`Ended`] will use.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.set.spawn(task).id();
        self.names.insert(id, name);
    }

    /// Runs until `signal`, or until any task ends or panics; then drains the rest within `grace`.
    ///
    /// A second signal cuts the drain short. Whatever is left is aborted, so nothing outlives this
    /// call.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts every task.
    pub async fn run(
        mut self,
        signal: impl Future<Output = ()>,
        second_signal: impl Future<Output = ()>,
        grace: Duration,
    ) -> Ended {
        let cause = tokio::select! {
            () = signal => Cause::Signal,
            Some(joined) = self.set.join_next_with_id() => self.cause_of(joined),
        };
        info!(?cause, tasks = self.set.len(), "stopping");
        self.stop.cancel();
        let drain = tokio::select! {
            drained = timeout(grace, self.drain()) => drained.unwrap_or(Drain::TimedOut),
            () = second_signal => Drain::CutShort,
        };
        if drain != Drain::Complete {
            warn!(?drain, aborted = self.set.len(), "stopped before everything was finished");
        }
        self.set.shutdown().await;
        Ended { cause, drain }
    }

    async fn drain(&mut self) -> Drain {
        let mut drain = Drain::Complete;
        while let Some(joined) = self.set.join_next_with_id().await {
            if let Cause::Panicked(name) = self.cause_of(joined) {
                drain = Drain::Panicked(name);
            }
        }
        drain
    }

    fn cause_of(&self, joined: Result<(Id, ()), JoinError>) -> Cause {
        match joined {
            Ok((id, ())) => Cause::Returned(self.name(id)),
            Err(error) => {
                let task = self.name(error.id());
                error!(task, error = &error as &dyn std::error::Error, "task died");
                Cause::Panicked(task)
            }
        }
    }

    fn name(&self, id: Id) -> &'static str {
        self.names.get(&id).expect("every task is spawned under a name")
    }
}

#[cfg(test)]
mod tests;
