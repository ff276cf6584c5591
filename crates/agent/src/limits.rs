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

/// Servers that reports go to; each has a spool.
pub const SERVERS_MAX: usize = 8;
/// Schemas of an agent file: as many as a user can be asked to read.
pub const AGENT_SCHEMAS_MAX: usize = 32;
/// Groups of objects that are counted.
pub const GROUPS_MAX: usize = 16;
/// How often numbers are sent unless configured: once a day, as most of the standard's schemas say.
pub const STATS_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);
/// When numbers are sent first unless configured: what starts together with the agent has settled.
pub const STATS_INITIAL_DELAY: Duration = Duration::from_secs(600);
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
/// One change in a watch; etcd holds no object above 1.5 MiB, and JSON may double it.
pub const WATCH_LINE_BYTES_MAX: usize = 4 << 20;
/// How long the server keeps a watch open; below the client's own patience of 295 s.
pub const WATCH_FOR: Duration = Duration::from_secs(290);
/// The shortest time between two watches, where something closes each at once.
pub const WATCH_AT_LEAST: Duration = Duration::from_secs(1);
/// What an agent remembers on disk: four times what the objects at the limit need.
pub const STATE_BYTES_MAX: u64 = 128 << 20;
/// Lines after which the state is written anew, unless there are more objects than that.
pub const STATE_LINES_MIN: usize = 10_000;
/// How often numbers may be sent; more often would be monitoring, which needs another tool.
pub const STATS_PERIOD_MIN: Duration = Duration::from_secs(60);
/// Share of a period by which it varies, so that clusters do not report together.
pub const STATS_JITTER: f64 = 0.1;
/// What one reading of a product's metrics may have; those of a large API server have half of that.
pub const SCRAPE_BYTES_MAX: usize = 16 << 20;
/// How long one may take: as long as any exchange of a courier.
pub const SCRAPE_WITHIN: Duration = Duration::from_secs(30);
/// Series that a configuration declares; each fills a field that somebody has to read.
pub const SERIES_MAX: usize = 32;
/// Samples of them that are remembered until the next reading: some 3 MB.
pub const SCRAPED_SAMPLES_MAX: usize = 20_000;
/// Two readings that are closer give no rate.
pub const SCRAPE_WINDOW_MIN: Duration = Duration::from_secs(1);
/// How long a preview waits between its two readings: somebody watches it.
pub const SCRAPE_PREVIEW_WINDOW: Duration = Duration::from_secs(5);
/// Events of a controller that wait for the agent: a storm's worth, some 500 kB.
pub const EMITTED_EVENTS_MAX: usize = 1000;
/// Items that an agent sends at once: half of what our receiver takes in one request.
pub const EVENTS_AT_ONCE: usize = 500;
/// How long an event waits for more to be sent with it.
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
/// How long a courier works at a time, before it looks at its spool again.
pub const COURIER_TURN: Duration = Duration::from_secs(600);
/// How long an agent that ends may still deliver.
pub const LAST_DELIVERY: Duration = Duration::from_secs(5);
