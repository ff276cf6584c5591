//! Every limit of this crate, with its reason.

use std::time::Duration;

/// How many records one transaction writes, which takes some 10 ms. The records of one request stay
/// together, up to [`ITEMS_MAX`].
pub const GROUP_RECORDS_MAX: usize = 500;
/// How many jobs may be queued for the writer; more are answered with 503.
pub const WRITER_QUEUE_MAX: usize = 1024;
/// How many rows may be queued for the writer: some 16 MiB, and half a second of its time. A larger
/// request needs the whole queue.
pub const WRITER_QUEUE_ROWS_MAX: u32 = 16_000;
/// How many rows one transaction deletes, so that writers wait at most some 10 ms for it.
pub const EXPIRE_ROWS_MAX: u32 = 1000;
/// How long counts of a schema are kept that is no longer declared: five years.
pub const COUNTS_KEEP_DAYS: u32 = 5 * 365 + 1;
/// How many rows of a table are returned at once.
pub const ROWS_MAX: u32 = 1000;
/// `PostgreSQL` truncates identifiers at 63 bytes, and truncated names could collide.
pub const NAME_BYTES_MAX: usize = 63;
/// How many counts are read at once: two years of weeks, with some 1000 words each.
pub const COUNTS_MAX: u32 = 100_000;
/// A table's name leaves room for `_history`, `_latest` and the month of a partition.
pub const TABLE_BYTES_MAX: usize = 55;
/// The longest id of a report; ours have 32 and 36 letters.
pub const ID_BYTES_MAX: usize = 64;
/// The longest id of an installation in a document of Kamaji's clients: a UUID.
pub const INSTALLATION_BYTES_MAX: usize = 36;
/// The longest name of a product.
pub const PRODUCT_BYTES_MAX: usize = 64;
/// How old a report may be. Senders keep reports for less time in their outbox, and older days would
/// create partitions at a sender's will.
pub const DAYS_BACK_MAX: i32 = 400;
/// How far the clock of a sender may be ahead: a time zone.
pub const DAYS_AHEAD_MAX: i32 = 1;
/// How long another process may hold the database before a write fails.
pub const BUSY_WITHIN: Duration = Duration::from_secs(5);
/// How long connecting to a database over the network may take.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long one request to such a database may take; after that, senders have timed out.
pub const DATABASE_REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest body as it is sent: the limit of our own courier.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The largest body, decompressed.
pub const DECODED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The highest compression ratio of a body. That of telemetry is some 20.
pub const COMPRESSION_RATIO_MAX: usize = 100;
/// A body below this size may have any compression ratio: it is harmless.
pub const COMPRESSION_RATIO_FROM_BYTES: usize = 64 * 1024;
/// How long a body may take to arrive.
pub const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How long the head of a request may take to arrive.
pub const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How many bytes all bodies in memory may have together: 16 of the largest, or very many small ones.
pub const BODIES_BYTES_MAX: usize = 16 * DECODED_BYTES_MAX;
/// The largest body of a request without a token: a request to erase an installation has some 350 bytes,
/// and documents of Kamaji's clients have 1 KiB.
pub const SMALL_BODY_BYTES_MAX: usize = 8 * 1024;
/// How many items one request may hold.
pub const ITEMS_MAX: usize = 1000;
/// How many sections or events one item may hold; our client sends 1000 events at once.
pub const SECTIONS_MAX: usize = 1000;
/// The largest head of a request: ours have less than 1 KiB, browsers' with cookies some 4 KiB. With
/// the number of connections this bounds their memory.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How many connections may be open, if the system allows as many files. With slow heads and bodies in
/// all of them they take some 400 MiB.
pub const CONNECTIONS_MAX: usize = 16 * 1024;
/// How many connections may be open with the usual limit of 1024 files.
pub const CONNECTIONS_DEFAULT: usize = 768;
/// The files that a process needs besides its connections: the store, the log, and clients.
pub const FILES_FOR_OTHERS: usize = 256;
/// How many connections one client subnet may have open. A reverse proxy is one subnet, and opens fewer.
pub const CONNECTIONS_PER_SUBNET_MAX: usize = 1024;
/// The same, when half of all connections are open.
pub const CONNECTIONS_PER_SUBNET_BUSY: usize = 64;
/// The same, for the last eighth of all connections.
pub const CONNECTIONS_PER_SUBNET_LAST: usize = 4;
/// The maximum age of a connection. It ends connections whose client stopped reading, and those with a
/// client certificate that is no longer trusted.
pub const CONNECTION_AGE_MAX: Duration = Duration::from_secs(600);
/// How long the last request of a connection may take, including reading its response.
pub const LAST_REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// How long a listener waits when it cannot accept a connection, mostly for lack of file descriptors.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often a warning about rejected connections is logged.
pub const FULL_WARNING_EVERY: Duration = Duration::from_secs(60);
/// How often the files of a certificate are checked; they are renewed days before they expire.
pub const TLS_RELOAD_EVERY: Duration = Duration::from_secs(5);
/// The largest file of certificates: one with every public authority has some 250 KiB.
pub const TLS_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// How many requests one token may make in a burst.
pub const RATE_BURST: u32 = 2000;
/// How many requests per second one token may make in the long run.
pub const RATE_PER_SECOND: u32 = 1000;
/// How many requests a client subnet may make in a burst without an `ingest` token: some hundred browsers
/// that open the dashboard, or all of Kamaji's clients behind one gateway.
pub const SUBNET_BURST: u32 = 1000;
/// The same, per second in the long run.
pub const SUBNET_PER_SECOND: u32 = 200;
/// How many client subnets are tracked at once: 1 MiB.
pub const SUBNETS_MAX: usize = 16 * 1024;
/// How often unused client subnets are removed, in milliseconds.
pub const SUBNET_SWEEP_MS: u64 = 1000;
/// The minimum number of senders of a group that is shown; the usual k of k-anonymity.
pub const MIN_GROUP_SIZE_DEFAULT: u32 = 10;
/// The lowest minimum that an operator may set: a smaller group is a few known installations.
pub const MIN_GROUP_SIZE_LEAST: u32 = 5;
/// The highest minimum: half of the groups of tokens. Some fifty tokens are of so many groups.
pub const MIN_GROUP_SIZE_MOST: u32 = TOKEN_GROUPS as u32 / 2;
/// Into how many groups tokens are divided. Few tokens fall into one group by chance, and counts have at most
/// as many rows for each word.
pub const TOKEN_GROUPS: u8 = 64;
/// How often tables are published that are due. Finding none takes some milliseconds.
pub const PUBLISH_EVERY: Duration = Duration::from_secs(5);
/// How many tables one transaction publishes, so that writers wait at most some 10 ms for it.
pub const PUBLISH_TABLES_MAX: usize = 8;
/// How many products, or products with a version, can be chosen on a page.
pub const VERSIONS_MAX: u32 = 1000;
/// How long tokens are cached; a revoked one is rejected after this time.
pub const TOKENS_KNOWN_FOR: Duration = Duration::from_secs(2);
/// The same for a token that is not in the cache: somebody who created one uses it at once. Guessed
/// tokens cause at most 50 reads of a small table per second.
pub const TOKENS_UNKNOWN_FOR: Duration = Duration::from_millis(20);
/// The `Retry-After` of rate-limited and busy responses.
pub const RETRY_AFTER_SECONDS: u32 = 1;
/// How many channels of Splunk's collector one token may have: a client has one for each process
/// that it runs, and they take some 100 bytes.
pub const CHANNELS_MAX: usize = 1000;
/// How long an unused channel is kept; the default of Splunk.
pub const CHANNEL_IDLE: Duration = Duration::from_secs(600);
/// How many numbers of a channel one request may ask for.
pub const ACKS_PER_REQUEST_MAX: usize = 10_000;
/// The longest line. A report has some 3 kB, and a datagram cannot be longer.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// The largest datagram, and one byte.
pub const DATAGRAM_BYTES_MAX: usize = 64 * 1024;
/// How much is read of a connection at once; with [`LINE_BYTES_MAX`] this bounds its memory.
pub const LINE_READ_BYTES: usize = 16 * 1024;
/// How many connections with lines may be open: some 20 MiB.
pub const LINE_CONNECTIONS_MAX: usize = 256;
/// How long such a connection may be idle. Kong's controllers open one for each line; log forwarders
/// reconnect when they need to.
pub const LINE_IDLE_WITHIN: Duration = Duration::from_secs(120);
/// How many lines are stored at once: as many as one transaction writes.
pub const LINES_AT_ONCE_MAX: usize = GROUP_RECORDS_MAX;
/// How long the lines of a stream wait while the store fails: long enough to restart a database. Senders
/// wait as well; their queues are larger than ours.
pub const LINES_KEPT_WITHIN: Duration = Duration::from_secs(300);
/// How long to wait before the store is tried again.
pub const STORE_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long a rate-limited stream waits before it tries again.
pub const RATE_LIMIT_RETRY_AFTER: Duration = Duration::from_millis(20);
/// How many values one request of OTLP may hold: a thousand reports of a hundred values.
pub const OTLP_VALUES_MAX: usize = 100_000;
/// How many lists and maps may be nested in such a value. A report has a section, a field and at most a record.
pub const OTLP_NESTING_MAX: usize = 16;
/// The longest SQL of a query: several screens.
pub const SQL_BYTES_MAX: usize = 8 * 1024;
/// How long one query may run; the groups have at most some 100 000 rows.
pub const QUERY_WITHIN: Duration = Duration::from_secs(1);
/// How many rows one answer may have; more is a full export, which is easier in parts.
pub const QUERY_ROWS_MAX: usize = 10_000;
/// How many bytes one answer may have, and so how much memory it takes.
pub const QUERY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long one value of a query may become; no text of the standard is as long.
pub const QUERY_VALUE_BYTES_MAX: i32 = 16 * 1024;
/// How much memory a query may take: several times the size of all groups. [`QUERIES_MAX`] of them and the
/// receiver fit into the 512 MiB of the chart.
pub const QUERY_MEMORY_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// How long a process for a query may run, with its start and everything that it reads and writes.
pub const QUERY_CHILD_WITHIN: Duration = Duration::from_secs(5);
/// How long the text of one answer may be: that of [`QUERY_BYTES_MAX`], with the names of columns and escapes.
pub const QUERY_TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How many bytes of answers may wait for their readers; more are answered with 503.
pub const ANSWERS_BYTES_MAX: usize = 4 * QUERY_TEXT_BYTES_MAX;
/// How many queries run at once, so that ingestion keeps a core.
pub const QUERIES_MAX: usize = 2;
/// How long the groups of queries are cached; computing them takes some 100 ms.
pub const GROUPS_KNOWN_FOR: Duration = Duration::from_secs(10);
/// How many weeks queries and charts reach back.
pub const QUERY_WEEKS: u32 = 104;
/// How long audit entries are kept: as long as the oldest report that is accepted.
pub const AUDIT_KEEP_DAYS: i64 = 400;
/// How many audit entries are listed at once.
pub const AUDIT_ROWS_MAX: u32 = 1000;
/// A purpose is a line on a page.
pub const PURPOSE_BYTES_MAX: usize = 200;
/// How many words of each side a chart of two fields shows: as many as a drawing has room for.
pub const PAIR_WORDS_MAX: usize = 12;
/// How many weeks a page may show: as many as a query, two years.
pub const PERIOD_WEEKS_MAX: u32 = QUERY_WEEKS;
/// How many words a chart by week tells apart: as many as there are colours. The others are one.
pub const CHART_LINES_MAX: usize = 8;
/// How many of the values that changed most an overview lists.
pub const MOVERS_MAX: usize = 5;
/// How many words of a field a public page ranks; the file beside it has all of them.
pub const RANKS_MAX: usize = 20;
/// How many products a site of files has.
pub const SITE_PRODUCTS_MAX: usize = 200;
/// How many bars a chart has; its table has the rest.
pub const CHART_BARS_MAX: usize = 12;
/// How many bands a chart of changes has; its table has the rest.
pub const CHART_BANDS_MAX: usize = 24;
/// The longest number that JSON readers with floating point keep exactly.
pub const EXACT_INTEGER_MAX: u64 = 1 << 53;
/// The longest parameter of a dashboard URL; words of the standard are shorter.
pub const PARAMETER_BYTES_MAX: usize = 128;
/// The longest address that a login leads to: a chart with all its parameters.
pub const NEXT_BYTES_MAX: usize = 2048;
/// How far back the transparency page counts accesses: a quarter of a year.
pub const AUDIT_SUMMARY_DAYS: i64 = 91;
/// `SQLite` copies its log into the database at this size, 32 MiB. Counts change with every transaction,
/// and one copy serves many of them.
pub const SQLITE_LOG_PAGES_MAX: u32 = 8192;
/// How many statements `SQLite` keeps prepared: one for each schema, and a few more.
pub const SQLITE_STATEMENTS_MAX: usize = 256;
/// How often `PostgreSQL` is asked to create the lock table. Two processes that create it at the same time
/// conflict once; the second attempt finds it.
pub const LOCK_TABLE_TRIES_MAX: usize = 5;
/// The most digits of the length before a syslog line (RFC 6587): enough for [`LINE_BYTES_MAX`].
pub const LENGTH_DIGITS_MAX: usize = 7;
/// How often expired data is deleted. Retention is counted in days.
pub const EXPIRE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How long requests in progress may take after a signal to stop.
pub const SHUTDOWN_WITHIN: Duration = Duration::from_secs(10);
/// After how many steps of `SQLite` a query checks its limits: some 50 µs.
pub const QUERY_STEPS: i32 = 1000;
/// How many columns an expression or a result of a query may have.
pub const QUERY_COLUMNS_MAX: i32 = 100;
/// How deep an expression of a query may be nested.
pub const QUERY_EXPRESSION_DEPTH_MAX: i32 = 100;
/// How many SELECTs one UNION may combine.
pub const QUERY_COMPOUND_MAX: i32 = 20;
/// How many instructions a compiled query may have.
pub const QUERY_INSTRUCTIONS_MAX: i32 = 100_000;
/// The longest pattern of LIKE or GLOB; matching takes quadratic time.
pub const QUERY_PATTERN_BYTES_MAX: i32 = 100;
/// The shortest token that an operator may choose: 128 random bits as hexadecimal digits.
pub const TOKEN_LENGTH_MIN: usize = 32;
/// The largest file of a token; a larger file is a mistake.
pub const TOKEN_FILE_BYTES_MAX: u64 = 1024;
