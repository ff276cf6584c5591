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
/// The longest line of a pretty-printed query: two fit beside each other on a screen.
pub(crate) const LINE_CHARS_MAX: usize = 80;
/// How alike a word must be before it is proposed for another, from 0 to 1.
pub(crate) const SIMILARITY_MIN: f64 = 0.6;
/// The longest word that is compared with others. No function has a name half as long.
pub(crate) const COMPARED_BYTES_MAX: usize = 64;

/// The most bytes of a label value: VictoriaMetrics writes its length in two bytes.
pub(crate) const LABEL_VALUE_BYTES_MAX: usize = 65_535;
/// The most bytes of a stored label value: `-maxLabelValueLen` of VictoriaMetrics.
pub(crate) const STORED_VALUE_BYTES_MAX: usize = 4_096;
/// The last second that a computed `@` may mean: the year 2255. VictoriaMetrics itself takes no
/// request for times after 2262.
pub(crate) const AT_SECONDS_MAX: f64 = 9e9;
/// The last millisecond that VictoriaMetrics takes a request for.
pub(crate) const REQUEST_MILLIS_MAX: f64 = 9_223_372_036_854.0;
/// The longest step that VictoriaMetrics takes a request with: 100 years.
pub(crate) const REQUEST_STEP_MILLIS_MAX: f64 = 100.0 * 365.0 * 86_400_000.0;
/// How far before a window VictoriaMetrics looks for one more sample; far above what can be set.
pub(crate) const SILENCE_MILLIS_MAX: f64 = 86_400_000.0;
/// How far a query may look, in milliseconds: 300 000 years, a thousandth of what 64 bits hold.
pub(crate) const REACH_MILLIS_MAX: f64 = 1e16;

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
