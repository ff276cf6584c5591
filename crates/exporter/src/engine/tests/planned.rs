//! Plans to begin with.

use std::time::Duration;

use ktel_metricsql::Selector;

use super::BEGIN;
use crate::plan::{
    Accepts, Authentication, BatchPlan, Compression, Egress, ExporterId, LateData, OnExhausted,
    Plan, RatePlan, RetryPlan, Selection, SinkPlan, SourcePlan, Temporality, Tenant, TlsPlan,
};
use crate::time::Millis;

pub(super) fn source(name: &str) -> SourcePlan {
    SourcePlan {
        name: name.into(),
        selection: Selection::Raw(vec![Selector::new(Vec::new())]),
        begin: Millis(BEGIN),
        lag_min: Duration::from_secs(15),
        late_data: LateData::Off,
        backfill: None,
    }
}

pub(super) fn sink(name: &str, sources: usize) -> SinkPlan {
    SinkPlan {
        name: name.into(),
        sources: (0..sources).collect(),
        endpoint: format!("https://{name}/v1/metrics").parse().unwrap(),
        authentication: Authentication::None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        tls: TlsPlan::default(),
        egress: Egress::default(),
        compression: Compression::Gzip,
        batch: BatchPlan {
            is_enabled: true,
            timeout: Duration::from_secs(5),
            points_max: 500,
            bytes_max: 1 << 20,
        },
        retry: RetryPlan {
            attempts_max: 3,
            backoff: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            on_exhausted: OnExhausted::Hold,
        },
        temporality: Temporality::Cumulative,
        rate: RatePlan { points_per_second: None, burst: 0, in_flight_max: 8, age_max: None },
        accepts: Accepts::default(),
    }
}

pub(super) fn plan(
    name: &str,
    tenant: &str,
    sources: Vec<SourcePlan>,
    sinks: Vec<SinkPlan>,
) -> Plan {
    Plan {
        id: ExporterId { namespace: tenant.into(), name: name.into(), uid: name.into() },
        generation: 1,
        tenant: Tenant { name: tenant.into(), matchers: Vec::new(), path: None },
        sources,
        sinks,
        is_suspended: false,
    }
}
