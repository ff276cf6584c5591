//! The text that Prometheus reads: one sample a line.
//!
//! Exemplars, timestamps and comments are passed over; so are names that need quotes, which no
//! declared series can have.

use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample<'a> {
    /// The name and the labels as they are written: what identifies the series.
    pub(super) head: &'a str,
    pub(super) value: f64,
}

/// The name and the labels of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) name: &'a str,
    pub(super) labels: Vec<(&'a str, Cow<'a, str>)>,
}

impl Head<'_> {
    /// Gives the value of a label; one that is not there is empty.
    pub(super) fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Cuts the name off a line; empty for what is no sample.
pub(super) fn name(line: &str) -> &str {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let line = line.trim_start();
    line.find(|c| !known(c)).and_then(|end| line.get(..end)).unwrap_or_default()
}

/// Reads a line that has a name.
pub(super) fn sample(line: &str) -> Option<Sample<'_>> {
    let line = line.trim();
    let after_name = line.get(name(line).len()..)?;
    let labels = match after_name.trim_start().strip_prefix('{') {
        Some(inner) => closing(inner).and_then(|end| inner.get(end + 1..))?,
        None => after_name,
    };
    let head = line.get(..line.len() - labels.len())?;
    let value = labels.split_ascii_whitespace().next()?.parse().ok()?; // no number, no sample
    Some(Sample { head, value })
}

/// Takes a head apart.
pub(super) fn head(text: &str) -> Option<Head<'_>> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('{') else {
        return Some(Head { name: text, labels: Vec::new() });
    };
    let mut rest = rest.get(..closing(rest)?)?.trim();
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_start().strip_prefix('"')?;
        let end = quote(value)?;
        labels.push((name.trim(), unescape(value.get(..end)?)));
        rest = value.get(end + 1..)?.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(rest) => rest.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(Head { name: name.trim_end(), labels })
}

/// Finds the bracket that ends the labels.
fn closing(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let next = rest.find(['"', '}'])?;
        if rest.as_bytes().get(next) == Some(&b'}') {
            return Some(at + next);
        }
        at += next + 1;
        at += quote(text.get(at..)?)? + 1;
    }
}

/// Finds the quote that ends a value.
fn quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            letter => out.push(letter),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{head, name, sample};

    #[track_caller]
    fn check(line: &str, of: &str, labels: &[(&str, &str)], value: f64) {
        let found = sample(line).unwrap();
        let taken = head(found.head).unwrap();
        assert_eq!(taken.name, of, "{line}");
        let got: Vec<(&str, &str)> = taken.labels.iter().map(|(n, v)| (*n, v.as_ref())).collect();
        assert_eq!(got, labels, "{line}");
        assert!(found.value == value || (found.value.is_nan() && value.is_nan()), "{line}");
    }

    #[test]
    fn a_line_is_a_name_labels_and_a_number() {
        check("up 1", "up", &[], 1.0);
        check("  up 1 1700000000000", "up", &[], 1.0);
        check("up{} 1", "up", &[], 1.0);
        check("a:b{x=\"1\",y=\"2\",} 1e3", "a:b", &[("x", "1"), ("y", "2")], 1000.0);
        check("a { x = \"1\" , y = \"}\" } +Inf", "a", &[("x", "1"), ("y", "}")], f64::INFINITY);
        check(r#"a{p="C:\\d\"q\"\nz"} NaN"#, "a", &[("p", "C:\\d\"q\"\nz")], f64::NAN);
        check("a_bucket{le=\"0.5\"} 17 # {id=\"7\"} 0.3 1.7", "a_bucket", &[("le", "0.5")], 17.0);
    }

    #[test]
    fn what_is_no_sample_is_none() {
        for line in ["a", "a x", "a{x=\"1} 2", "a{x=\"1\" 2", "a{"] {
            assert_eq!(sample(line), None, "{line}");
        }
        for line in ["a{x=1} 2", "a{x} 2", "a{x=\"1\"y=\"2\"} 2"] {
            let found = sample(line).and_then(|found| head(found.head).map(|_| ()));
            assert_eq!(found, None, "{line}");
        }
        for line in ["", "# HELP a b", "{\"a b\"} 1", "ünder 1"] {
            assert_eq!(name(line), "", "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_a_panic(line in any::<String>(), tail in "[a{}=\"\\\\, 1\n]*") {
            for line in [line, tail] {
                let found = sample(&line);
                prop_assert!(found.is_none_or(|found| line.contains(found.head)));
                drop(head(&line));
            }
        }

        #[test]
        fn what_is_written_is_read(of in "[a-z_:]{1,9}", labels in proptest::collection::vec(("[a-z]{1,5}", any::<String>()), 0..4), value in -1e9..1e9_f64) {
            let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let written: Vec<String> = labels.iter().map(|(n, v)| format!("{n}=\"{}\"", quoted(v))).collect();
            let line = format!("{of}{{{}}} {value:?}", written.join(","));
            let found = sample(&line).unwrap();
            prop_assert_eq!(found.value, value);
            let taken = head(found.head).unwrap();
            prop_assert_eq!(taken.name, of);
            let got: Vec<(String, String)> = taken.labels.iter().map(|(n, v)| ((*n).to_owned(), v.to_string())).collect();
            prop_assert_eq!(got, labels);
        }
    }
}
