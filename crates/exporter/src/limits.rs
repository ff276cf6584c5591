//! All limits of this crate, each with its reason.

use std::time::Duration;

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

/// Bytes of a file of resources. The API server takes 3 MiB for one object; files have several.
pub(crate) const FILE_BYTES_MAX: usize = 16 << 20;
/// Levels of a file of resources. An Exporter has 10; other objects in the file may have more.
pub(crate) const FILE_DEPTH_MAX: usize = 64;
/// Values of a file of resources, with those that aliases repeat: a billion laughs end here.
pub(crate) const FILE_NODES_MAX: usize = 1_000_000;
/// Characters of a line of a file that are shown around a place.
pub(crate) const SHOWN_LINE_CHARS_MAX: usize = 160;
/// Characters of it that are shown before the place.
pub(crate) const SHOWN_BEFORE_CHARS: usize = 80;
