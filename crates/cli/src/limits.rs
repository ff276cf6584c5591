//! All limits of this crate.

/// A file of the standard has a few pages; the parser rejects larger files too.
pub(crate) const READ_FILE_BYTES_MAX: u64 = 1 << 20;

/// Bytes of a file of Exporters; the reader of the files has the same limit, and says so.
pub(crate) const EXPORTER_FILE_BYTES_MAX: u64 = 16 << 20;
