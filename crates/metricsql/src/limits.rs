//! How much of everything one query may ask for.

/// The limits of one call of [`parse_with`](crate::parse_with).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest query, in bytes.
    pub bytes: usize,
    /// How deep brackets, arguments and templates may nest.
    pub depth: u32,
    /// How high the tree may grow; every operator of a chain adds one.
    pub height: u32,
    /// What `WITH` may expand to: one for each node, filter, label and byte of text copied.
    pub expansion: usize,
    /// How many states all regular expressions may need together, by estimate.
    pub pattern_states: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // `-search.maxQueryLen` of VictoriaMetrics; what it refuses need not be understood here.
            bytes: 16 * 1024,
            // Ten times what the deepest published dashboards use; under 1 MiB of stack unoptimised.
            depth: 100,
            // An `or` of a thousand selectors; walking the tree then stays under 1 MiB of stack.
            height: 1_000,
            // Four times the longest query: what expands to more cannot be sent anyway.
            expansion: 64 * 1024,
            // About 100 bytes each, compiled: 10 MiB, what the `regex` crate allows one expression.
            pattern_states: 100_000,
        }
    }
}
