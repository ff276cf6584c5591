//! All limits of this crate, each with its reason.

use std::time::Duration;

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
