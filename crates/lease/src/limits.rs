//! Every limit of this crate, each with its reason.

use std::time::Duration;

/// The default time that others wait before they take a lease; the default of client-go.
pub const LEASE_DURATION: Duration = Duration::from_secs(15);
/// The default time that a leader acts without a renewal; the default of client-go.
pub const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// The default time between two renewals; the default of client-go.
pub const RETRY_PERIOD: Duration = Duration::from_secs(2);
/// The shortest time between two renewals: more would only load the API server.
pub const RETRY_PERIOD_MIN: Duration = Duration::from_millis(100);
/// Renewals within the renew deadline, at least: one that gets no answer must not end a term.
pub const RENEWALS_MIN: u32 = 3;
/// The longest lease; a Lease stores seconds as an `int32`.
pub const LEASE_DURATION_MAX: Duration = Duration::from_secs(i32::MAX as u64);
/// The duration of a released lease, as client-go writes it; the API server takes no 0.
pub const RELEASED_SECONDS: i32 = 1;
