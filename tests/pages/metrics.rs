//! The store and the Collector that a page about metrics finds on its reader's machine: real ones, with samples in the store.

use std::time::{SystemTime, UNIX_EPOCH};

use ktel_testkit::collector::{Collector, Input};
use ktel_testkit::ports::TcpPort;
use ktel_testkit::victoria_metrics::VictoriaMetrics;

/// Where a page has VictoriaMetrics, a Collector, and the metrics of the exporter.
const STORE: &str = "127.0.0.1:8428";
const COLLECTOR: &str = "127.0.0.1:4318";
const EXPORTER: &str = "127.0.0.1:8093";

/// The types of the metrics in the store.
const TYPES: &str = "# TYPE http_requests_total counter
# TYPE queue_length gauge
# TYPE http_request_seconds histogram
";

/// A store, a Collector, and a port for the exporter.
pub(crate) struct Metrics {
    store: VictoriaMetrics,
    collector: Collector,
    port: TcpPort,
}

impl Metrics {
    /// Starts them if a page needs them.
    pub(crate) fn of(page: &str) -> Option<Self> {
        page.contains(STORE).then(|| {
            let store = VictoriaMetrics::start();
            drop(store.posted("/api/v1/import/prometheus", "", TYPES.as_bytes()));
            store.import(&samples());
            let port = TcpPort::hold().expect("a free port");
            Self { store, collector: Collector::start(), port }
        })
    }

    /// Gives each address of a page, and the one that it has here.
    pub(crate) fn places(&self) -> [(&'static str, String); 3] {
        [
            (STORE, self.store.address().to_string()),
            (COLLECTOR, self.collector.address(Input::OtlpHttp).to_string()),
            (EXPORTER, format!("127.0.0.1:{}", self.port.number())),
        ]
    }
}

/// Makes samples of the last quarter of an hour: a counter, a gauge and a histogram of three instances, every 15 s.
fn samples() -> String {
    #[expect(clippy::disallowed_methods, reason = "a preview looks at the newest samples")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let now = i64::try_from(now).expect("a time");
    let times: Vec<i64> = (0..60).map(|step| now - 15_000 * step).rev().collect();
    let mut lines = String::new();
    for instance in ["shop-0:9090", "shop-1:9090", "shop-2:9090"] {
        let mut series = vec![("http_requests_total", None), ("queue_length", None)];
        series.extend(["0.1", "1", "+Inf"].map(|le| ("http_request_seconds_bucket", Some(le))));
        series.extend([("http_request_seconds_sum", None), ("http_request_seconds_count", None)]);
        for (name, le) in series {
            let mut metric =
                serde_json::json!({"__name__": name, "job": "shop", "instance": instance});
            if let Some(le) = le {
                metric["le"] = le.into();
            }
            let values: Vec<i64> = (0..60).collect();
            let line = serde_json::json!({"metric": metric, "values": values, "timestamps": times});
            lines.push_str(&format!("{line}\n"));
        }
    }
    lines
}
