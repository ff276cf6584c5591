//! All limits of this crate.

/// A file of the standard has a few pages; the parser rejects larger files too.
pub(crate) const READ_FILE_BYTES_MAX: u64 = 1 << 20;
/// The largest snapshot on standard input: what `kubectl get -A -o json` prints of a large cluster fits.
pub(crate) const SNAPSHOT_BYTES_MAX: u64 = 4 << 30;
