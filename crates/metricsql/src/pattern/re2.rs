//! Translates RE2's syntax, as Go reads it, into that of the `regex` crate.
//!
//! Nothing is passed on as it stands: every construct is read by RE2's rules and written with the
//! few constructs that mean the same in both. A dot matches a newline, as in VictoriaMetrics.

use super::class;
use super::reader::{Flags, Reader, Translated};
use crate::limits::{PATTERN_DEPTH_MAX, PATTERN_REPEAT_MAX};

/// Translates an expression.
pub(super) fn translate(source: &str) -> Result<Translated, String> {
    let flags = Flags { fold: false, lines: false, dot_all: true };
    let mut reader = Reader { rest: source, flags, depth: 0, quoted: "" };
    let translated = reader.alternation()?;
    if reader.rest.is_empty() { Ok(translated) } else { Err("unexpected `)`".into()) }
}

impl Reader<'_> {
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
            let repetition = if quoted.is_none() { self.repetition()? } else { None };
            if let Some((min, max)) = repetition {
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
            if let Some(before) = atom.and_then(|atom| last.replace(atom)) {
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
        if min > PATTERN_REPEAT_MAX || max.is_some_and(|max| max > PATTERN_REPEAT_MAX || max < min)
        {
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
        if self.depth > PATTERN_DEPTH_MAX {
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
}

/// Reads a count: digits without a leading zero.
fn count(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}
