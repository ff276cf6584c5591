//! Every limit of this crate, with its reason.

use std::time::Duration;

/// The largest file that is read; a list of 20 000 pods is about 200 MB.
pub(crate) const FILE_BYTES_MAX: u64 = 512 << 20;
/// The most bytes read from one directory; past it the snapshot would not fit a small machine.
pub(crate) const TOTAL_BYTES_MAX: u64 = 2 << 30;
/// The most files looked at; must-gather trees hold tens of thousands.
pub(crate) const FILES_MAX: usize = 200_000;
/// The deepest directory entered; must-gather trees are 8 deep.
pub(crate) const DIRECTORY_DEPTH_MAX: usize = 16;
/// The deepest nesting of lists in lists; `kubectl` writes one, `cluster-info dump` one.
pub(crate) const LIST_DEPTH_MAX: usize = 4;
/// The deepest nesting of one YAML document; serde_json allows 128 too.
pub(crate) const YAML_DEPTH_MAX: usize = 128;
/// The events that YAML aliases may repeat; Kubernetes writes none, people a few.
pub(crate) const YAML_ALIASED_MAX: usize = 100_000;
/// The skipped files whose reasons are kept; the rest is only counted.
pub(crate) const SKIPPED_MAX: usize = 1_000;

/// The changes kept for watchers that resume; more than a test makes between two reads.
pub(crate) const HISTORY_MAX: usize = 1_000;
/// The most items on a page of a limited list with a selector, which is held in memory.
pub(crate) const SELECTED_ITEMS_MAX: usize = 10_000;
/// The bytes gathered before a list or watch hands out a piece of its body.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;
/// The pieces handed out in a row before other tasks of the thread get their turn.
pub(crate) const CHUNKS_PER_TURN: u32 = 16;
/// The longest query string; the API server's request line ends at 1 MiB, selectors far below.
pub(crate) const URL_QUERY_BYTES_MAX: usize = 64 << 10;
/// How long a watch lives when the client does not say: the API server's 30 minutes.
pub(crate) const WATCH_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// The longest a watch may ask for; keeps timer arithmetic far from overflow.
pub(crate) const WATCH_LIFETIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// How often an idle watch sends a bookmark: the API server's minute.
pub(crate) const BOOKMARK_PERIOD: Duration = Duration::from_secs(60);

/// The connections served at once over loopback; a bench opens a handful.
pub(crate) const CLIENTS_MAX: usize = 256;
/// The requests remembered by a log; enough for a test to read, too few to matter in a bench.
pub(crate) const LOG_LINES_MAX: usize = 10_000;
/// The letters that a kind and its plural have to share; `Index` and `indices` share three.
pub(crate) const SHARED_LETTERS_MIN: usize = 3;
