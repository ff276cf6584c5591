//! The agent: statistics and lifecycle events from within a cluster, beside a controller or in it.
//!
//! It stands on the libraries for jobs, usage events, delivery and leases. It may not know a terminal, the
//! command line or the server, and its caller gives it the clock.
//!
//! It watches and counts what its [file](mod@file) names, outside the way of any request. Of the
//! agents of a product one is the leader and reports; the others stand by. It writes two objects, its
//! lease and its key, and sends nothing but fields that a schema declares.
//!
//! *Guarantees:* no event is invented, and none is sent twice with different keys. Changes during a
//! restart are sent where the state directory outlived it; otherwise the next report lists a gap.

mod agent;
mod builder;
mod delivery;
mod emitted;
mod error;
mod extract;
pub mod file;
mod gap;
mod identity;
pub mod lifecycle;
pub mod limits;
mod metrics;
mod numbers;
mod objection;
mod reporter;
mod role;
mod setup;
mod state;
mod stats;
mod status;
mod watch;

pub use agent::Agent;
pub use builder::Builder;
pub use emitted::{EmitError, Lifecycle};
pub use error::Error;
pub use file::AgentFile;
pub use objection::objection;
pub use role::role;
pub use state::Error as StateError;
pub use status::{Counts, Phase, Status};
