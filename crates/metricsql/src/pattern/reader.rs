//! Characters of an expression, and what was made of those that were read.

use crate::error::shown;
use crate::limits::PATTERN_REPEAT_MAX;

/// A translated expression.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// How many states it needs, about.
    pub(super) states: usize,
    /// The greatest product of nested repetitions.
    pub(super) repeated: u32,
    /// Whether it ends in a mark of repetition, which another one behind it would change.
    pub(super) is_marked: bool,
}

/// The flags that hold at a place of an expression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    pub(super) fold: bool,
    pub(super) lines: bool,
    pub(super) dot_all: bool,
}

/// A place in an expression.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) rest: &'a str,
    pub(super) flags: Flags,
    pub(super) depth: u32,
    /// What is left of `\Q…\E`.
    pub(super) quoted: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..)?;
        Some(c)
    }

    /// Reads an escaped character after its backslash.
    pub(super) fn escaped_char(&mut self) -> Result<char, String> {
        let c = self.next().ok_or("a backslash at the end")?;
        let value = match c {
            '1'..='7' if !matches!(self.peek(), Some('0'..='7')) => None,
            '0'..='7' => {
                let mut code = c.to_digit(8).unwrap_or_default();
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    self.next();
                }
                char::from_u32(code)
            }
            'x' => self.hexadecimal(),
            'a' => Some('\x07'),
            'f' => Some('\x0c'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\x0b'),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        };
        value.ok_or_else(|| format!("invalid escape `\\{}`", shown(c.encode_utf8(&mut [0; 4]))))
    }

    fn hexadecimal(&mut self) -> Option<char> {
        let (digits, rest) = if self.take("{") {
            self.rest.split_once('}')?
        } else {
            self.rest.split_at_checked(2)?
        };
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if digits.is_empty() || !hexadecimal {
            return None;
        }
        self.rest = rest;
        let significant = digits.trim_start_matches('0');
        char::from_u32(
            u32::from_str_radix(if significant.is_empty() { "0" } else { significant }, 16).ok()?,
        )
    }
}

impl Translated {
    pub(super) fn unit(pattern: impl Into<String>, states: usize) -> Self {
        Self { pattern: pattern.into(), states, repeated: 1, is_marked: false }
    }

    pub(super) fn literal(c: char, flags: Flags) -> Self {
        let code = c as u32;
        if flags.fold {
            return Self::unit(format!(r"(?i:\x{{{code:x}}})"), 4);
        }
        Self::unit(format!(r"\x{{{code:x}}}"), c.len_utf8())
    }

    pub(super) fn add(&mut self, next: &Self) {
        self.pattern.push_str(&next.pattern);
        self.states = self.states.saturating_add(next.states).saturating_add(1);
        self.repeated = self.repeated.max(next.repeated);
    }

    pub(super) fn repeated(self, min: u32, max: Option<u32>) -> Result<Self, String> {
        let most = max.unwrap_or(min).max(1);
        let repeated = if max == Some(0) { 0 } else { self.repeated.max(1).saturating_mul(most) };
        if (min >= 2 || max.is_some_and(|max| max >= 2)) && repeated > PATTERN_REPEAT_MAX {
            return Err("invalid count of a repetition".into());
        }
        let counts = match (min, max) {
            (0, None) => "*".into(),
            (1, None) => "+".into(),
            (0, Some(1)) => "?".into(),
            (min, None) => format!("{{{min},}}"),
            (min, Some(max)) => format!("{{{min},{max}}}"),
        };
        let copies = usize::try_from(most).unwrap_or(usize::MAX);
        let states = self.states.saturating_add(1).saturating_mul(copies.saturating_add(1));
        // What stands between two repetitions, as flags do, is not written: `a?(?m)?` is no lazy `a??`.
        let pattern = match self.is_marked {
            true => format!("(?:{}){counts}", self.pattern),
            false => format!("{}{counts}", self.pattern),
        };
        Ok(Self { pattern, states, repeated, is_marked: true })
    }
}
