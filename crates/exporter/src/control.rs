//! The control plane: watches Exporters, Secrets and what selectors name; compiles; writes status, cursors and Events.
//!
//! One replica leads, by a Lease; the others stand by. The number of the leader's term is the epoch of the cursors.

use std::sync::Arc;

use k8s_openapi::api::coordination::v1::Lease;
use ktel_lease::{Clock, Elector, Guard};
use kube::{Api, Client};
use thiserror::Error;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::engine::Engine;
use crate::limits;
use crate::settings::Settings;

pub mod changes;
pub mod cursors;
mod entry;
pub mod events;
pub mod exporters;
mod fence;
pub mod kinds;
mod leader;
pub mod objects;
pub mod role;
mod schedule;
pub mod secrets;
mod status;
mod statuses;
mod world;

pub use fence::Fenced;
pub use status::{Phase, Status};

/// What the control plane works with.
pub struct Setup {
    /// The cluster.
    pub client: Client,
    /// The operator's settings.
    pub settings: Settings,
    /// Where the lease and the cursors are.
    pub namespace: String,
    /// Names this replica, such as its Pod.
    pub identity: String,
    /// The time of day, and random numbers.
    pub clock: Clock,
    /// How the leader is elected.
    pub lease: ktel_lease::Settings,
}

/// Why the control plane cannot run.
#[derive(Debug, Error)]
pub enum Failure {
    /// The lease's settings contradict each other.
    #[error(transparent)]
    Lease(#[from] ktel_lease::SettingsError),
}

/// Leads or stands by, until it is stopped. `engine` makes an engine for each term.
///
/// # Errors
/// When it cannot begin.
pub async fn run(
    setup: &Setup,
    status: &Status,
    engine: impl Fn(Guard) -> Engine,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let leases = Api::<Lease>::namespaced(setup.client.clone(), &setup.namespace);
    let Setup { identity, clock, lease, .. } = setup;
    let elector = Elector::new(leases, role::LEASE, identity.clone(), *clock, *lease)?;
    let mut last = None;
    loop {
        status.stands_by();
        let mut term = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            term = elector.campaign(last) => term,
        };
        last = Some(term.number);
        let engine = Arc::new(engine(term.guard()));
        status.leads(&engine);
        let leading = lead(setup, engine, term.number, &stop);
        let is_over = tokio::select! {
            // First: who has lost the lease writes nothing more.
            biased;
            _ = elector.hold(&mut term) => false,
            is_over = leading => is_over,
        };
        if is_over {
            status.stands_by();
            elector.release(term).await;
            return Ok(());
        }
        sleep(limits::LEADS_AGAIN_AFTER).await;
    }
}

/// Leads for a term; tells whether it ended because we were stopped.
async fn lead(setup: &Setup, engine: Arc<Engine>, epoch: i32, stop: &CancellationToken) -> bool {
    let Setup { client, settings, namespace, identity, clock, .. } = setup;
    let cursors = cursors::CursorStore::new(client.clone(), namespace, epoch);
    let leader = leader::Leader::new(client, settings, engine, cursors, identity, *clock);
    match leader.run(stop).await {
        Ok(()) => {
            info!("stopped; the cursors are written");
            true
        }
        Err(superseded) => {
            let superseded: &dyn std::error::Error = &superseded;
            error!(error = superseded, "another leader is at work; this one stops");
            false
        }
    }
}
