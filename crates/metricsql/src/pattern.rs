//! Regular expressions of label filters: RE2's syntax, matching whole values, in linear time.

use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

mod class;
mod re2;

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Arc<Matcher>);

#[derive(Debug)]
enum Matcher {
    /// `.*`
    Anything,
    /// `.+`
    Something,
    /// `a|b|c`, by far the most frequent kind.
    Literals(Vec<String>),
    Regex(Regex),
}

/// What one expression may take when it runs; beyond it the slower, smaller engine takes over.
const CACHE_BYTES_MAX: usize = 256 * 1024;

/// What one expression may take compiled, should the estimate be wrong.
const COMPILED_BYTES_MAX: usize = 16 * 1024 * 1024;

impl Pattern {
    /// Compiles an expression, and takes the states it needs from `states`.
    pub(crate) fn new(value: &str, states: &mut usize) -> Result<Self, String> {
        Ok(Self(Arc::new(Matcher::new(value, states)?)))
    }

    /// Whether the expression matches the whole of `value`.
    pub(crate) fn matches(&self, value: &str) -> bool {
        match self.0.as_ref() {
            Matcher::Anything => true,
            Matcher::Something => !value.is_empty(),
            Matcher::Literals(literals) => literals.iter().any(|literal| literal == value),
            Matcher::Regex(regex) => regex.is_match(value.as_bytes()),
        }
    }
}

impl Matcher {
    fn new(value: &str, states: &mut usize) -> Result<Self, String> {
        match value {
            ".*" => return Ok(Self::Anything),
            ".+" => return Ok(Self::Something),
            _ => {}
        }
        if !value.contains(['\\', '.', '+', '*', '?', '(', ')', '[', ']', '{', '}', '^', '$']) {
            return Ok(Self::Literals(value.split('|').map(str::to_owned).collect()));
        }
        let translated = re2::translate(value)?;
        *states = states.checked_sub(translated.states).ok_or("too large")?;
        RegexBuilder::new(&format!(r"\A(?:{})\z", translated.pattern))
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(CACHE_BYTES_MAX)
            .nest_limit(re2::DEPTH_MAX * 4)
            .build()
            .map(Self::Regex)
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "too large".to_owned(),
                error => error.to_string().lines().last().unwrap_or_default().to_owned(),
            })
    }
}
