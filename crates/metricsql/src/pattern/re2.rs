//! Translates RE2's syntax, as Go reads it, into that of the `regex` crate.
//!
//! Nothing is passed on as it stands: every construct is read by RE2's rules and written with the
//! few constructs that mean the same in both. A dot matches a newline, as in VictoriaMetrics.

use super::class;
use crate::error::shown;

/// How deep groups may nest. Go allows 1 000.
pub(crate) const DEPTH_MAX: u32 = 100;

/// The greatest count of a repetition, nested ones multiplied; as in RE2.
const REPEAT_MAX: u32 = 1_000;

/// A translated expression.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// How many states it needs, about.
    pub(super) states: usize,
    /// The greatest product of nested repetitions.
    repeated: u32,
    /// Whether it ends in a mark of repetition, which another one behind it would change.
    is_marked: bool,
}

/// Translates an expression.
pub(super) fn translate(source: &str) -> Result<Translated, String> {
    let flags = Flags { fold: false, lines: false, dot_all: true };
    let mut reader = Reader { rest: source, flags, depth: 0, quoted: "" };
    let translated = reader.alternation()?;
    if reader.rest.is_empty() { Ok(translated) } else { Err("unexpected `)`".into()) }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    pub(super) fold: bool,
    lines: bool,
    dot_all: bool,
}

