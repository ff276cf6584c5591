//! All limits of this crate, each with its reason.

use std::ops::RangeInclusive;
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
pub(crate) const LANE_GAPS_MAX: usize = 16;
/// A lane that waits longer gives its memory back: the store keeps the data, and others need the room.
pub(crate) const LANE_HOLDS_MEMORY_FOR: Duration = Duration::from_secs(5);
/// How long a lane whose credentials or address are wrong waits before it tries again without a change.
pub(crate) const HELD_FOR: Duration = Duration::from_secs(300);
/// The longest pause that a sink may ask for. After it, one request asks again.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Windows of a lane that were read and are not settled: one is sent while the next one is read.
pub(crate) const OPEN_WINDOWS_MAX: usize = 2;
/// How deep a settings file may nest: twice what its format needs.
pub(crate) const EXPORTER_SETTINGS_DEPTH_MAX: usize = 8;
/// Values that aliases of a settings file may repeat; nobody writes them, and they multiply.
pub(crate) const SETTINGS_ALIASED_MAX: usize = 256;

/// What stands for the tenant in the path of a store's URL.
pub(crate) const TENANT_PLACE: &str = "{tenant}";
/// The same, as a URL writes it.
pub(crate) const TENANT_PLACE_IN_URL: &str = "%7Btenant%7D";
/// Bytes of a tenant's part of a path: VictoriaMetrics' are two numbers, others have names.
pub(crate) const TENANT_PATH_BYTES_MAX: usize = 128;
/// Bytes of a label's name in settings. Stores take 128 to 256.
pub(crate) const LABEL_NAME_BYTES_MAX: usize = 256;

/// The longest query by default: `-search.maxQueryLen` of VictoriaMetrics.
pub(crate) const STORE_QUERY_BYTES: u64 = 16 * 1024;
/// Room for one selector with the labels of a tenant and a resource.
pub(crate) const STORE_QUERY_BYTES_MIN: u64 = 1024;
/// Above this the parsing of a query takes longer than reading its samples.
pub(crate) const STORE_QUERY_BYTES_MAX: u64 = 1024 * 1024;

/// How long a window is by default: several samples of a series at usual scrape intervals make few lines of them.
pub(crate) const WINDOW: Duration = Duration::from_secs(30);
/// Windows below a second read one sample at a time; above 10 minutes a sample would be late by that.
pub(crate) const WINDOW_RANGE: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(600);
/// How long after its end a window is read by default: VictoriaMetrics shows samples after 2 s, and scrapers send every few seconds.
pub(crate) const LAG: Duration = Duration::from_secs(15);
/// The least that a source may ask for, by default.
pub(crate) const LAG_LEAST: Duration = Duration::from_secs(5);
/// A day of lag is what the resource allows, too.
pub(crate) const LAG_RANGE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(86_400);

/// Memory for samples and requests by default.
pub(crate) const MEMORY_BYTES: usize = 64 * 1024 * 1024;
/// Below 16 MiB two tenants cannot read at once; above 64 GiB it is a mistake.
pub(crate) const MEMORY_RANGE: RangeInclusive<u64> = 16 * 1024 * 1024..=64 * 1024 * 1024 * 1024;
/// Requests to the store at once by default. A store serves dashboards, too.
pub(crate) const STORE_REQUESTS: u64 = 8;
/// More requests at once than any store runs.
pub(crate) const STORE_REQUESTS_MOST: u64 = 1024;
/// Requests of one tenant to the store at once by default: one that reads, and one that looks for late samples.
pub(crate) const TENANT_STORE_REQUESTS: u64 = 2;
/// Series of one tenant in a window by default.
pub(crate) const TENANT_SERIES: u64 = 1_000_000;
/// Points of one tenant to one sink in a second by default: a million series every 10 seconds.
pub(crate) const TENANT_POINTS_PER_SECOND: u64 = 100_000;
/// Bytes that are read for one tenant in a second by default: about 300 bytes for each of these points.
pub(crate) const TENANT_BYTES_PER_SECOND: u64 = 32 * 1024 * 1024;

/// Selectors of one source: with the default length of a query they make 1.6 MB, and a store reads them in one request each.
pub(crate) const SELECTORS_MAX: usize = 100;
/// Text of one source's alternatives before they are merged: several times what its selectors can hold.
pub(crate) const SELECTION_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Requests of the largest size that memory has to hold, so that one of them cannot take all of it.
pub(crate) const REQUESTS_IN_MEMORY_MIN: usize = 8;

/// Bytes of an Event's note. The API server takes 1 KiB.
pub const EVENT_NOTE_BYTES_MAX: usize = 1000;

// Bounds of the resource. The CRD repeats them as literals; a test compares the two by what each rejects.

