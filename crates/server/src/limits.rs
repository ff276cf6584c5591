//! Every limit of this crate, with its reason.

use std::time::Duration;

/// How many records one sync carries: a transaction of this many takes some 10 ms to write. What comes in one request stays together, up to [`ITEMS_MAX`].
pub const GROUP_RECORDS_MAX: usize = 500;
/// How many jobs may wait for the writer; then senders are told to come back.
pub const JOBS_MAX: usize = 1024;
/// How many rows may wait for the writer: some 16 MiB, and half a second of its time. A request with
/// more of them waits until it has all the room.
pub const QUEUE_ROWS_MAX: u32 = 16_000;
/// How many rows one transaction deletes, so that writers wait some 10 ms for it and no longer.
pub const EXPIRE_ROWS_MAX: u32 = 1000;
/// How long counts are kept of a schema that nobody declares any more: five years.
pub const COUNTS_KEEP_DAYS: u32 = 5 * 365 + 1;
/// How many rows a look at a table gives.
pub const ROWS_MAX: u32 = 1000;
/// `PostgreSQL` cuts identifiers at 63 bytes; a name that were cut could meet another.
pub const NAME_BYTES_MAX: usize = 63;
/// How many counts one look gives: two years of weeks, with some 1000 words each.
pub const COUNTS_MAX: u32 = 100_000;
/// A table's name leaves room for `_history`, `_latest` and the month of a partition.
pub const TABLE_BYTES_MAX: usize = 55;
/// The longest id of a report; ours have 32 and 36 letters.
pub const ID_BYTES_MAX: usize = 64;
/// The longest name of a product.
pub const PRODUCT_BYTES_MAX: usize = 64;
/// A report may wait this long in an outbox before it comes; older days would be partitions of
/// somebody's invention.
pub const DAYS_BACK_MAX: i32 = 400;
/// Clocks of clusters may be ahead by a time zone, and no more.
pub const DAYS_AHEAD_MAX: i32 = 1;
/// How long another process may hold the database before a write fails.
pub const BUSY_WITHIN: Duration = Duration::from_secs(5);
/// How long a database behind a network may take to be reached.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long one turn of such a database may take: past this, senders have given up.
pub const TURN_WITHIN: Duration = Duration::from_secs(20);
/// The largest body, as it comes: what our own courier sends at the most.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The largest body, decompressed.
pub const DECODED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often a body may be larger than what came. Telemetry shrinks some 20 times.
pub const RATIO_MAX: usize = 100;
/// Below this a body may have any ratio: a bomb of this size harms nobody.
pub const RATIO_FROM_BYTES: usize = 64 * 1024;
/// How long a body may take to come.
pub const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How long the head of a request may take to come.
pub const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How many bytes all bodies together may have that are being read or looked at: 16 of the largest, and
/// as many small ones as ever come.
pub const BODIES_BYTES_MAX: usize = 16 * DECODED_BYTES_MAX;
/// The largest body of somebody who needs no token: a request to be forgotten has some 350 bytes, what
/// Kamaji's clients post 1 KiB.
pub const SMALL_BODY_BYTES_MAX: usize = 8 * 1024;
/// How many items one request may hold.
pub const ITEMS_MAX: usize = 1000;
/// How many sections or events one item may hold; our client sends 1000 events at once.
pub const SECTIONS_MAX: usize = 1000;
/// The largest head of a request: ours have less than 1 KiB, browsers' with cookies some 4 KiB. With
/// the number of connections this bounds their memory.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How many connections are open at the most, where the system gives so many files: with slow heads
/// and bodies in all of them they take some 400 MiB.
pub const CONNECTIONS_MAX: usize = 16 * 1024;
/// How many, where nobody asked the system for more files than the usual 1024.
pub const CONNECTIONS_UNRAISED: usize = 768;
/// The files that a process needs besides its connections: its store's, its log's, its clients'.
pub const FILES_FOR_OTHERS: usize = 256;
/// How many connections one neighbourhood of addresses has open at the most. A proxy in front is one
/// neighbourhood, and keeps fewer.
pub const CONNECTIONS_OF_PREFIX_MAX: usize = 1024;
/// The same, once half of all places are taken.
pub const CONNECTIONS_OF_PREFIX_BUSY: usize = 64;
/// The same, for the last eighth of all places.
pub const CONNECTIONS_OF_PREFIX_LAST: usize = 4;
/// How old a connection gets before it has to be made anew: so one whose client stopped reading ends,
/// and so does one that was made with a certificate that is trusted no longer.
pub const CONNECTION_AGE_MAX: Duration = Duration::from_secs(600);
/// How long the last request of a connection may take, and its client to read the answer.
pub const LAST_REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// How long to wait after a connection could not be accepted; mostly, files are short.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often it is said that there is no place for more connections.
pub const FULL_SAID_EVERY: Duration = Duration::from_secs(60);
/// How often the files of a certificate are looked at; renewals come days ahead of need.
pub const TLS_LOOK_EVERY: Duration = Duration::from_secs(5);
/// The largest file of certificates: one with every public authority has some 250 KiB.
pub const TLS_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// How many requests one token may make at once.
pub const RATE_BURST: u32 = 2000;
/// How many requests a second one token may make for long.
pub const RATE_PER_SECOND: u32 = 1000;
/// How many requests a neighbourhood of addresses may make at once without the token of a sender: some
/// hundred browsers that open the charts, or all of Kamaji's clients behind one gateway.
pub const PREFIX_BURST: u32 = 1000;
/// The same, a second for long.
pub const PREFIX_PER_SECOND: u32 = 200;
/// How many neighbourhoods are known at once: 1 MiB.
pub const PREFIXES_MAX: usize = 16 * 1024;
/// How often all of them are looked at to find those that can be forgotten.
pub const PREFIX_SWEEP_MS: u64 = 1000;
/// How many senders a group has at the least before it is shown; the usual k of k-anonymity.
pub const GROUP_FLOOR: i64 = 10;
/// An operator may go down to this: below, a group is a few known installations.
pub const GROUP_FLOOR_MIN: u32 = 5;
/// How long tokens are taken as they were read; one that was made or taken back waits this long.
pub const TOKENS_KNOWN_FOR: Duration = Duration::from_secs(2);
/// What a sender that comes too often is told to wait.
pub const RETRY_AFTER_SECONDS: u32 = 1;
/// How many channels of Splunk's collector one token may have: a client has one for each process
/// that it runs, and they take some 100 bytes.
pub const CHANNELS_MAX: usize = 1000;
/// How long a channel is remembered that nobody uses; Splunk's own default.
pub const CHANNEL_IDLE: Duration = Duration::from_secs(600);
/// How many numbers of a channel one request may ask for.
pub const ACKS_ASKED_MAX: usize = 10_000;
/// The longest line. A report has some 3 kB, and a datagram cannot have more.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// The largest datagram, and one byte.
pub const DATAGRAM_BYTES_MAX: usize = 64 * 1024;
/// How much is read of a connection at once; with [`LINE_BYTES_MAX`] this bounds its memory.
pub const LINE_READ_BYTES: usize = 16 * 1024;
/// How many connections with lines are open at once: some 20 MiB.
pub const LINE_CONNECTIONS_MAX: usize = 256;
/// How long such a connection may say nothing. Kong's controllers make one for each line; what
/// forwards logs makes a new one when it has to.
pub const LINE_IDLE_WITHIN: Duration = Duration::from_secs(120);
/// How many lines go to the store at once: what one sync carries.
pub const LINES_AT_ONCE_MAX: usize = GROUP_RECORDS_MAX;
/// How long the lines of a stream wait for a store that does not take them: a database is started anew
/// in that time. Senders wait with them; their own queues hold more than ours.
pub const LINES_KEPT_WITHIN: Duration = Duration::from_secs(300);
/// How soon the store is asked again.
pub const STORE_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long a stream waits before it looks for another turn.
pub const TURN_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// How long a listener rests that could not accept: descriptors come back by then, or not soon.
pub const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How many values one request of OTLP may hold: a thousand reports of a hundred values.
pub const OTLP_VALUES_MAX: usize = 100_000;
/// How deep such a value may be. A report has a section, a field and at most a record.
pub const OTLP_NESTING_MAX: usize = 16;
/// The longest SQL of a reader: some screens of it.
pub const SQL_BYTES_MAX: usize = 8 * 1024;
/// How long one question of a reader may be computed; the groups are some 100 000 rows at the most.
pub const QUERY_WITHIN: Duration = Duration::from_secs(1);
/// How many rows one answer has: more is an export of everything, and easier to make in parts.
pub const QUERY_ROWS_MAX: usize = 10_000;
/// How many bytes one answer has, and so what it takes of memory while it is written.
pub const QUERY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long one value of a question may become; no sentence of the standard is as long.
pub const QUERY_VALUE_BYTES_MAX: i32 = 16 * 1024;
/// By how much the process may grow while a question is computed: several times what all groups take.
pub const QUERY_MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How many questions are computed at once, so that they leave a core to those who send.
pub const QUERIES_MAX: usize = 2;
/// How old the groups are that questions are asked of; making them takes some 100 ms.
pub const GROUPS_KNOWN_FOR: Duration = Duration::from_secs(10);
/// How many weeks questions reach back; charts have half of it.
pub const QUERY_WEEKS: u32 = 104;
/// How long it is remembered who looked at what: as long as the oldest report that is taken.
pub const AUDIT_KEEP_DAYS: i64 = 400;
/// How many looks are listed at once.
pub const AUDIT_ROWS_MAX: u32 = 1000;
/// A purpose is a line on a page.
pub const PURPOSE_BYTES_MAX: usize = 200;
