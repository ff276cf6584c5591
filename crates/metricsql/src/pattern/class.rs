//! Classes of characters: brackets, `\d \w \s`, POSIX names and Unicode properties.

use super::reader::{Reader, Translated};
use crate::error::shown;

/// Reads a class after its `[`.
pub(super) fn bracketed(reader: &mut Reader<'_>) -> Result<Translated, String> {
    let mut inner = String::new();
    let mut states = 4;
    let negated = reader.take("^");
    let mut first = true;
    while first || reader.peek() != Some(']') {
        first = false;
        if let Some(posix) = posix(reader)? {
            inner.push_str(&posix);
        } else if let Some(class) = unicode_or_perl(reader)? {
            states += class.states;
            inner.push_str(&class.pattern);
        } else {
            range(reader, &mut inner)?;
        }
        states += 4;
    }
    reader.next();
    let caret = if negated { "^" } else { "" };
    Ok(Translated::unit(with_case(reader, &format!("[{caret}{inner}]")), states))
}

/// Reads `\d`, `\pL` and the like after the backslash; `None` if something else is escaped.
pub(super) fn escaped(reader: &mut Reader<'_>) -> Result<Option<Translated>, String> {
    let Some(mut class) = class_name(reader)? else { return Ok(None) };
    class.pattern = with_case(reader, &format!("[{}]", class.pattern));
    Ok(Some(class))
}

fn with_case(reader: &Reader<'_>, class: &str) -> String {
    if reader.flags.fold { format!("(?i:{class})") } else { class.to_owned() }
}

/// Reads a backslash and the name of a class within brackets.
fn unicode_or_perl(reader: &mut Reader<'_>) -> Result<Option<Translated>, String> {
    let before = reader.rest;
    if !reader.take("\\") {
        return Ok(None);
    }
    let class = class_name(reader)?;
    if class.is_none() {
        reader.rest = before;
    }
    Ok(class)
}

fn class_name(reader: &mut Reader<'_>) -> Result<Option<Translated>, String> {
    let pattern = match reader.peek() {
        Some('d') => "[0-9]",
        Some('D') => "[^0-9]",
        Some('s') => r"[\t\n\x0C\r ]",
        Some('S') => r"[^\t\n\x0C\r ]",
        Some('w') => "[0-9A-Za-z_]",
        Some('W') => "[^0-9A-Za-z_]",
        Some('p' | 'P') => return property(reader).map(Some),
        _ => return Ok(None),
    };
    reader.next();
    Ok(Some(Translated::unit(pattern, 12)))
}

/// The scripts whose names have four letters. Every script has a code of four letters too, which
/// Go does not know.
const SHORT_SCRIPTS: [&str; 9] =
    ["ahom", "cham", "kawi", "lisu", "miao", "modi", "newa", "thai", "toto"];

/// A Unicode class has hundreds of ranges, each of up to four bytes.
const PROPERTY_STATES: usize = 600;

/// Reads `\pN`, `\p{Name}`, `\p{^Name}` and their negations after the backslash.
fn property(reader: &mut Reader<'_>) -> Result<Translated, String> {
    let mut negated = reader.next() == Some('P');
    let name = if reader.take("{") {
        let (name, rest) = reader.rest.split_once('}').ok_or("a property's name does not end")?;
        reader.rest = rest;
        name.to_owned()
    } else {
        reader.next().map(String::from).unwrap_or_default()
    };
    let plain = name.strip_prefix('^').unwrap_or(&name);
    negated ^= plain.len() < name.len();
    let letter = if negated { 'P' } else { 'p' };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b' ');
    if plain.bytes().all(allowed) {
        let own: String = plain.chars().filter(char::is_ascii_alphanumeric).collect();
        let own = own.to_ascii_lowercase();
        let kinds: &[&str] = match own.as_str() {
            "any" | "ascii" | "assigned" => &[""],
            code if code.len() == 4 && !SHORT_SCRIPTS.contains(&code) => &["gc="],
            _ => &["gc=", "sc="],
        };
        for kind in kinds {
            let pattern = format!(r"\{letter}{{{kind}{plain}}}");
            if regex_syntax::parse(&pattern).is_ok() {
                return Ok(Translated::unit(pattern, PROPERTY_STATES));
            }
        }
    }
    Err(format!("invalid character class `\\{letter}{{{}}}`", shown(&name)))
}

const POSIX: [(&str, &str); 14] = [
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", r"\x00-\x7F"),
    ("blank", r"\t "),
    ("cntrl", r"\x00-\x1F\x7F"),
    ("digit", "0-9"),
    ("graph", "!-~"),
    ("lower", "a-z"),
    ("print", " -~"),
    ("punct", r"!-/:-@\[-`\{-~"),
    ("space", r"\t\n\x0B\x0C\r "),
    ("upper", "A-Z"),
    ("word", "0-9A-Za-z_"),
    ("xdigit", "0-9A-Fa-f"),
];

/// Reads `[:name:]` and `[:^name:]` within brackets; without the end it stands for itself.
fn posix(reader: &mut Reader<'_>) -> Result<Option<String>, String> {
    let Some(rest) = reader.rest.strip_prefix("[:") else { return Ok(None) };
    let Some((name, after)) = rest.split_once(":]") else { return Ok(None) };
    let plain = name.strip_prefix('^').unwrap_or(name);
    let caret = if plain.len() < name.len() { "^" } else { "" };
    let known = POSIX.iter().find(|(known, _)| *known == plain);
    let (_, ranges) =
        known.ok_or_else(|| format!("invalid character class `[:{}:]`", shown(name)))?;
    reader.rest = after;
    Ok(Some(format!("[{caret}{ranges}]")))
}

/// Reads a character or a range of them.
fn range(reader: &mut Reader<'_>, inner: &mut String) -> Result<(), String> {
    let low = character(reader)?;
    let mut high = low;
    if reader.rest.starts_with('-') && !reader.rest.starts_with("-]") && reader.rest != "-" {
        reader.next();
        high = character(reader)?;
        if high < low {
            return Err("invalid range of characters".into());
        }
    }
    inner.push_str(&format!(r"\x{{{:x}}}-\x{{{:x}}}", low as u32, high as u32));
    Ok(())
}

fn character(reader: &mut Reader<'_>) -> Result<char, String> {
    match reader.next() {
        Some('\\') => reader.escaped_char(),
        Some(c) => Ok(c),
        None => Err("missing `]`".into()),
    }
}
