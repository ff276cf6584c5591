//! Leader election on a Kubernetes [`Lease`](k8s_openapi::api::coordination::v1::Lease): of many
//! processes one leads, and never two at once.
//!
//! It knows nothing of what a leader does. A process may campaign for many leases at once, one
//! [`Elector`] for each.
//!
//! ```
//! # use k8s_openapi::api::coordination::v1::Lease;
//! # use ktel_lease::{Clock, Elector, Settings};
//! # async fn example(client: kube::Client, clock: Clock) -> Result<(), Box<dyn std::error::Error>> {
//! let api = kube::Api::<Lease>::default_namespaced(client);
//! let elector = Elector::new(api, "acme-shard-3", "pod-7", clock, Settings::default())?;
//! let mut term = elector.campaign(None).await;
//! let guard = term.guard();
//! let work = async {
//!     while guard.is_valid() {
//!         // one step of the work, with `term.number` as its fencing token
//! #       tokio::task::yield_now().await;
//!     }
//! };
//! tokio::select! {
//!     () = work => elector.release(term).await,
//!     lost = elector.hold(&mut term) => println!("no longer the leader: {lost}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - A leader counts [`renew_deadline`](Settings::renew_deadline) from the *start* of its last
//!   successful renewal. Others count [`lease_duration`](Settings::lease_duration), which is longer,
//!   from the moment they *saw* that renewal. Each uses its own monotonic clock, so the time of day
//!   does not matter.
//! - The API server accepts a write only on top of the version that the writer has read, so of two
//!   processes that take a lease at once one fails.
//! - Every term has a number, larger than that of all terms before: `leaseTransitions`. It is the
//!   fencing token for work that outlives a check of the [`Guard`].
//!
//! # Limits
//!
//! The monotonic clock of Linux counts while a process is stopped, and stands still while the whole
//! machine is suspended: a leader on such a machine wakes up with a guard that is still valid. If the
//! Lease is deleted, the next process leads at once.

mod decide;
mod elector;
pub mod limits;
mod record;
mod settings;
mod term;

pub use elector::{Clock, Elector};
pub use settings::{Settings, SettingsError};
pub use term::{Guard, Lost, Term};
