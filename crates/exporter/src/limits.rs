//! All limits of this crate, each with its reason.

use std::time::Duration;

/// The longest text of a store or receiver that is shown: a condition's message has to stay readable.
pub const MESSAGE_BYTES_MAX: usize = 256;

/// Contexts of each codec that are kept: as many as compress at once on a few processors.
pub(crate) const COMPRESSORS_KEPT_MAX: usize = 4;
/// How long it may take to resolve and connect to a sink.
pub(crate) const SINK_REACHED_WITHIN: Duration = Duration::from_secs(10);
/// How long an exchange with a sink may take. OTLP's exporters wait for 10 s, receivers behind queues need more.
pub(crate) const SINK_ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// The longest token: servers limit all headers to 8 kB or more.
pub(crate) const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// A token is fetched again so long before it expires: longer than a request takes.
pub(crate) const TOKEN_RENEWED_BEFORE: Duration = Duration::from_secs(60);
/// How long a token is used whose server does not say when it expires.
pub(crate) const TOKEN_LIFETIME_UNKNOWN: Duration = Duration::from_secs(300);
/// The longest time that a token is used.
pub(crate) const TOKEN_LIFETIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// Gaps of a lane that are kept: an administrator sees the last troubles, and a status has to fit an object.
pub const GAPS_MAX: usize = 16;
/// A lane that waits longer gives its memory back: the store keeps the data, and others need the room.
pub(crate) const LANE_HOLDS_MEMORY_FOR: Duration = Duration::from_secs(5);
/// How long a lane whose credentials or address are wrong waits before it tries again without a change.
pub(crate) const HELD_FOR: Duration = Duration::from_secs(300);
/// The longest pause that a sink may ask for. After it, one request asks again.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Windows of a lane that were read and are not settled: one is sent while the next one is read.
pub(crate) const OPEN_WINDOWS_MAX: usize = 2;
/// What is shown of a store's text: a line of a status, and no more of what may be hostile.
pub const STORE_TEXT_BYTES_MAX: usize = 256;
/// What is read of an error of a store; its first line says what is wrong.
pub const STORE_ERROR_BYTES_MAX: usize = 4 * 1024;
/// How long a store may be silent within an answer. Searching a large index takes it some seconds.
pub const STORE_SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long a whole answer may take. A slice of some megabytes takes seconds; a store that sends slower is given up.
pub const STORE_EXCHANGE_MAX: Duration = Duration::from_secs(300);
/// How old what is known of the store's clock may be. Two clocks drift apart by some milliseconds in this time.
pub const STORE_CLOCK_AGE_MAX: Duration = Duration::from_secs(30);
/// The longest line of an export. A block of VictoriaMetrics has 8192 samples; the longest value has 330 bytes.
pub const EXPORT_LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Of a line that is longer the samples are counted before they are taken, so that it cannot pass the bound by much.
pub const EXPORT_LONG_LINE_BYTES: usize = 64 * 1024;
/// The selectors in one request. Go's servers read a form of 10 MB.
pub const REQUEST_BODY_BYTES_MAX: usize = 1024 * 1024;
/// What is in a query beside the filters of one group and the names: a label, braces, operators.
pub const QUERY_REST_BYTES: usize = 64;
/// The names of all metrics: a hundred thousand of a hundred bytes.
pub const NAMES_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The metadata of all metrics: twenty thousand with long descriptions.
pub const METADATA_BYTES_MAX: usize = 16 * 1024 * 1024;
/// An answer that is one number, with what a store says around it.
pub const NUMBER_BYTES_MAX: usize = 64 * 1024;

/// All memory for what is read and sent. One replica serves a thousand Exporters with it, since the store is the queue.
pub(crate) const MEMORY_BYTES: usize = 64 * 1024 * 1024;
/// Requests to the store at once: VictoriaMetrics runs about twice as many as it has processors, and others ask it too.
pub(crate) const STORE_REQUESTS_MAX: usize = 8;
/// The width of a window of new data: what arrives is sent some seconds later, for one request in ten seconds.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);
/// The widest window that a lane reads which is behind: an hour of a series of 15 s has 240 samples.
pub(crate) const WINDOW_MAX: Duration = Duration::from_secs(3600);
/// A window that gives less is followed by one of twice the width, while there is as much to read.
pub(crate) const WINDOW_BYTES_GOOD: u64 = 2 * 1024 * 1024;
/// A window that gives more is followed by one of half the width.
pub(crate) const WINDOW_BYTES_MUCH: u64 = 8 * 1024 * 1024;
/// So is one that takes longer: an abort costs all of it.
pub(crate) const WINDOW_READ_SLOW: Duration = Duration::from_secs(20);
/// The smallest budget of a read: a few hundred series.
pub(crate) const PART_BYTES_MIN: usize = 64 * 1024;
/// The largest budget of a read. A window that needs more is read in parts.
pub(crate) const PART_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Two parts that are smaller together are read as one.
pub(crate) const PART_BYTES_GOOD: usize = 1024 * 1024;
/// Names of families in a query, of which VictoriaMetrics takes 16 KiB by default.
pub(crate) const PART_NAMES_BYTES_MAX: usize = 4 * 1024;
/// Memory for what is made of a slice, in slices. What exceeds it is encoded when there is room again.
pub(crate) const ENCODED_TO_SLICE: usize = 2;
/// How long types and descriptions of metrics are used: they change when software is updated.
pub(crate) const METADATA_KEPT_FOR: Duration = Duration::from_secs(300);
/// How long the difference to the store's clock is used: clocks drift by less than a millisecond meanwhile.
pub(crate) const STORE_CLOCK_KEPT_FOR: Duration = Duration::from_secs(15);
/// How far back the value before a window is looked for, as Prometheus does.
pub(crate) const DELTA_LOOKBACK: Duration = Duration::from_secs(300);
/// Windows of a source that are read at once: one of new data, and one of a lane that is behind.
pub(crate) const SOURCE_READS_MAX: usize = 2;
/// How long a lane waits for another one, so that they read together.
pub(crate) const READ_TOGETHER_WITHIN: Duration = Duration::from_secs(2);
/// The first pause after the store could not be read; doubles with each.
pub(crate) const STORE_BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
pub(crate) const STORE_BACKOFF_MAX: Duration = Duration::from_secs(60);
/// The longest pause that a store may ask for.
pub(crate) const STORE_ASKS_FOR_MAX: Duration = Duration::from_secs(300);
/// A store whose answer is wrong, or not the tenant's, is asked again after so long without a change of the plan.
pub(crate) const STORE_WRONG_FOR: Duration = Duration::from_secs(300);
/// Batches on the way from a read to the lanes; their memory is bounded elsewhere.
pub(crate) const EVENTS_MAX: usize = 16;
/// Reports change no more often than this: readers need no more.
pub(crate) const REPORT_EVERY: Duration = Duration::from_millis(200);
/// How often an Exporter looks at its lanes though nothing happened.
pub(crate) const TICK: Duration = Duration::from_secs(1);
/// The pause before an Exporter begins again that panicked: a bug must not take a processor.
pub(crate) const RESTART_AFTER: Duration = Duration::from_secs(10);
/// States of differences that a source keeps: one for each position at which lanes of a shape read.
pub(crate) const DELTA_STATES_MAX: usize = 4;
