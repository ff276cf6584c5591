//! All limits of this crate, each with its reason.

use std::ops::RangeInclusive;
use std::time::Duration;

/// How deep a settings file may nest: twice what its format needs.
pub(crate) const SETTINGS_DEPTH_MAX: usize = 8;
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
pub(crate) const QUERY_BYTES: u64 = 16 * 1024;
/// Room for one selector with the labels of a tenant and a resource.
pub(crate) const QUERY_BYTES_MIN: u64 = 1024;
/// Above this the parsing of a query takes longer than reading its samples.
pub(crate) const QUERY_BYTES_MAX: u64 = 1024 * 1024;

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
pub(crate) const MEMORY_BYTES: u64 = 64 * 1024 * 1024;
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
