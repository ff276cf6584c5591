//! One reporter per cluster: who holds the lease reports, the others stand by.
//!
//! Holders are random names. What a holder has reported, another one does not know; the number of
//! transitions tells a holder that comes back whether somebody reported in the meantime.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

pub mod limits;

/// What a lease says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct View {
    holder: String,
    transitions: i32,
    duration: Duration,
}

/// What is to be done about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// There is none: make it.
    Create,
    /// It is ours: renew it.
    Renew,
    /// Its holder is gone: take it.
    Take,
    /// Somebody holds it.
    Wait,
}

/// A turn: whoever has it reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Its number.
    pub number: i32,
    /// Whether nobody else can have reported since the turn before.
    pub continues: bool,
}

/// Decides by how long the lease has not changed before our own eyes: no two clocks have to agree.
fn decide(view: Option<&View>, me: &str, unchanged_for: Duration) -> Step {
    match view {
        None => Step::Create,
        Some(view) if view.holder == me => Step::Renew,
        Some(view) if view.holder.is_empty() || unchanged_for > view.duration => Step::Take,
        Some(_) => Step::Wait,
    }
}

/// Decides whether our state is all there is: the lease was ours and still is, or nobody ever had one.
fn continues(view: Option<&View>, me: &str, epoch: Option<i32>) -> bool {
    match (view, epoch) {
        (None, _) => true,
        (Some(view), Some(epoch)) => view.holder == me && view.transitions == epoch,
        (Some(_), None) => false,
    }
}

/// The time of day and a random number, given by the caller.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Gives the time since the epoch.
    pub now: fn() -> Duration,
    /// Gives a number between 0 and 1.
    pub jitter: fn() -> f64,
}

/// The lease of a product.
pub struct Turns<'a> {
    /// The leases of its namespace.
    pub api: Api<Lease>,
    /// Its name.
    pub name: String,
    /// The name of this process, which no other one has.
    pub holder: &'a str,
    /// The clock.
    pub clock: Clock,
}

fn view(lease: &Lease) -> View {
    let spec = lease.spec.clone().unwrap_or_default();
    let seconds = spec.lease_duration_seconds.unwrap_or(limits::LEASE_SECONDS);
    View {
        holder: spec.holder_identity.unwrap_or_default(),
        transitions: spec.lease_transitions.unwrap_or_default(),
        duration: Duration::from_secs(u64::try_from(seconds).unwrap_or_default()),
    }
}

impl Turns<'_> {
    /// Waits until it is our turn.
    pub async fn acquire(&self, epoch: Option<i32>) -> Turn {
        let mut observed: Option<(Option<String>, Instant)> = None;
        let (mut waiting, mut failing) = (false, false);
        loop {
            match self.look(&mut observed, epoch).await {
                Ok(Some(turn)) => {
                    info!(
                        turn = turn.number,
                        continues = turn.continues,
                        "reports for the cluster"
                    );
                    return turn;
                }
                Ok(None) if !std::mem::replace(&mut waiting, true) => {
                    info!("another agent reports for the cluster; standing by");
                }
                Ok(None) => {}
                Err(error) if !std::mem::replace(&mut failing, true) => {
                    warn!(error = &error as &dyn std::error::Error, lease = self.name, "no lease");
                }
                Err(_) => {}
            }
            sleep(limits::LEASE_RENEW.mul_f64(0.5 + 0.5 * (self.clock.jitter)())).await;
        }
    }

    async fn look(
        &self,
        observed: &mut Option<(Option<String>, Instant)>,
        epoch: Option<i32>,
    ) -> Result<Option<Turn>, kube::Error> {
        let lease = self.api.get_opt(&self.name).await?;
        let version = lease.as_ref().and_then(|lease| lease.metadata.resource_version.clone());
        let since = match observed {
            Some((known, since)) if *known == version => *since,
            _ => observed.insert((version, Instant::now())).1,
        };
        let seen = lease.as_ref().map(view);
        let number = seen.as_ref().map_or(0, |view| view.transitions);
        let continues = continues(seen.as_ref(), self.holder, epoch);
        let number = match decide(seen.as_ref(), self.holder, since.elapsed()) {
            Step::Wait => return Ok(None),
            Step::Create | Step::Renew => number,
            Step::Take => number.saturating_add(1),
        };
        let taken = self.write(lease.as_ref(), number, limits::LEASE_SECONDS).await?;
        Ok(taken.then_some(Turn { number, continues }))
    }

    /// Renews the lease until it is lost.
    pub async fn hold(&self) {
        let mut renewed = Instant::now();
        loop {
            sleep(limits::LEASE_RENEW).await;
            match self.renew().await {
                Ok(true) => renewed = Instant::now(),
                Ok(false) => return,
                Err(_) if renewed.elapsed() < limits::LEASE_LOST => {}
                Err(_) => return,
            }
        }
    }

    async fn renew(&self) -> Result<bool, kube::Error> {
        let within = tokio::time::timeout(limits::LEASE_RENEW, async {
            let lease = self.api.get_opt(&self.name).await?;
            match lease.as_ref().map(view) {
                Some(view) if view.holder != self.holder => Ok(false),
                seen => {
                    let number = seen.map_or(0, |view| view.transitions);
                    self.write(lease.as_ref(), number, limits::LEASE_SECONDS).await
                }
            }
        });
        // An answer that does not come is tried again until it is too late.
        within.await.unwrap_or_else(|_| Err(kube::Error::Service("no answer in time".into())))
    }

    /// Lets others take the lease at once; it stays ours until one does.
    pub async fn release(&self) {
        let released = async {
            let lease = self.api.get_opt(&self.name).await?;
            match lease.as_ref().map(view) {
                Some(view) if view.holder == self.holder => {
                    self.write(lease.as_ref(), view.transitions, 1).await
                }
                _ => Ok(false),
            }
        };
        // Without it, others wait as long as after a crash.
        drop(released.await);
    }

    async fn write(
        &self,
        old: Option<&Lease>,
        number: i32,
        seconds: i32,
    ) -> Result<bool, kube::Error> {
        // A clock beyond the calendar is no clock.
        let now = i64::try_from((self.clock.now)().as_micros()).unwrap_or_default();
        let now = MicroTime(Timestamp::from_microsecond(now).unwrap_or_default());
        let spec = LeaseSpec {
            holder_identity: Some(self.holder.to_owned()),
            lease_duration_seconds: Some(seconds),
            lease_transitions: Some(number),
            renew_time: Some(now.clone()),
            acquire_time: Some(now),
            ..LeaseSpec::default()
        };
        let metadata = ObjectMeta {
            name: Some(self.name.clone()),
            resource_version: old.and_then(|old| old.metadata.resource_version.clone()),
            ..ObjectMeta::default()
        };
        let lease = Lease { metadata, spec: Some(spec) };
        let parameters = PostParams::default();
        let written = match old {
            Some(_) => self.api.replace(&self.name, &parameters, &lease).await,
            None => self.api.create(&parameters, &lease).await,
        };
        match written {
            Ok(_) => Ok(true),
            // Somebody else wrote first.
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
