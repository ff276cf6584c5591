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