/// A source waits this long after a window's end at most. Stores reject older samples well before, or keep them for repair.
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
pub(crate) const SHOWN_VALUE_CHARS_MAX: usize = 60;
/// Findings in a status: nobody reads more, and an object may have 1.5 MiB.
pub(crate) const FINDINGS_MAX: usize = 20;
/// Bytes of an error's message in a status, as the resource promises.
pub(crate) const ERROR_BYTES_MAX: usize = 256;
/// Bytes of a finding's message in a status.
pub(crate) const FINDING_BYTES_MAX: usize = 512;
/// Bytes of a finding's path in a status: names of fields and a header's name.
pub(crate) const PATH_BYTES_MAX: usize = 256;
/// Two writes of a status are at least this far apart: people read it, and no machine needs it sooner.
pub(crate) const STATUS_PAUSE: Duration = Duration::from_secs(10);
/// A status without a change is written this often, so that stale truth can be recognised within minutes.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(60);
/// By how much of it a heartbeat may come earlier: enough to part those that began together.
pub(crate) const HEARTBEAT_JITTER: f64 = 0.2;
/// A status that has waited for this long comes before news: two heartbeats, so that news of many starve nobody.
pub(crate) const STATUS_OVERDUE: Duration = Duration::from_secs(120);
/// Statuses and Events that a replica writes in a second, over all Exporters: what a kubelet allows itself. With 1000
/// Exporters each is written every 20 s.
pub(crate) const STATUS_WRITES_PER_SECOND: u64 = 50;
/// How many it may write at once after it wrote less, as a kubelet.
pub(crate) const STATUS_WRITES_BURST: u64 = 100;
/// A lane that is further behind than its lag and this has not caught up: two windows and a batch's timeout.
pub(crate) const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(120);

/// What is shown of a store's text: a line of a status, and no more of what may be hostile.
pub const STORE_TEXT_BYTES_MAX: usize = 256;
/// What is read of an error of a store; its first line says what is wrong.
pub const STORE_ERROR_BYTES_MAX: usize = 4 * 1024;
/// How long a store may be silent within an answer. Searching a large index takes it some seconds.
pub const STORE_SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long a whole answer may take. A slice of some megabytes takes seconds; a store that sends slower is abandoned.
pub const STORE_EXCHANGE_MAX: Duration = Duration::from_secs(300);
/// How old what is known of the store's clock may be. Two clocks drift apart by some milliseconds in this time.
pub const STORE_CLOCK_AGE_MAX: Duration = Duration::from_secs(30);
/// The longest line of an export. A block of VictoriaMetrics has 8192 samples; the longest value has 330 bytes.
pub const EXPORT_LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Of a line that is longer the samples are counted before they are taken, so that it cannot pass the bound by much.
pub const EXPORT_LONG_LINE_BYTES: usize = 64 * 1024;
/// The selectors in one request. Go's servers read a form of 10 MB.
pub const SELECTORS_BYTES_MAX: usize = 1024 * 1024;
/// What is in a query beside the filters of one group and the names: a label, braces, operators.
pub const QUERY_REST_BYTES: usize = 64;
/// The names of all metrics: a hundred thousand of a hundred bytes.
pub const NAMES_BYTES_MAX: usize = 10 * 1024 * 1024;
/// What is kept of the metadata of all metrics, where memory allows it: a hundred thousand with descriptions.
pub const METADATA_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The metadata of one metric. Some stores have an entry for each target.
pub(crate) const METRIC_METADATA_BYTES_MAX: usize = 1024 * 1024;
/// An answer that is one number, with what a store says around it.
pub const NUMBER_BYTES_MAX: usize = 64 * 1024;

