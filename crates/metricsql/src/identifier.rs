//! Identifiers: which characters they have, and how others are escaped in them.

use std::sync::OnceLock;

use regex_syntax::hir::{Class, HirKind};

/// Whether an identifier may start with `c`.
pub(crate) fn starts(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '_' | ':' => true,
        _ if c.is_ascii() => false,
        _ => letters().contains(c),
    }
}

/// Whether an identifier may go on with `c`.
pub(crate) fn continues(c: char) -> bool {
    starts(c) || c.is_ascii_digit() || c == '.'
}

/// Whether `c` leaves ink, or is the space: the characters Go prints unescaped.
pub(crate) fn prints(c: char) -> bool {
    if c.is_ascii() { matches!(c, ' '..='~') } else { printable().contains(c) }
}

/// Gives the length of the identifier at the start of `text`, 0 where there is none.
pub(crate) fn scan(text: &str) -> usize {
    let mut length = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let step = if length == 0 && starts(c) || length > 0 && continues(c) {
            c.len_utf8()
        } else if c == '\\' {
            match rest.get(1..).and_then(decode_escape) {
                Some((_, escaped)) => 1 + escaped,
                None => break,
            }
        } else {
            break;
        };
        length += step;
        rest = text.get(length..).unwrap_or_default();
    }
    length
}

/// Replaces the escape sequences of an identifier; one that cannot be read stays.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        match decode_escape(after) {
            Some((c, length)) => {
                plain.push(c);
                rest = after.get(length..).unwrap_or_default();
            }
            None => {
                plain.push('\\');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Writes an identifier with whatever cannot stand in it escaped.
pub(crate) fn push_escaped(out: &mut String, name: &str) {
    for (index, c) in name.char_indices() {
        push_one(out, index == 0, c);
    }
}

fn push_one(out: &mut String, first: bool, c: char) {
    if first && starts(c) || !first && continues(c) {
        out.push(c);
    } else if c == char::REPLACEMENT_CHARACTER {
        // It cannot be escaped as itself, but every half of a surrogate pair is read as it.
        out.push_str("\\ud800");
    } else if prints(c) {
        out.push('\\');
        out.push(c);
    } else if (c as u32) < 0x100 {
        out.push_str(&format!("\\x{:02x}", c as u32));
    } else {
        out.push_str(&format!("\\u{:04x}", c as u32));
    }
}

/// Writes an identifier in ASCII as far as four digits reach; beyond, as [`push_escaped`] does.
pub(crate) fn push_numbered(out: &mut String, name: &str) {
    for (index, c) in name.char_indices() {
        let code = c as u32;
        if c.is_ascii() || code >= 0x1_0000 || c == char::REPLACEMENT_CHARACTER {
            push_one(out, index == 0, c);
        } else {
            out.push_str(&format!("\\u{code:04x}"));
        }
    }
}

/// Whether [`push_escaped`] can write the name so that it is read back.
pub(crate) fn can_be_escaped(name: &str) -> bool {
    name.chars().all(|c| (c as u32) < 0x1_0000 || prints(c))
}

/// Writes a name in quotes, by the rules of names rather than those of strings.
pub(crate) fn push_quoted(out: &mut String, name: &str) {
    out.push('"');
    for c in name.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// Reads what follows a backslash: the character and how many bytes it took.
fn decode_escape(text: &str) -> Option<(char, usize)> {
    let first = text.chars().next()?;
    let digits = match first {
        'x' | 'X' => 2,
        'u' | 'U' => 4,
        _ => {
            return (prints(first) && first != char::REPLACEMENT_CHARACTER)
                .then_some((first, first.len_utf8()));
        }
    };
    let digits = text.get(1..=digits)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(digits, 16).ok()?;
    if code == char::REPLACEMENT_CHARACTER as u32 {
        return None;
    }
    // Half of a surrogate pair is no character; Go writes this one instead.
    Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 1 + digits.len()))
}

/// A sorted set of characters.
pub(crate) struct Characters(Vec<(char, char)>);

impl Characters {
    /// Makes the set of a class, written as for the `regex` crate.
    pub(crate) fn of(class: &str) -> Self {
        let parsed = regex_syntax::parse(class).expect("the class is written correctly");
        match parsed.into_kind() {
            HirKind::Class(Class::Unicode(class)) => {
                Self(class.iter().map(|range| (range.start(), range.end())).collect())
            }
            _ => unreachable!("a class of Unicode is a class"),
        }
    }

    pub(crate) fn contains(&self, c: char) -> bool {
        let after = self.0.partition_point(|&(start, _)| start <= c);
        after > 0 && self.0.get(after - 1).is_some_and(|&(_, end)| c <= end)
    }
}

fn letters() -> &'static Characters {
    static LETTERS: OnceLock<Characters> = OnceLock::new();
    LETTERS.get_or_init(|| Characters::of(r"\p{L}"))
}

fn printable() -> &'static Characters {
    static PRINTABLE: OnceLock<Characters> = OnceLock::new();
    PRINTABLE.get_or_init(|| Characters::of(r"[\p{L}\p{M}\p{N}\p{P}\p{S}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_go_writes_them() {
        let table = [
            (r"foo\-bar", "foo-bar"),
            (r"\x74enant", "tenant"),
            (r"t\enant", "tenant"),
            (r"t\u0065nant", "tenant"),
            (r"b\xEF\ar", "bïar"),
            (r"\xz", r"\xz"),
            (r"a\ud800", "a\u{fffd}"),
        ];
        for (escaped, plain) in table {
            assert_eq!(unescape(escaped), plain);
        }
    }

    #[test]
    fn what_is_escaped_is_read_back() {
        for push in [push_escaped, push_numbered] {
            for name in [
                "up",
                "3foo",
                "a b",
                "a\u{200b}b",
                "温度{房间}",
                "\u{7f}",
                "é.x",
                "a\\b",
                "\u{fffd}",
                "🦀x",
            ] {
                let mut escaped = String::new();
                push(&mut escaped, name);
                assert_eq!(scan(&escaped), escaped.len(), "{escaped}");
                assert_eq!(unescape(&escaped), name, "{escaped}");
            }
        }
    }

    #[test]
    fn a_numbered_name_is_ascii() {
        let mut numbered = String::new();
        push_numbered(&mut numbered, "é.温度");
        assert_eq!(numbered, r"\u00e9.\u6e29\u5ea6");
    }
}
