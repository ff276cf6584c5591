//! Every limit of this crate, with its reason.

use std::time::Duration;

/// The largest parcel: a report of 11 jobs has 2 kB, and what a user pipes in ends at 1 MiB.
pub const PARCEL_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What goes in one exchange where parcels go together: half of what receivers like ours take.
pub const JOINED_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The longest address, content type or key; addresses are URLs, which browsers cut at 8 kB too.
pub const LABEL_BYTES_MAX: usize = 8 * 1024;
/// A segment is at the most this large, so that reading one never costs more memory than this.
pub const SEGMENT_BYTES_MAX: u64 = 1024 * 1024;
/// Smaller segments would cost a file for a handful of parcels.
pub const SEGMENT_BYTES_MIN: u64 = 16 * 1024;
/// Records of a segment; no segment has as many. Lost records are counted one by one, and a damaged
/// file may make any number of them seem lost.
pub(crate) const SEGMENT_RECORDS_MAX: u64 = 1 << 20;
/// The file that counts dropped parcels: five reasons with a number each.
pub(crate) const DROPS_FILE_BYTES_MAX: u64 = 4096;
/// A full spool drops about this part of itself at a time, the oldest first. Each segment costs every push
/// a look at its file.
pub const SEGMENTS: u64 = 6;
/// The first pause after a failure; doubles with each.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// The longest pause of our own.
pub const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// The longest pause that a receiver may ask for; one that asks for more is tried again then.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// How long a receiver that says it is nearly full is given after each parcel.
pub const SLOW_DOWN: Duration = Duration::from_secs(1);
/// How long it may take to find and reach a receiver.
pub const REACH_WITHIN: Duration = Duration::from_secs(10);
/// How long a whole exchange may take; OTLP's exporters default to the same.
pub const EXCHANGE_WITHIN: Duration = Duration::from_secs(30);
/// The longest answer that is read; OTLP asks for such a limit and suggests 4 MiB, and no answer
/// that we understand needs more than this.
pub const RECEIVER_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// A body smaller than this is not worth compressing: it fits one packet anyway.
pub const GZIP_FROM_BYTES: usize = 1024;
/// A datagram that fits 1500-byte Ethernet over IPv6 with its headers is never cut to pieces.
pub const SENT_DATAGRAM_BYTES_MAX: usize = 1452;
/// How long a line receiver may take to close its side after we have said goodbye.
pub const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// The largest file of certificates or of a token that is read.
pub const SECRET_FILE_BYTES_MAX: u64 = 1024 * 1024;
