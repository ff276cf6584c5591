//! All limits of this crate, each with its reason.

/// The buckets of a native histogram that are written, empty ones between others included. A histogram of times from a
/// nanosecond to a year at the finest schema has 14 000. Two buckets that lie far apart may not take gigabytes.
pub(crate) const NATIVE_BUCKETS_MAX: usize = 16_384;

/// Memory of what differences need of one lane, or of lanes that read together: about 130 000 counters. A series that is
/// forgotten loses one difference, and is counted.
pub(crate) const DELTA_STATE_BYTES_MAX: usize = 16 << 20;
use std::time::Duration;

/// Bytes of an Event's note. The API server takes 1 KiB.
pub const EVENT_NOTE_BYTES_MAX: usize = 1000;

// Bounds of the resource. The CRD repeats them as literals; a test compares the two by what each refuses.

/// A source waits this long after a window's end at most. Stores refuse older samples well before, or keep them for repair.
pub(crate) const LAG_MAX: Duration = Duration::from_secs(24 * 3600);
/// Expressions are evaluated once a second at most: stores have no finer data.
pub(crate) const STEP_MIN: Duration = Duration::from_secs(1);
/// Beyond this an evaluation at aligned times is a report, not telemetry.
pub(crate) const STEP_MAX: Duration = Duration::from_secs(3600);
/// The usual interval of recording rules.
pub(crate) const STEP_DEFAULT: Duration = Duration::from_secs(60);
/// A point waits this long for others at most; alerts at the receiver look back some five minutes.
pub(crate) const BATCH_TIMEOUT_MAX: Duration = Duration::from_secs(300);
/// Some 5 MB of points of 250 bytes: more would hold much of the sending pool for one request.
pub(crate) const BATCH_POINTS_MAX: i64 = 20_000;
/// One point with its attributes has to fit.
pub(crate) const BATCH_BYTES_MIN: usize = 1 << 10;
/// What OTLP recommends as the largest request.
pub(crate) const BATCH_BYTES_MAX: usize = 64 << 20;
/// With `drop`, more attempts than this hold up newer data for longer than anybody means.
pub(crate) const RETRY_ATTEMPTS_MAX: i64 = 100;
/// Shorter pauses are no pauses for a receiver in trouble.
pub(crate) const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// The requirement's example.
pub(crate) const BACKOFF_DEFAULT: Duration = Duration::from_secs(2);
/// A receiver that is back is found within a minute.
pub(crate) const BACKOFF_MAX_DEFAULT: Duration = Duration::from_secs(60);
/// A receiver that is back is found within an hour, whatever the resource says.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// Above this more requests at once bring a receiver no more points a second.
pub(crate) const IN_FLIGHT_MAX: i64 = 32;
/// Ten times what one replica can read, so it bounds only typing errors.
pub(crate) const POINTS_PER_SECOND_MAX: i64 = 1_000_000_000;
/// Data that is younger has hardly been read.
pub(crate) const AGE_MIN: Duration = Duration::from_secs(60);

/// Characters of a value that a finding repeats: enough to recognise it.
pub(crate) const SHOWN_CHARS_MAX: usize = 60;
/// Findings in a status: nobody reads more, and an object may have 1.5 MiB.
pub(crate) const FINDINGS_MAX: usize = 20;
/// Gaps of a sink in a status.
pub(crate) const GAPS_MAX: usize = 20;
/// Bytes of an error's message in a status, as the resource promises.
pub(crate) const ERROR_BYTES_MAX: usize = 256;
/// Bytes of a finding's message in a status.
pub(crate) const FINDING_BYTES_MAX: usize = 512;
/// Bytes of a finding's path in a status: names of fields and a header's name.
pub(crate) const PATH_BYTES_MAX: usize = 256;
/// Two writes of a status are at least this far apart, so that 1000 Exporters cost 100 requests a second at most.
pub(crate) const STATUS_PAUSE: Duration = Duration::from_secs(10);
/// A status without a change is written this often, so that stale truth can be recognised within minutes.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(60);
/// A lane that is further behind than its lag and this has not caught up: two windows and a batch's timeout.
pub(crate) const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(120);

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
/// A frame of remote read: 1 MiB by default, and one chunk more.
pub const REMOTE_READ_FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
