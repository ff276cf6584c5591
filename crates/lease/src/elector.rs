//! Campaigns for a lease, holds it and releases it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use thiserror::Error;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, info, warn};

use crate::decide::{OwnTerms, Step, View, decide};
use crate::record;
use crate::settings::{Settings, SettingsError};
use crate::term::{Lost, Term};

/// The time of day and a random number, given by the caller.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Gives the time since the epoch. It is written into the Lease for people; nothing depends on it.
    pub now: fn() -> Duration,
    /// Gives a number between 0 and 1, so that processes do not look at the same moment.
    pub jitter: fn() -> f64,
}

/// Elects a leader by one lease.
#[derive(Debug)]
pub struct Elector {
    api: Api<Lease>,
    name: String,
    identity: String,
    clock: Clock,
    settings: Settings,
    has_answered: Arc<AtomicBool>,
}

/// Why a request did not succeed.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Api(#[from] kube::Error),
    #[error("the API server gave no answer within {0:?}")]
    Timeout(Duration),
}

/// Since when a lease is as it is, before the eyes of this process.
#[derive(Debug, Default)]
struct Observed {
    version: Option<String>,
    since: Option<Instant>,
}

impl Observed {
    /// Notes what was just read, and gives for how long it has been the same.
    fn unchanged_for(&mut self, lease: Option<&Lease>, now: Instant) -> Duration {
        let version = lease.and_then(|lease| lease.metadata.resource_version.clone());
        if self.version != version {
            (self.version, self.since) = (version, None);
        }
        now.duration_since(*self.since.get_or_insert(now))
    }
}

impl Elector {
    /// Makes an elector; no request is made. No other process may use the same identity.
    ///
    /// # Errors
    /// When two could lead at once under these settings, or nobody could renew in time.
    pub fn new(
        api: Api<Lease>,
        name: impl Into<String>,
        identity: impl Into<String>,
        clock: Clock,
        settings: Settings,
    ) -> Result<Self, SettingsError> {
        settings.validate()?;
        let (name, identity, has_answered) = (name.into(), identity.into(), Arc::default());
        Ok(Self { api, name, identity, clock, settings, has_answered })
    }

