//! Regular expressions of label filters: RE2's syntax, matching whole values, in linear time.

use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

use crate::limits::{PATTERN_CACHE_BYTES_MAX, PATTERN_COMPILED_BYTES_MAX, PATTERN_DEPTH_MAX};

mod class;
mod re2;
mod reader;

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Arc<Matcher>);

#[derive(Debug)]
enum Matcher {
    /// `.*`
    Anything,
    /// `.+`
    Something,
    /// `a|b|c`, by far the most frequent kind; sorted.
    Literals(Vec<String>),
    Regex(Regex),
}

impl Pattern {
    /// Compiles an expression, and takes the states it needs from `states`.
    pub(crate) fn new(value: &str, states: &mut usize) -> Result<Self, String> {
        Ok(Self(Arc::new(Matcher::new(value, states)?)))
    }

    /// Makes the expression that matches any of these values.
    pub(crate) fn of_literals(values: &[String]) -> Self {
        let mut literals = values.to_vec();
        literals.sort_unstable();
        Self(Arc::new(Matcher::Literals(literals)))
    }

    /// Whether the expression matches the whole of `value`.
    pub(crate) fn matches(&self, value: &str) -> bool {
        match self.0.as_ref() {
            Matcher::Anything => true,
            Matcher::Something => !value.is_empty(),
            Matcher::Literals(literals) => {
                literals.binary_search_by(|literal| literal.as_str().cmp(value)).is_ok()
            }
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
        if let Some(mut literals) = literals(value) {
            literals.sort_unstable();
            return Ok(Self::Literals(literals));
        }
        let translated = re2::translate(value)?;
        *states = states.checked_sub(translated.states).ok_or("too large")?;
        RegexBuilder::new(&format!(r"\A(?:{})\z", translated.pattern))
            .size_limit(PATTERN_COMPILED_BYTES_MAX)
            .dfa_size_limit(PATTERN_CACHE_BYTES_MAX)
            .nest_limit(PATTERN_DEPTH_MAX * 4)
            .build()
            .map(Self::Regex)
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "too large".to_owned(),
                error => error.to_string().lines().last().unwrap_or_default().to_owned(),
            })
    }
}

/// Reads an expression that is nothing but alternatives of plain text.
fn literals(value: &str) -> Option<Vec<String>> {
    let mut literals = Vec::new();
    let mut literal = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '|' => literals.push(std::mem::take(&mut literal)),
            '\\' => literal.push(chars.next().filter(char::is_ascii_punctuation)?),
            '.' | '+' | '*' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            c => literal.push(c),
        }
    }
    literals.push(literal);
    Some(literals)
}

/// Writes text as an expression that matches nothing else, by RE2's rules.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let pattern = Pattern::new(pattern, &mut 100_000).unwrap();
        for value in matching {
            assert!(pattern.matches(value), "{pattern:?} should match {value:?}");
        }
        for value in others {
            assert!(!pattern.matches(value), "{pattern:?} should not match {value:?}");
        }
    }

    #[test]
    fn values_match_whole_or_not_at_all() {
        check("a|b", &["a", "b"], &["ab", "", "a|b", "xa"]);
        check("c|a|b", &["a", "b", "c"], &["d"]);
        check("^a$", &["a"], &["aa"]);
        check(r"a\.b|c", &["a.b", "c"], &["axb"]);
        check("|a", &["", "a"], &["b"]);
    }

    #[test]
    fn classes_are_of_ascii_as_in_re2() {
        check(r"\d+", &["12"], &["٣"]);
        check(r"\w", &["k", "_"], &["é"]);
        check(r"[\s]", &[" ", "\t"], &["\u{b}", "\u{a0}"]);
        check(r"(?i)k", &["k", "K", "\u{212a}"], &[]);
        check("[[:^alpha:]]", &["1", "é"], &["a"]);
        check(r"\p{Greek}\PL", &["α1"], &["αα", "a1"]);
        check(r"\p{thai}\p{Yi}", &["กꀀ"], &["aa"]);
        for code in ["Grek", "Yiii", "g r-e_k", "Latn", "Zyyy"] {
            assert!(Pattern::new(&format!(r"\p{{{code}}}"), &mut 100_000).is_err(), "{code}");
        }
        check("[a&&b]", &["a", "&", "b"], &["a&&b"]);
        check("[+--]", &["+", ",", "-"], &["."]);
    }

    #[test]
    fn a_dot_matches_a_newline_as_in_victoria_metrics() {
        check("a.b", &["a\nb", "axb", "aéb"], &["ab"]);
        check("a(?-s).b", &["axb"], &["a\nb"]);
        check("(?m)a$\n^b", &["a\nb"], &[]);
        check("a$\nb", &[], &["a\nb"]);
    }

    #[test]
    fn quotations_and_repetitions_are_those_of_re2() {
        check(r"\Qa.b\E*", &["a.", "a.bb"], &["axb"]);
        check(r"a(?i)*", &["", "aa"], &["A"]);
        check("(?:ab){1,2}(?m)?", &["", "ab", "abab"], &["ababab"]);
        check(r"a{2}\Q\E+", &["aa", "aaaa"], &["", "a", "aaa"]);
        check("b{,3}", &["b{,3}"], &["b"]);
        check(r"\101\x41\x{42}", &["AAB"], &[]);
    }

    #[test]
    fn an_expression_too_large_is_rejected_before_it_is_compiled() {
        let mut states = 1_000;
        assert!(Pattern::new(r"\pL{100}", &mut states).is_err());
        assert!(Pattern::new("x{10}y?", &mut states).is_ok());
        assert!(states < 1_000);
    }

    #[test]
    fn whatever_is_escaped_matches_only_itself() {
        for text in ["a.b", "a|b", "(", "\\", "[x]{2}^$", "é\n"] {
            check(&escape(text), &[text], &["", "axb", "a"]);
        }
    }
}
