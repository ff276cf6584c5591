//! All limits of this crate.

use std::time::Duration;

/// A file of the standard has a few pages; the parser rejects larger files too.
pub(crate) const READ_FILE_BYTES_MAX: u64 = 1 << 20;

/// Bytes of a file of Exporters; the reader of the files has the same limit, and says so.
pub(crate) const EXPORTER_FILE_BYTES_MAX: u64 = 16 << 20;

/// Cursors of `exporter local` that moved are written this often: a local disk takes more than the API server.
pub(crate) const EXPORTER_LOOKS_EVERY: Duration = Duration::from_secs(1);

/// What is under way is waited for this long when `exporter local` stops.
pub(crate) const EXPORTER_DRAIN_WITHIN: Duration = Duration::from_secs(30);

/// The largest snapshot on standard input: what `kubectl get -A -o json` prints of a large cluster fits.
pub(crate) const SNAPSHOT_BYTES_MAX: u64 = 4 << 30;

/// The made-up installations of the demonstration: enough for groups of ten, few enough to store in a second.
pub(crate) const DEMO_INSTALLATIONS: u64 = 300;

/// The weeks of the demonstration: the default period of charts.
pub(crate) const DEMO_WEEKS: i64 = 13;

/// How many records of the demonstration are stored with one sync.
pub(crate) const DEMO_RECORDS_AT_ONCE: usize = 500;

/// How far back the Exporter of the demonstration begins: a few windows, none of which it has to wait for.
pub(crate) const DEMO_EXPORTER_SINCE: Duration = Duration::from_secs(120);

/// How long it may take; it takes milliseconds.
pub(crate) const DEMO_EXPORTER_WITHIN: Duration = Duration::from_secs(10);

/// Uploads that `ktel telemetry show` lists: more than half a year of them, and a page that a browser shows at once.
pub(crate) const UPLOADS_SHOWN_MAX: usize = 1000;

/// Objects that `ktel agents` asks for at once, as kubectl does.
pub(crate) const OBJECTS_OF_PAGE: usize = 500;

/// Pages of one kind that it reads: the largest clusters have fewer roles and workloads.
pub(crate) const PAGES_MAX: usize = 400;

/// Values of a custom resource that `ktel init` proposes: as many as a person reads before deciding.
pub(crate) const CRD_FIELDS_MAX: usize = 12;

/// How deep it looks into `spec` and `status`: what is deeper is about parts of an object, not about it.
pub(crate) const CRD_DEPTH_MAX: usize = 4;
