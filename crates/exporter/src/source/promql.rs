//! Selectors as every store reads them. Pure.
//!
//! PromQL has no or-groups, so each is a selector of its own. Text comes from the selector's parts only, quoted here.

use std::fmt::Write;

use ktel_metricsql::{Filter, Selector};

/// Writes the or-groups of selectors, each once.
pub(super) fn groups(selectors: &[Selector]) -> Vec<Vec<Filter>> {
    let mut groups: Vec<Vec<Filter>> = Vec::new();
    for selector in selectors {
        match selector.groups() {
            [] => groups.push(Vec::new()),
            some => groups.extend_from_slice(some),
        }
    }
    groups
}

/// Writes an or-group as a selector. One without filters selects everything that has a name.
pub(super) fn selector(group: &[Filter]) -> String {
    let mut text = String::from("{");
    for (index, filter) in group.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_name(&mut text, filter.label());
        text.push_str(filter.operator().as_str());
        push_quoted(&mut text, filter.value());
    }
    if group.is_empty() {
        text.push_str("__name__=~\".+\"");
    }
    text.push('}');
    text
}

fn push_name(text: &mut String, name: &str) {
    let is_first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_plain = name.bytes().next().is_some_and(is_first)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_plain {
        text.push_str(name);
    } else {
        push_quoted(text, name);
    }
}

fn push_quoted(text: &mut String, value: &str) {
    text.push('"');
    for letter in value.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            '\n' => text.push_str("\\n"),
            // Writing into a text cannot fail.
            letter if letter.is_control() => drop(write!(text, "\\u{:04x}", u32::from(letter))),
            letter => text.push(letter),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::{groups, selector};
    use ktel_metricsql::{Filter, FilterOperator, Selector};

    #[test]
    fn each_group_is_a_selector_and_no_value_ends_its_quotes() {
        let either: Selector = r#"{a="a",b!="c" or d=~"e|f"}"#.parse().unwrap();
        let texts: Vec<String> = groups(&[either]).iter().map(|group| selector(group)).collect();
        assert_eq!(texts, [r#"{a="a",b!="c"}"#, r#"{d=~"e|f"}"#]);
        assert_eq!(selector(&groups(&[Selector::new(Vec::new())])[0]), r#"{__name__=~".+"}"#);
        let strange = [
            Filter::equal("a-b", "\"} or x{\\\n\u{7}ä"),
            Filter::new("", FilterOperator::NotMatches, "x.y").unwrap(),
        ];
        assert_eq!(selector(&strange), r#"{"a-b"="\"} or x{\\\n\u0007ä",""!~"x.y"}"#);
    }
}
