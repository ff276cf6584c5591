//! Every limit of this crate, with its reason.

use std::time::Duration;

/// The largest parcel: a report of 11 jobs has 2 kB, and what a user pipes in ends at 1 MiB.
pub const PARCEL_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest address, content type or key. Many programs limit URLs to 8 kB.
pub const LABEL_BYTES_MAX: usize = 8 * 1024;
/// The largest segment. Reading one takes as much memory.
pub const SEGMENT_BYTES_MAX: u64 = 1024 * 1024;
/// The smallest segment. A smaller one would be a file for a handful of parcels.
pub const SEGMENT_BYTES_MIN: u64 = 16 * 1024;
/// Records of a segment; no segment has as many. Lost records are counted one by one, and a damaged
/// file may make any number of them seem lost.
pub(crate) const SEGMENT_RECORDS_MAX: u64 = 1 << 20;
/// The file that counts dropped parcels: five reasons with a number each.
pub(crate) const DROPS_FILE_BYTES_MAX: u64 = 4096;
/// The file that says why parcels are held: a line of numbers and a message of up to 2000 bytes.
pub(crate) const HOLD_FILE_BYTES_MAX: u64 = 4096;
/// The longest message of a hold: six lines of a terminal.
pub(crate) const HOLD_MESSAGE_CHARS_MAX: usize = 500;
/// A full spool drops about this part of itself at a time, the oldest first. Each segment costs every push
/// a look at its file.
pub const SEGMENTS: u64 = 6;
/// The first pause after a failure; doubles with each.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// The longest pause, unless the receiver asks for a longer one.
pub const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// The longest pause that a receiver may ask for. After it, the parcel is tried again in any case.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// The pause after each parcel while the receiver says that it is nearly full.
pub const SLOW_DOWN: Duration = Duration::from_secs(1);
/// Parcels that may be held one by one before the delivery ends. Each costs an exchange: a token without
/// rights, or a receiver that fails, must not cost one for each of 1000 reports.
pub const HELD_ONE_BY_ONE_MAX: usize = 10;
/// How long parcels that are held are left alone, unless the configuration changes or a person asks. It is
/// longer than any pause of the backoff, because a person has to correct something first.
pub const HELD_PAUSE: Duration = Duration::from_secs(300);
/// How long the system's certificate authorities are kept before they are read again for a new client: clients that are made
/// together share them, and an update of the system is seen soon.
#[cfg(feature = "network")]
pub(crate) const SYSTEM_AUTHORITIES_KEPT: Duration = Duration::from_secs(60);
/// How long it may take to resolve and connect to a receiver.
pub const REACH_WITHIN: Duration = Duration::from_secs(10);
/// How long a whole exchange may take, as by default in the OTLP/HTTP exporter of the Collector.
pub const EXCHANGE_WITHIN: Duration = Duration::from_secs(30);
/// Connections to a receiver that are kept: one exchange runs at a time, and perhaps one of another
/// task.
pub const IDLE_CONNECTIONS_MAX: usize = 2;
/// The longest answer that is read. OTLP asks for such a limit and suggests 4 MiB; no answer that we
/// understand is longer than this.
pub const RECEIVER_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// What is shown of an answer: two lines of a terminal.
pub const SHOWN_ANSWER_CHARS_MAX: usize = 200;
/// Errors within an error that are looked at. Chains have five or six.
pub const TRANSPORT_CAUSES_MAX: usize = 16;
/// Smaller bodies are not compressed: they fit one packet.
pub const GZIP_FROM_BYTES: usize = 1024;
/// The largest datagram: it fits Ethernet with 1500 bytes over IPv6, and is never fragmented.
pub const SENT_DATAGRAM_BYTES_MAX: usize = 1452;
/// How long a receiver of lines may take to close its side after we have closed ours.
pub const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// The largest file of certificates or of a token that is read.
pub const SECRET_FILE_BYTES_MAX: u64 = 1024 * 1024;
