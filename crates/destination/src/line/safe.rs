//! The dialect that can carry anything: printable ASCII in which no value can pass for a pair.

use std::fmt::Write;

use ktel_model::names::SIGNAL;
use serde_json::{Map, Value};

use super::dialect::PREFIX;
use super::flatten::flatten;

pub(super) fn line(signal: &str, report: &Map<String, Value>) -> String {
    let mut pairs: Vec<(String, String)> =
        flatten(report).into_iter().map(|(path, value)| (key(&path), text(value))).collect();
    pairs.sort_unstable();
    let mut line = format!("{PREFIX}{SIGNAL}={}", text(&Value::from(signal)));
    for (key, text) in pairs {
        line.push(';');
        line.push_str(&key);
        line.push('=');
        line.push_str(&text);
    }
    line.push('\n');
    line
}

fn key(path: &[&str]) -> String {
    if path == [SIGNAL] {
        // The same name for whoever unescapes it, and another for whoever does not.
        return format!("\\u{:04x}ignal", u32::from('s'));
    }
    let mut key = String::new();
    for (index, part) in path.iter().enumerate() {
        if index > 0 {
            key.push('.');
        }
        for character in part.chars() {
            match character {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => key.push(character),
                other => escape(other, &mut key),
            }
        }
    }
    key
}

fn text(value: &Value) -> String {
    if let Value::String(text) = value
        && is_plain(text)
    {
        return text.clone();
    }
    // Outside of its texts JSON has none of the characters that are escaped here.
    let mut text = String::new();
    for character in value.to_string().chars() {
        match character {
            ';' | '=' | '\u{7f}'.. => escape(character, &mut text),
            plain => text.push(plain),
        }
    }
    text
}

/// A text that nobody could take for JSON, a pair or two words.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:+-".contains(c);
    !text.is_empty() && text.chars().all(plain) && serde_json::from_str::<Value>(text).is_err()
}

fn escape(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(out, "\\u{unit:04x}").expect("writing to a string cannot fail");
    }
}
