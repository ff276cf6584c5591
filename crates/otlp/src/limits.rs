//! How much a body may hold.

/// The limits of reading one body. Its length is the caller's business.
///
/// Reading takes time in proportion to the length of the body, and no memory of its own. These limits are
/// for what the caller makes of it: a body of a megabyte has room for half a million empty values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many values may be nested; a text alone is 1, a list of texts 2.
    pub depth: usize,
    /// How many values there may be: those of attributes and bodies, and all within them.
    pub values: usize,
    /// How many log records, spans and data points there may be.
    pub items: usize,
}

impl Limits {
    /// Sets how many values may be nested. Reading takes about 1 KiB of stack for each.
    #[must_use]
    pub const fn depth(self, depth: usize) -> Self {
        Self { depth, ..self }
    }

    /// Sets how many values there may be.
    #[must_use]
    pub const fn values(self, values: usize) -> Self {
        Self { values, ..self }
    }

    /// Sets how many log records, spans and data points there may be.
    #[must_use]
    pub const fn items(self, items: usize) -> Self {
        Self { items, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Deeper than anything that SDKs make. JSON is cut at 128 brackets: a map takes four, a request ten.
            depth: 24,
            // A batch of 10 000 records with 100 attributes each.
            values: 1_000_000,
            // Ten times the batch that the Collector sends by default.
            items: 100_000,
        }
    }
}