/// The widest window that a lane reads which is behind: an hour of a series of 15 s has 240 samples.
pub(crate) const WINDOW_MAX: Duration = Duration::from_secs(3600);
/// A window that gives less is followed by wider ones, that give as much if data is spread evenly.
pub(crate) const WINDOW_BYTES_GOOD: u64 = 2 * 1024 * 1024;
/// A window that gives more is followed by one of half the width.
pub(crate) const WINDOW_BYTES_MUCH: u64 = 8 * 1024 * 1024;
/// So is one that takes longer: an abort costs all of it.
pub(crate) const WINDOW_READ_SLOW: Duration = Duration::from_secs(20);
/// A window is followed by one that is so many times as wide at most: data is not spread evenly.
pub(crate) const WINDOW_GROWTH_MAX: u32 = 8;
/// Partitions of a lane that hold from different moments on: that of the windows under way, and later ones.
pub(crate) const PARTITIONS_AHEAD_MAX: usize = 4;
/// Bytes of all partitions of an Exporter that are saved, so that its cursors fit a ConfigMap of 1 MiB. Larger ones are forgotten
/// at a restart.
pub(crate) const PARTITIONS_SAVED_BYTES_MAX: usize = 256 * 1024;
/// Windows that a lane begins after its saved cursor. A cursor is saved every ten seconds; after a restart, a lane that is
/// behind reads so many windows before it reads wider ones.
pub(crate) const WINDOWS_AHEAD: usize = 32;
/// A lane with so many windows to read is behind. Other widths have to be saved first, so that fewer are not worth it.
pub(crate) const WINDOWS_BEHIND: u32 = 8;
/// The smallest budget of a read: a few hundred series.
pub(crate) const PART_BYTES_MIN: usize = 64 * 1024;
/// The largest budget of a read. A window that needs more is read in parts.
pub(crate) const PART_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Two parts that are smaller together are read as one.
pub(crate) const PART_BYTES_GOOD: usize = 1024 * 1024;
/// Parts into which a window is divided at once, by the families that came before the memory was used up: their sizes differ,
/// and each part costs a request.
pub(crate) const PARTS_AT_ONCE_MAX: usize = 64;
/// Series that are looked at to choose how a metric is divided: enough to see which letters are frequent.
pub(crate) const CUT_SERIES_LOOKED_AT: usize = 512;
/// Letters of a label's value that are looked at from each end: longer names differ there as well.
pub(crate) const CUT_PLACES: usize = 32;
/// How often the series of one metric are divided: 32 halves of 4 MiB are more than any store has, and queries stay short.
pub(crate) const CUTS_MAX: usize = 32;
/// Targets of which is remembered that they were written, in a window that is read in parts: about 2 MB.
pub(crate) const TARGETS_KNOWN_MAX: usize = 100_000;
/// Names of families in a query, of which VictoriaMetrics takes 16 KiB by default.
pub(crate) const PART_NAMES_BYTES_MAX: usize = 4 * 1024;
/// Memory for what is made of a slice, in slices. What exceeds it is encoded when there is room again.
pub(crate) const ENCODED_TO_SLICE: usize = 2;
/// How long types and descriptions of metrics are used: they change when software is updated.
pub(crate) const METADATA_KEPT_FOR: Duration = Duration::from_secs(300);
/// How long the difference to the store's clock is used: clocks drift by less than a millisecond meanwhile.
pub(crate) const STORE_CLOCK_KEPT_FOR: Duration = Duration::from_secs(15);
/// How far back the value before a window is looked for, as Prometheus does.
pub(crate) const DELTA_LOOKBACK: Duration = Duration::from_secs(300);
/// Windows of a source that are read at once: one of new data, and one of a lane that is behind.
pub(crate) const SOURCE_READS_MAX: usize = 2;
/// How long a lane waits for another one, so that they read together.
pub(crate) const READ_TOGETHER_WITHIN: Duration = Duration::from_secs(2);
/// The first pause after the store could not be read; doubles with each.
pub(crate) const STORE_BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
pub(crate) const STORE_BACKOFF_MAX: Duration = Duration::from_secs(60);
/// The longest pause that a store may ask for.
pub(crate) const STORE_ASKS_FOR_MAX: Duration = Duration::from_secs(300);
/// A store whose answer is wrong, or not the tenant's, is asked again after so long without a change of the plan.
pub(crate) const STORE_WRONG_FOR: Duration = Duration::from_secs(300);
/// Batches on the way from a read to the lanes; their memory is bounded elsewhere.
pub(crate) const EVENTS_MAX: usize = 16;
/// Reports change no more often than this: readers need no more.
pub(crate) const REPORT_EVERY: Duration = Duration::from_millis(200);
/// How often an Exporter looks at its lanes though nothing happened.
pub(crate) const TICK: Duration = Duration::from_secs(1);
/// The pause before an Exporter begins again that panicked: a bug must not take a processor.
pub(crate) const RESTART_AFTER: Duration = Duration::from_secs(10);
/// Windows that differences are kept for which are not settled. A lane that is further behind rebuilds them.
pub(crate) const DELTA_WINDOWS_MAX: u32 = 4;
/// The kinds of an API group are read again after this: they come and go with the operators that bring them.
pub const KINDS_AGE_MAX: Duration = Duration::from_secs(60);
/// A frame of remote read: 1 MiB by default, and one chunk more.
pub const REMOTE_READ_FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The buckets of a native histogram that are written, empty ones between others included. A histogram of times from a
/// nanosecond to a year at the finest schema has 14 000. Two buckets that lie far apart may not take gigabytes.
pub(crate) const NATIVE_BUCKETS_MAX: usize = 16_384;