    /// Says whether the API server has ever answered about the lease, also later on.
    #[must_use]
    pub fn has_answered(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.has_answered)
    }

    /// Waits until this process leads. `last` is the number of the last term that it led, perhaps
    /// before a restart: then the new [term](Term::continues) says whether anybody else has led since.
    ///
    /// # Cancel safety
    ///
    /// A write whose answer is not waited for may still take the lease, without a leader. This process
    /// gets it by the next campaign, and others after the lease duration.
    pub async fn campaign(&self, last: Option<i32>) -> Term {
        let mut observed = Observed::default();
        let mut own = OwnTerms { last, attempted: None };
        let (mut is_waiting, mut is_failing) = (false, false);
        loop {
            let attempt = self.attempt(&mut observed, &mut own);
            match self.bounded(attempt).await {
                Ok(Some(term)) => {
                    let Term { number, continues, .. } = term;
                    info!(lease = self.name, term = number, continues, "acquired the lease");
                    return term;
                }
                Ok(None) => {
                    is_failing = false;
                    if !std::mem::replace(&mut is_waiting, true) {
                        info!(lease = self.name, "another process holds the lease; standing by");
                    }
                }
                Err(error) if !std::mem::replace(&mut is_failing, true) => {
                    let error: &dyn std::error::Error = &error;
                    warn!(lease = self.name, error, "the lease cannot be read or written");
                }
                Err(_) => {}
            }
            sleep(self.settings.retry_period.mul_f64(0.5 + 0.5 * (self.clock.jitter)())).await;
        }
    }

    async fn attempt(
        &self,
        observed: &mut Observed,
        own: &mut OwnTerms,
    ) -> Result<Option<Term>, Failure> {
        let found = self.api.get_opt(&self.name).await?;
        self.has_answered.store(true, Ordering::Relaxed);
        let unchanged_for = observed.unchanged_for(found.as_ref(), Instant::now());
        let view = found.as_ref().map(|lease| self.view(lease));
        let (number, continues) = match decide(view.as_ref(), &self.identity, *own, unchanged_for) {
            Step::Wait => return Ok(None),
            Step::Acquire { number, continues } => (number, continues),
        };
        own.attempted = continues.then_some(number);
        let start = Instant::now();
        let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
        let is_new = found.is_none();
        let lease = found.unwrap_or(Lease { metadata, spec: None });
        let duration = self.settings.lease_duration;
        let lease = record::acquired(lease, &self.identity, number, duration, self.now());
        let written = if is_new {
            self.api.create(&PostParams::default(), &lease).await
        } else {
            self.api.replace(&self.name, &PostParams::default(), &lease).await
        };
        let lease = unless_outdated(written)?;
        let until = start + self.settings.renew_deadline;
        Ok(lease.map(|lease| Term::new(number, continues, lease, until)))
    }

    /// Renews the lease until the term ends; from then on all guards of the term are invalid.
    ///
    /// # Cancel safety
    ///
    /// The term lasts until its deadline, and may be held or released again.
    pub async fn hold(&self, term: &mut Term) -> Lost {
        let guard = term.guard();
        let lost = tokio::select! {
            // First, so that a process which was stopped ends its term before it looks further.
            biased;
            () = guard.ended() => Lost::Expired,
            () = self.renew_until_taken(term) => Lost::Taken,
        };
        guard.revoke();
        info!(lease = self.name, term = term.number, reason = %lost, "lost the lease");
        lost
    }

    async fn renew_until_taken(&self, term: &mut Term) {
        let mut is_failing = false;
        let mut next = Instant::now();
        loop {
            next = (next + self.settings.retry_period).max(Instant::now());
            sleep_until(next).await;
            let start = Instant::now();
            let renewed = self.write(term, record::renewed);
            match self.bounded(renewed).await {
                Ok(true) => {
                    term.guard().extend(start + self.settings.renew_deadline);
                    is_failing = false;
                }
                Ok(false) => return,
                Err(error) if !std::mem::replace(&mut is_failing, true) => {
                    let error: &dyn std::error::Error = &error;
                    warn!(lease = self.name, error, "the lease cannot be renewed; trying again");
                }
                Err(_) => {}
            }
        }
    }

    /// Lets others take the lease at once. What acted in the term must have ended before.
    pub async fn release(&self, mut term: Term) {
        term.guard().revoke();
        let released = self.write(&mut term, record::released);
        if let Err(error) = self.bounded(released).await {
            let error: &dyn std::error::Error = &error;
            debug!(lease = self.name, error, "not released; others wait for the lease duration");
        }
    }

    /// Writes a lease that is ours; tells whether it was.
    async fn write(
        &self,
        term: &mut Term,
        change: impl Fn(Lease, MicroTime) -> Lease,
    ) -> Result<bool, Failure> {
        loop {
            let lease = change(term.lease.clone(), self.now());
            let written = self.api.replace(&self.name, &PostParams::default(), &lease).await;
            if let Some(lease) = unless_outdated(written)? {
                term.lease = lease;
                return Ok(true);
            }
            // A write of ours without an answer, an edit of another field, or another leader.
            match self.api.get_opt(&self.name).await? {
                Some(lease) if self.is_of(&lease, term) => term.lease = lease,
                _ => return Ok(false),
            }
        }
    }

    fn is_of(&self, lease: &Lease, term: &Term) -> bool {
        let View { holder, transitions, .. } = self.view(lease);
        holder == self.identity && transitions == term.number
    }

    fn view(&self, lease: &Lease) -> View {
        record::view(lease, self.settings.lease_duration)
    }

    /// Waits for requests no longer than until the next ones are due.
    async fn bounded<T>(
        &self,
        requests: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let within = self.settings.retry_period;
        timeout(within, requests).await.unwrap_or(Err(Failure::Timeout(within)))
    }

    fn now(&self) -> MicroTime {
        // A clock beyond the calendar is no clock.
        let now = i64::try_from((self.clock.now)().as_micros()).unwrap_or_default();
        MicroTime(Timestamp::from_microsecond(now).unwrap_or_default())
    }
}

/// Gives `None` where somebody else wrote first: the version is another one, or there is a lease, or
/// there is none any more.
fn unless_outdated(written: Result<Lease, kube::Error>) -> Result<Option<Lease>, kube::Error> {
    match written {
        Ok(lease) => Ok(Some(lease)),
        Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
