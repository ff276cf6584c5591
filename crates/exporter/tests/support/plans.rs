//! Plans to begin with, for tests of the engine from outside.

use std::time::Duration;

use ktel_exporter::plan::{
    Accepts, Authentication, BatchPlan, Compression, Egress, ExporterId, LateData, OnExhausted,
    Plan, RatePlan, RetryPlan, Selection, SinkPlan, SourcePlan, Temporality, Tenant, TlsPlan,
};
use ktel_exporter::time::Millis;

/// A source `all` that begins at a moment.
pub(crate) fn source(selector: &str, begin: Millis) -> SourcePlan {
    SourcePlan {
        name: "all".into(),
        selection: Selection::Raw(vec![selector.parse().expect("a selector")]),
        begin,
        lag_min: Duration::from_secs(5),
        late_data: LateData::Off,
        backfill: None,
    }
}

/// A sink of the first source, whose receiver may be on this host.
pub(crate) fn sink(name: &str, url: &str) -> SinkPlan {
    SinkPlan {
        name: name.into(),
        sources: vec![0],
        endpoint: format!("{url}/v1/metrics").parse().expect("a URL"),
        authentication: Authentication::None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        tls: TlsPlan::default(),
        egress: Egress {
            allows_http: true,
            allowed: vec!["127.0.0.0/8".parse().expect("a network")],
            ..Egress::default()
        },
        compression: Compression::Gzip,
        batch: BatchPlan {
            is_enabled: true,
            timeout: Duration::from_secs(5),
            points_max: 500,
            bytes_max: 4 << 20,
        },
        retry: RetryPlan {
            attempts_max: 3,
            backoff: Duration::from_millis(200),
            backoff_max: Duration::from_secs(2),
            on_exhausted: OnExhausted::Hold,
        },
        temporality: Temporality::Cumulative,
        rate: RatePlan { points_per_second: None, burst: 0, in_flight_max: 1, age_max: None },
        accepts: Accepts::default(),
    }
}

/// An Exporter of a tenant.
pub(crate) fn plan(tenant: Tenant, source: SourcePlan, sinks: Vec<SinkPlan>) -> Plan {
    Plan {
        id: ExporterId { namespace: "n".into(), name: "e".into(), uid: "u".into() },
        generation: 1,
        tenant,
        sources: vec![source],
        sinks,
        is_suspended: false,
    }
}
