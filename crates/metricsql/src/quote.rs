//! String literals, read and written as Go does.

use crate::identifier::prints;

/// Reads a literal with its quotes; `None` where Go rejects it or the value is not UTF-8.
pub(crate) fn unquote(token: &str) -> Option<String> {
    let quote = token.chars().next()?;
    let inner = token.get(1..)?.strip_suffix(quote)?;
    match quote {
        '`' => {
            if inner.contains('`') {
                return None;
            }
            // Go drops carriage returns from raw strings.
            Some(inner.replace('\r', ""))
        }
        // As the reference does it: the quotes change places, whatever stands before them.
        '\'' => unescape(&inner.replace("\\'", "'").replace('"', "\\\"")),
        _ => unescape(inner),
    }
}

/// Reads the inside of a double-quoted literal.
pub(crate) fn unescape(inner: &str) -> Option<String> {
    if !inner.contains(['\\', '"', '\n']) {
        return Some(inner.to_owned());
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\n' => return None,
            '\\' => unescape_one(&mut chars, &mut bytes)?,
            _ => push(&mut bytes, c),
        }
    }
    String::from_utf8(bytes).ok()
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn unescape_one(chars: &mut std::str::Chars<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    let c = chars.next()?;
    let byte = match c {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        '"' => b'"',
        'x' => u8::try_from(digits(chars, 2, 16)?).ok()?,
        'u' => {
            push(bytes, char::from_u32(digits(chars, 4, 16)?)?);
            return Some(());
        }
        'U' => {
            push(bytes, char::from_u32(digits(chars, 8, 16)?)?);
            return Some(());
        }
        '0'..='7' => {
            let high = c.to_digit(8)?;
            u8::try_from(high * 64 + digits(chars, 2, 8)?).ok()?
        }
        _ => return None,
    };
    bytes.push(byte);
    Some(())
}

fn digits(chars: &mut std::str::Chars<'_>, count: usize, radix: u32) -> Option<u32> {
    let mut value: u32 = 0;
    for _ in 0..count {
        value = value.checked_mul(radix)?.checked_add(chars.next()?.to_digit(radix)?)?;
    }
    Some(value)
}

/// Writes a literal as Go's `%q`.
pub(crate) fn push_quoted(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            _ if prints(c) => out.push(c),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\0'..=' ' | '\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
            _ if (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_go_reads_them() {
        let table = [
            (r#""a\x62\143\u0064\U00000065""#, Some("abcde")),
            (r#""\xd0\xb0""#, Some("а")),
            (r#""\xff""#, None),
            (r#""\'""#, None),
            (r#""\q""#, None),
            (r#""\400""#, None),
            (r#""\ud800""#, None),
            (r#"'foo\'bar"BAZ'"#, Some(r#"foo'bar"BAZ"#)),
            (r#"'\"'"#, None),
            ("`a\\n\rb`", Some("a\\nb")),
            ("`a\\`b`", None),
            ("\"a\nb\"", None),
            ("\"\"", Some("")),
        ];
        for (token, value) in table {
            assert_eq!(unquote(token).as_deref(), value, "{token}");
        }
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        for value in ["", "a\"b\\c", "\u{1}\u{7f}\u{85}\u{2028}\u{e0001}\n\t", "é温🦀"] {
            let mut quoted = String::new();
            push_quoted(&mut quoted, value);
            assert_eq!(unquote(&quoted).as_deref(), Some(value), "{quoted}");
        }
    }
}
