//! Parses a line of syslog: its header and its message.
//!
//! A message is JSON, or `signal=NAME;key=value;…` as written by Kong's controllers, its command line
//! and our own sinks. The schema decides later what a value means.

use crate::limits::SECTIONS_MAX;

/// Where the pairs of a message begin.
const SIGNAL: &str = "signal=";

/// A parsed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'l> {
    /// The program that wrote it, if its header names one.
    pub program: Option<&'l str>,
    /// Its message.
    pub message: Message<'l>,
}

/// The message of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'l> {
    /// From a brace on.
    Json(&'l str),
    /// A signal and its pairs, in order.
    Pairs {
        /// Its name.
        signal: String,
        /// Names and texts, without quotes and escapes.
        pairs: Vec<(String, String)>,
    },
}

/// Parses a line; `None` if it is not UTF-8, has no message, or has too many pairs.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Line<'_>> {
    let text = std::str::from_utf8(line).ok()?;
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\0');
    let rest = after_priority(text);
    let (program, rest) = match rest.strip_prefix("1 ").and_then(head_of_5424) {
        Some((program, rest)) => (program, rest),
        None => (None, rest),
    };
    let start = message_start(rest)?;
    let text = rest.get(start..)?;
    let message = match text.strip_prefix(SIGNAL) {
        Some(pairs) => {
            let (signal, rest) = value(pairs);
            Message::Pairs { signal, pairs: self::pairs(rest)? }
        }
        None => Message::Json(text),
    };
    Some(Line { program, message })
}

/// Skips the priority, such as `<14>`.
fn after_priority(text: &str) -> &str {
    let digits = text.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match digits {
        Some((digits, rest))
            if (1..=3).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit()) =>
        {
            rest
        }
        _ => text,
    }
}

/// Reads the head of RFC 5424 behind its version: time, host, program, process, message id and
/// structured data. Of these only the program is of any use.
fn head_of_5424(text: &str) -> Option<(Option<&str>, &str)> {
    let mut words = text.splitn(6, ' ');
    let (_time, _host, program) = (words.next()?, words.next()?, words.next()?);
    let (_process, _id, rest) = (words.next()?, words.next()?, words.next()?);
    let rest = after_structured_data(rest)?;
    let rest = rest.strip_prefix('\u{feff}').unwrap_or(rest);
    Some((Some(program).filter(|program| *program != "-"), rest))
}

fn after_structured_data(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('-') {
        return Some(rest.trim_start_matches(' '));
    }
    let (mut in_element, mut in_quotes, mut escaped) = (false, false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_quotes => escaped = true,
            b'"' if in_element => in_quotes = !in_quotes,
            b'[' if !in_element => in_element = true,
            b']' if !in_quotes => in_element = false,
            b' ' if !in_element => return text.get(index + 1..),
            _ if in_element => {}
            _ => return None,
        }
    }
    None
}

/// Finds the message: what comes before it is a time, a host and a tag, in the many ways in which
/// they are written. It begins at a word.
fn message_start(text: &str) -> Option<usize> {
    let mut before = b' ';
    for (index, byte) in text.bytes().enumerate() {
        let begins = before.is_ascii_whitespace() || before == b':';
        let rest = text.get(index..).unwrap_or_default();
        if begins && (byte == b'{' || rest.starts_with(SIGNAL)) {
            return Some(index);
        }
        before = byte;
    }
    None
}

fn pairs(mut text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    loop {
        text = text.trim_start_matches(';');
        if text.is_empty() {
            return Some(pairs);
        }
        if pairs.len() == SECTIONS_MAX {
            return None;
        }
        let (name, rest) = text.split_once('=')?;
        let (value, rest) = value(rest);
        pairs.push((unescaped(name), value));
        text = rest;
    }
}

/// Reads a value up to the `;` behind it, and gives what follows.
fn value(text: &str) -> (String, &str) {
    if let Some((quoted, rest)) = quoted(text) {
        return (quoted, rest);
    }
    match text.split_once(';') {
        Some((value, rest)) => (value.to_owned(), rest),
        None => (text.to_owned(), ""),
    }
}

/// Reads a value in quotes, if it is one to its end.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    let close = inner.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })?;
    let rest = inner.get(close + 1..)?;
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(';')? };
    let whole = text.get(..close + 2)?;
    let value = serde_json::from_str(whole);
    let value = value.unwrap_or_else(|_| as_kongctl(inner.get(..close).unwrap_or_default()));
    Some((value, rest))
}

/// Takes back the three escapes of Kong's command line, which leaves a backslash as it is.
fn as_kongctl(text: &str) -> String {
    text.replace("\\\"", "\"").replace("\\n", "\n").replace("\\r", "\r")
}