/// What differences need of a series, at least: a hash, a time and a value, in a table that may be half empty.
pub(crate) const DELTA_SERIES_BYTES: usize = 128;
/// Memory of what differences need of one lane, or of lanes that read together: about 130 000 counters. A series that is
/// forgotten loses one difference, and is counted.
pub(crate) const DELTA_STATE_BYTES_MAX: usize = 16 << 20;
/// Cursors that moved are written this often. After a crash, what was acknowledged since then is sent again.
pub const CURSORS_SAVED_EVERY: Duration = Duration::from_secs(10);
/// Cursors of so many Exporters are looked at in a second, those first that were not for the longest time: 1000 Exporters take
/// ten seconds, and writing theirs keeps neither statuses nor changes waiting.
pub const CURSORS_LOOKED_AT_MAX: usize = 100;
/// Cursors of so many Exporters are written at once when lanes wait for it, and the next ones after [`CHANGES_SETTLE`].
pub const CURSORS_WANTED_MAX: usize = 10;
/// Statuses, and cursors that may be due, are looked at this often. How often one is written is another matter.
pub const LEADER_LOOKS_EVERY: Duration = Duration::from_secs(1);
/// Changes that come within this time are handled together.
pub const CHANGES_SETTLE: Duration = Duration::from_millis(200);
/// Requests to the API server at once that write cursors or statuses.
pub const API_WRITES_AT_ONCE: usize = 8;
/// What is under way is waited for this long when the exporter stops; the chart gives a Pod 60 s.
pub const LEADER_DRAINS_WITHIN: Duration = Duration::from_secs(30);
/// After a lost term: somebody else leads, so there is no hurry.
pub const LEADS_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Bytes of a file of resources. The API server takes 3 MiB for one object; files have several.
pub(crate) const EXPORTER_FILE_BYTES_MAX: usize = 16 << 20;
/// Levels of a file of resources. An Exporter has 10; other objects in the file may have more.
pub(crate) const FILE_DEPTH_MAX: usize = 64;
/// Values of a file of resources, with those that aliases repeat: a billion laughs end here.
pub(crate) const FILE_NODES_MAX: usize = 1_000_000;
/// Characters of a line of a file that are shown around a place.
pub(crate) const SHOWN_LINE_CHARS_MAX: usize = 160;
/// Characters of it that are shown before the place.
pub(crate) const SHOWN_BEFORE_CHARS: usize = 80;
/// Tenants whose use of the store is remembered, beside those that read at the moment.
pub(crate) const TENANTS_KEPT_MAX: usize = 10_000;
/// Reasons of a sink's drops in a status, as the resource says: more than there are.
pub(crate) const STATUS_DROPS_MAX: usize = 20;
/// Gaps of a sink in a status, as the resource says.
pub(crate) const STATUS_GAPS_MAX: usize = 20;
/// The pause after the store did not say its time.
pub(crate) const STORE_ASKED_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// Samples are counted again in pieces of this length: a day of them takes a few kilobytes for each source.
pub(crate) const AUDIT_BUCKET: Duration = Duration::from_secs(300);
/// Pieces that were counted at this age are joined to pieces of this length: they are counted seldom from then on.
pub(crate) const AUDIT_HOUR: Duration = Duration::from_secs(3600);
/// How old a piece is when it is counted again.
pub(crate) const AUDIT_AGES: [Duration; 5] = [
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(24 * 3600),
];
/// Pieces that are remembered: those of a day, if none could be joined, and of what is read meanwhile.
pub(crate) const AUDIT_BUCKETS_MAX: usize = 300;
/// How long a count may take; the next one of its source waits for it.
pub(crate) const AUDIT_WITHIN: Duration = Duration::from_secs(300);
/// The pause after a count that failed: it is a check, and the store has trouble.
pub(crate) const AUDIT_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The time that a preview looks at by default: series that are scraped every few minutes are in it, too.
pub const PREVIEW_OVER: Duration = Duration::from_secs(300);
/// Windows of a preview: an hour of the default length. More says nothing new, and reads as much as a day of delivery.
pub(crate) const PREVIEW_WINDOWS_MAX: u32 = 120;
/// Bytes of series and samples that a preview reads of a source: a million series of 300 bytes, three times.
pub(crate) const PREVIEW_BYTES_MAX: u64 = 1 << 30;
/// Series of a source that a preview tells apart: 40 MB of hashes.
pub(crate) const PREVIEW_SERIES_MAX: usize = 2_000_000;
/// Metrics with the most samples that a preview names: a screen.
pub(crate) const PREVIEW_METRICS_SHOWN: usize = 10;
/// Data points that a preview shows of a sink.
pub(crate) const PREVIEW_EXAMPLES: usize = 3;
/// Requests that are searched for examples: kinds of metrics that are rare may be missing.
pub(crate) const PREVIEW_SEARCHED_REQUESTS: usize = 64;
/// Up to so many or-groups of selectors are tried one by one for a series. A lookup pays off beyond.
pub(crate) const OR_GROUPS_TRIED_MAX: usize = 4;
