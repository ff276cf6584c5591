//! The fields of a Lease that an election reads and writes; all others stay as they are. Pure.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use crate::decide::View;
use crate::limits;

/// Reads what a lease says; `default` is its duration where it names none.
pub(crate) fn view(lease: &Lease, default: Duration) -> View {
    let spec = lease.spec.clone().unwrap_or_default();
    let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    View {
        holder: spec.holder_identity.unwrap_or_default(),
        transitions: spec.lease_transitions.unwrap_or_default(),
        duration: seconds.map_or(default, Duration::from_secs),
    }
}

/// Begins a term.
pub(crate) fn acquired(
    mut lease: Lease,
    holder: &str,
    number: i32,
    duration: Duration,
    now: MicroTime,
) -> Lease {
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = Some(holder.to_owned());
    spec.lease_transitions = Some(number);
    spec.lease_duration_seconds = Some(i32::try_from(duration.as_secs()).unwrap_or(i32::MAX));
    spec.acquire_time = Some(now.clone());
    spec.renew_time = Some(now);
    lease
}

/// Prolongs a term; when it began stays.
pub(crate) fn renewed(mut lease: Lease, now: MicroTime) -> Lease {
    lease.spec.get_or_insert_default().renew_time = Some(now);
    lease
}

/// Ends a term, as client-go does: nobody holds the lease, and the count of terms stays.
pub(crate) fn released(mut lease: Lease, now: MicroTime) -> Lease {
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = Some(String::new());
    spec.lease_duration_seconds = Some(limits::RELEASED_SECONDS);
    spec.renew_time = Some(now);
    lease
}