/// Takes back the escapes of a name in our own dialect.
fn unescaped(name: &str) -> String {
    if name.contains('\\')
        && !name.contains('"')
        && let Ok(name) = serde_json::from_str(&format!("\"{name}\""))
    {
        return name;
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Line, Message, parse};

    #[track_caller]
    fn check(line: &str, signal: &str, expected: &[(&str, &str)]) {
        let Some(Line { message: Message::Pairs { signal: got, pairs }, .. }) =
            parse(line.as_bytes())
        else {
            panic!("{line} has no pairs")
        };
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!((got.as_str(), pairs.as_slice()), (signal, expected), "{line}");
    }

    #[track_caller]
    fn check_json(line: &str, program: Option<&str>) {
        let message = Message::Json(r#"{"a": "b; c"}"#);
        assert_eq!(parse(line.as_bytes()), Some(Line { program, message }), "{line}");
    }

    #[test]
    fn pairs_are_read_in_every_dialect_that_writes_them() {
        let kong = "<14>signal=kic-ping;k8s_arch=linux/arm64;k8sv=v1.2.3-gke-a1fdc32f;\n";
        let pairs = [("k8s_arch", "linux/arm64"), ("k8sv", "v1.2.3-gke-a1fdc32f")];
        check(kong, "kic-ping", &pairs);
        let kongctl = "<14>signal=kongctl;arch=arm64;command_path=\"get apis\";os=darwin\n";
        let pairs = [("arch", "arm64"), ("command_path", "get apis"), ("os", "darwin")];
        check(kongctl, "kongctl", &pairs);
        let safe = r#"<14>signal=shop;a.b="x\u003by\u003dz";a.c=["p","q"];\u0073ignal=1"#;
        check(safe, "shop", &[("a.b", "x;y=z"), ("a.c", r#"["p","q"]"#), ("signal", "1")]);
        check("signal=x", "x", &[]);
        check("signal=\"a b\";k=\"\"", "a b", &[("k", "")]);
        check(r#"signal=x;k="say \"a;b\"\n";l=1"#, "x", &[("k", "say \"a;b\"\n"), ("l", "1")]);
        check(r#"signal=x;k="C:\dir";l=1"#, "x", &[("k", r"C:\dir"), ("l", "1")]);
        check("signal=x;k=\"a\" b;l=1", "x", &[("k", "\"a\" b"), ("l", "1")]);
        check("<14>Nov 21 10:00:00 host signal=x;k=1;", "x", &[("k", "1")]);
    }

    #[test]
    fn json_is_found_behind_every_head() {
        let json = r#"{"a": "b; c"}"#;
        check_json(json, None);
        check_json(&format!("<14>{json}\n"), None);
        check_json(&format!("<14>Nov 21 10:00:00 host app[7]: {json}\r\n"), None);
        check_json(&format!("<14>Nov 21 10:00:00 host app:{json}"), None);
        check_json(&format!("<14>Nov 21 10:00:00 host app: @cee: {json}"), None);
        let head = "<165>1 2026-11-21T10:00:00.003Z host shop 7 ID47";
        check_json(&format!("{head} - {json}"), Some("shop"));
        check_json(&format!("{head} - \u{feff}{json}"), Some("shop"));
        check_json(&format!("{head} [a@1 b=\"{{ \\\" ] signal=x\"][c@1] {json}\0"), Some("shop"));
        check_json(&format!("<165>1 - - - - - - {json}"), None);
    }

    #[test]
    fn what_says_nothing_is_no_line() {
        for line in ["", "<14>", "hello", "<14>1 - - - - - -", "signal=x;k", "a{b", "nosignal=x"] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
        assert_eq!(parse(b"signal=\xff"), None);
        assert_eq!(parse(format!("signal=x{}", ";k=1".repeat(1001)).as_bytes()), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(parse(&bytes));
        }

        #[test]
        fn no_text_is_too_strange(text in r#"(<14>)?(1 )?(signal=)?[ -~"\\;={\[\]é]{0,80}"#) {
            drop(parse(text.as_bytes()));
        }

        #[test]
        fn a_value_in_quotes_comes_back(value in "[a-z;=\" \n\r]{0,20}") {
            let escaped = value.replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
            let line = format!("<14>signal=x;k=\"{escaped}\";l=1\n");
            let pairs = vec![("k".to_owned(), value), ("l".to_owned(), "1".to_owned())];
            let message = Message::Pairs { signal: "x".to_owned(), pairs };
            prop_assert_eq!(parse(line.as_bytes()), Some(Line { program: None, message }));
        }
    }
}
