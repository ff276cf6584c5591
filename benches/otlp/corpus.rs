//! What both libraries write: log records of a web server, and gauges of nodes.

/// How many log records, and how many data points.
pub(crate) const ITEMS: usize = 1000;
/// How many data points a metric has.
const POINTS: usize = 50;
/// When it all happened.
const BEGAN: u64 = 1_790_000_000_000_000_000;

/// A log record.
pub(crate) struct Line {
    pub(crate) time: u64,
    pub(crate) text: String,
    pub(crate) pod: String,
    pub(crate) path: String,
    pub(crate) status: i64,
    pub(crate) seconds: f64,
    pub(crate) cached: bool,
}

/// Makes the log records.
pub(crate) fn lines() -> Vec<Line> {
    let line = |number: usize| Line {
        time: BEGAN + number as u64 * 1_000_003,
        text: format!("GET /catalog/{number}/item answered by backend-{}", number % 7),
        pod: format!("shop-{:04x}-{:05x}", number % 13, number * 7919 % 1_048_576),
        path: format!("/catalog/{}/item", number % 200),
        status: [200, 200, 200, 204, 404, 503][number % 6],
        seconds: (number % 97) as f64 / 1024.0,
        cached: number.is_multiple_of(3),
    };
    (0..ITEMS).map(line).collect()
}

/// A metric and its data points.
pub(crate) struct Gauge {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
}

/// A data point.
pub(crate) struct Point {
    pub(crate) time: u64,
    pub(crate) node: String,
    pub(crate) device: String,
    pub(crate) value: f64,
}

/// Makes the metrics.
pub(crate) fn gauges() -> Vec<Gauge> {
    let point = |number: usize| Point {
        time: BEGAN + number as u64 * 15_000_000_000,
        node: format!("node-{:03}.example.com", number % 40),
        device: format!("nvme{}n1", number % 4),
        value: number as f64 * 0.37,
    };
    let gauge = |number: usize| Gauge {
        name: format!("node_disk_{number}_bytes"),
        points: (number * POINTS..(number + 1) * POINTS).map(point).collect(),
    };
    (0..ITEMS / POINTS).map(gauge).collect()
}
