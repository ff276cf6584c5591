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