#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) rest: &'a str,
    pub(super) flags: Flags,
    depth: u32,
    /// What is left of `\Q…\E`.
    quoted: &'a str,
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

    /// Reads alternatives up to the end or a closing parenthesis.
    fn alternation(&mut self) -> Result<Translated, String> {
        let mut all = self.concatenation()?;
        while self.take("|") {
            let next = self.concatenation()?;
            all.pattern.push('|');
            all.add(&next);
        }
        Ok(all)
    }

    fn concatenation(&mut self) -> Result<Translated, String> {
        let mut all = Translated::default();
        let mut repeated_last = false;
        let mut last: Option<Translated> = None;
        loop {
            let quoted = self.take_quoted();
            if quoted.is_none() && matches!(self.peek(), None | Some('|' | ')')) {
                break;
            }
            if quoted.is_none()
                && let Some((min, max)) = self.repetition()?
            {
                if repeated_last {
                    return Err("a repetition of a repetition".into());
                }
                let item = last.take().ok_or("nothing to repeat")?;
                last = Some(item.repeated(min, max)?);
                repeated_last = true;
                continue;
            }
            repeated_last = false;
            let atom = match quoted {
                Some(c) => Some(Translated::literal(c, self.flags)),
                None => self.atom()?,
            };
            // Flags and an empty quotation are not there for a repetition: it takes what was before.
            if let Some(atom) = atom
                && let Some(before) = last.replace(atom)
            {
                all.add(&before);
            }
        }
        if let Some(item) = last {
            all.add(&item);
        }
        Ok(all)
    }

    /// Takes one character of a quotation; `\E` without `\Q` is no escape.
    fn take_quoted(&mut self) -> Option<char> {
        let c = self.quoted.chars().next()?;
        self.quoted = self.quoted.get(c.len_utf8()..)?;
        Some(c)
    }

    /// Reads `*`, `+`, `?` or `{n,m}` with the mark for lazy ones, which matches the same values.
    fn repetition(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        let counts = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted(),
            _ => return Ok(None),
        };
        self.next();
        self.take("?");
        Ok(Some(counts))
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; anything else in braces stands for itself.
    fn counted(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        let Some((inner, after)) = self.rest.get(1..).and_then(|rest| rest.split_once('}')) else {
            return Ok(None);
        };
        let (min, max) = match inner.split_once(',') {
            None => (count(inner), count(inner).map(Some)),
            Some((min, "")) => (count(min), Some(None)),
            Some((min, max)) => (count(min), count(max).map(Some)),
        };
        let (Some(min), Some(max)) = (min, max) else { return Ok(None) };
        if min > REPEAT_MAX || max.is_some_and(|max| max > REPEAT_MAX || max < min) {
            return Err("invalid count of a repetition".into());
        }
        self.rest = after;
        self.take("?");
        Ok(Some((min, max)))
    }

    /// Reads one thing that can be repeated; `None` for a change of flags.
    fn atom(&mut self) -> Result<Option<Translated>, String> {
        if self.take(r"\Q") {
            // Without its end, a quotation would take in what the store puts behind the expression.
            let (quoted, rest) = self.rest.split_once(r"\E").ok_or("missing `\\E`")?;
            (self.quoted, self.rest) = (quoted, rest);
            return Ok(None);
        }
        let Some(c) = self.next() else { return Ok(None) };
        let atom = match c {
            '(' => return self.group(),
            '[' => class::bracketed(self)?,
            '\\' => return self.escape().map(Some),
            '.' if self.flags.dot_all => Translated::unit("(?s:.)", 8),
            '.' => Translated::unit(r"[^\n]", 8),
            '^' => Translated::unit(if self.flags.lines { "(?m:^)" } else { r"(?:\A)" }, 1),
            '$' => Translated::unit(if self.flags.lines { "(?m:$)" } else { r"(?:\z)" }, 1),
            c => Translated::literal(c, self.flags),
        };
        Ok(Some(atom))
    }

    fn group(&mut self) -> Result<Option<Translated>, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("groups nest too deep".into());
        }
        let outer = self.flags;
        if self.take("?") {
            if self.take("P<") || self.take("<") {
                self.name()?;
            } else if self.flags()? {
                // `(?i)` holds until the end of the group it stands in.
                self.depth -= 1;
                return Ok(None);
            }
        }
        let inner = self.alternation()?;
        if !self.take(")") {
            return Err("missing `)`".into());
        }
        self.flags = outer;
        self.depth -= 1;
        let pattern = format!("(?:{})", inner.pattern);
        Ok(Some(Translated { pattern, is_marked: false, ..inner }))
    }

    fn name(&mut self) -> Result<(), String> {
        let (name, rest) = self.rest.split_once('>').ok_or("a group's name does not end")?;
        let valid = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if name.is_empty() || !valid {
            return Err("invalid name of a group".into());
        }
        self.rest = rest;
        Ok(())
    }

    /// Reads the flags of a group; says whether they stand alone.
    fn flags(&mut self) -> Result<bool, String> {
        let mut on = true;
        let mut some = false;
        let mut flags = self.flags;
        loop {
            match self.next() {
                Some('i') => flags.fold = on,
                Some('m') => flags.lines = on,
                Some('s') => flags.dot_all = on,
                // Ungreedy or not, the same values match.
                Some('U') => {}
                Some('-') if on => {
                    on = false;
                    some = false;
                    continue;
                }
                Some(end @ (':' | ')')) if on || some => {
                    self.flags = flags;
                    return Ok(end == ')');
                }
                _ => return Err("invalid group".into()),
            }
            some = true;
        }
    }

    fn escape(&mut self) -> Result<Translated, String> {
        let unit = match self.peek() {
            Some('A') => Translated::unit(r"(?:\A)", 1),
            Some('z') => Translated::unit(r"(?:\z)", 1),
            Some('b') => Translated::unit(r"(?-u:\b)", 1),
            Some('B') => Translated::unit(r"(?-u:\B)", 1),
            _ => {
                if let Some(class) = class::escaped(self)? {
                    return Ok(class);
                }
                let c = self.escaped_char()?;
                return Ok(Translated::literal(c, self.flags));
            }
        };
        self.next();
        Ok(unit)
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

/// Reads a count: digits without a leading zero.
fn count(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}

impl Translated {
    pub(super) fn unit(pattern: impl Into<String>, states: usize) -> Self {
        Self { pattern: pattern.into(), states, repeated: 1, is_marked: false }
    }

    fn literal(c: char, flags: Flags) -> Self {
        let code = c as u32;
        if flags.fold {
            return Self::unit(format!(r"(?i:\x{{{code:x}}})"), 4);
        }
        Self::unit(format!(r"\x{{{code:x}}}"), c.len_utf8())
    }

    fn add(&mut self, next: &Self) {
        self.pattern.push_str(&next.pattern);
        self.states = self.states.saturating_add(next.states).saturating_add(1);
        self.repeated = self.repeated.max(next.repeated);
    }

    fn repeated(self, min: u32, max: Option<u32>) -> Result<Self, String> {
        let most = max.unwrap_or(min).max(1);
        let repeated = if max == Some(0) { 0 } else { self.repeated.max(1).saturating_mul(most) };
        if (min >= 2 || max.is_some_and(|max| max >= 2)) && repeated > REPEAT_MAX {
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
