//! Every limit of this crate, each with its reason.

use std::time::Duration;

/// How long a lease holds without being renewed.
pub const LEASE_SECONDS: i32 = 30;
/// How often it is renewed, and how often those who stand by look.
pub const LEASE_RENEW: Duration = Duration::from_secs(10);
/// How long a holder goes on that cannot renew it: others wait longer.
pub const LEASE_LOST: Duration = Duration::from_secs(20);
