//! Every limit of this crate, each with its reason.

use std::time::Duration;

use ktel_lease::Settings;

/// How the agents of a product elect one that reports. Nobody waits for a report, so this is slower
/// than the default, and costs the API server a write in five seconds.
pub const LEASE: Settings = Settings {
    lease_duration: Duration::from_secs(30),
    renew_deadline: Duration::from_secs(20),
    retry_period: Duration::from_secs(5),
};
/// How often an agent looks whether another one has left the state directory that they share.
pub const STATE_LOCK_RETRY: Duration = Duration::from_secs(10);

/// Objects that an agent remembers, of all that it watches together: 20 MiB while they are first listed.
pub const WATCHED_OBJECTS_MAX: usize = 100_000;
/// A value of a watched object; the longest that a closed type can hold is a version.
pub const WATCHED_TEXT_BYTES_MAX: usize = 128;
/// Fields that an agent remembers of each object.
pub const WATCHED_FIELDS_MAX: usize = 16;
/// Kinds that an agent watches; each costs a connection.
pub const WATCHES_MAX: usize = 16;
/// Steps to one value.
pub const EXTRACT_STEPS_MAX: usize = 16;
/// One change that a watch tells; etcd holds no object above 1.5 MiB, and JSON may double it.
pub const WATCH_LINE_BYTES_MAX: usize = 4 << 20;
/// How long the server keeps a watch open; below the client's own patience of 295 s.
pub const WATCH_FOR: Duration = Duration::from_secs(290);
/// How often a watch is opened anew at the most, where something closes it at once.
pub const WATCH_AT_LEAST: Duration = Duration::from_secs(1);
/// What an agent remembers on disk: four times what the objects at the limit need.
pub const STATE_BYTES_MAX: u64 = 128 << 20;
/// Lines behind which the state is written anew, unless there are more objects than that.
pub const STATE_LINES_MIN: usize = 10_000;
/// How often numbers may be sent; more often would be monitoring, which needs another tool.
pub const STATS_PERIOD_MIN: Duration = Duration::from_secs(60);
/// Share of a period by which it varies, so that clusters do not report together.
pub const STATS_JITTER: f64 = 0.1;
/// What one look at a product's metrics may read; a large API server's have half of that.
pub const SCRAPE_BYTES_MAX: usize = 16 << 20;
/// How long one may take: as long as any exchange of a courier.
pub const SCRAPE_WITHIN: Duration = Duration::from_secs(30);
/// Series that a configuration declares; each fills a field that somebody has to read.
pub const SERIES_MAX: usize = 32;
/// Samples of them that are remembered until the next look: some 3 MB.
pub const SCRAPED_SAMPLES_MAX: usize = 20_000;
/// Two looks that are closer say nothing about a time.
pub const SCRAPE_WINDOW_MIN: Duration = Duration::from_secs(1);
/// How long a preview waits between its two looks: somebody sits before it.
pub const SCRAPE_PREVIEW_WINDOW: Duration = Duration::from_secs(5);
/// Events of a controller that wait for the agent: a storm's worth, some 500 kB.
pub const HAPPENED_MAX: usize = 1000;
/// Items that an agent sends at once: half of what our receiver takes in one request.
pub const EVENTS_AT_ONCE: usize = 500;
/// How long what is seen waits for more to be told with it: nobody sees an event in less.
pub const EVENTS_GATHERED_FOR: Duration = Duration::from_millis(100);
/// Items that wait for a server of an agent; 16 MiB hold as many of the usual size.
pub const EVENTS_WAITING_MAX: u64 = 10_000;
/// How old the facts may be that stand in an event of a controller.
pub const FACTS_AGE_MAX: Duration = Duration::from_secs(3600);
/// How long a key is used.
pub const KEY_DAYS: i64 = 90;
/// Keys that are kept to forget what they signed: 25 months of them, as long as sums are kept.
pub const KEYS_RETIRED_MAX: usize = 9;
/// The longest pause between two tries to read the cluster.
pub const CLUSTER_RETRY_MAX: Duration = Duration::from_secs(60);
/// How long a courier works at a time, before it makes way for a new look at its spool.
pub const COURIER_TURN: Duration = Duration::from_secs(600);
/// How long an agent that ends may still deliver.
pub const LAST_DELIVERY: Duration = Duration::from_secs(5);
