//! How much of everything one query may ask for.

/// The cache of one regular expression when it runs. Beyond it the slower, smaller engine takes
/// over.
pub(crate) const PATTERN_CACHE_BYTES_MAX: usize = 256 * 1024;
/// One compiled regular expression, should the estimate of its states be wrong.
pub(crate) const PATTERN_COMPILED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How deep groups of a regular expression may nest. Go allows 1 000.
pub(crate) const PATTERN_DEPTH_MAX: u32 = 100;
/// The greatest count of a repetition, nested ones multiplied; as in RE2.
pub(crate) const PATTERN_REPEAT_MAX: u32 = 1_000;
/// Characters of a query that an error repeats: a line of a terminal has room for its message too.
pub(crate) const QUOTED_CHARS_MAX: usize = 60;
/// Characters of a line that are drawn with carets under them.
pub(crate) const RENDERED_CHARS_MAX: usize = 120;
/// How alike a word must be before it is proposed for another, from 0 to 1.
pub(crate) const SIMILARITY_MIN: f64 = 0.6;
/// The longest word that is compared with others. No function has a name half as long.
pub(crate) const COMPARED_BYTES_MAX: usize = 64;

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
            // `-search.maxQueryLen` of VictoriaMetrics; what it rejects need not be understood here.
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
