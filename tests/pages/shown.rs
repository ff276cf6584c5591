//! Compares what a command prints with what a page shows.
//!
//! `…` stands for what varies:
//!
//! - a line that is only `…`: any lines
//! - a word that ends in `…`, such as `3f0c…`: one word, the same everywhere in the page. A later
//!   command that contains `3f0c…` gets the word that was printed.
//! - any other `…`: anything in this line

use std::collections::BTreeMap;

/// The words that a page abbreviates, as far as they were printed.
pub(crate) type Words = BTreeMap<String, String>;

const ANY: char = '…';

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// One word, by its abbreviation.
    Word(String),
    Anything,
}

/// Whether lines that were printed are those that a page shows. Takes note of abbreviated words.
pub(crate) fn matches(shown: &[String], printed: &[&str], words: &mut Words) -> bool {
    let mut tried = words.clone();
    let Some((first, rest)) = shown.split_first() else { return printed.is_empty() };
    if first.trim() == "…" {
        // The fewest lines first: what follows may be shown too.
        return (0..=printed.len())
            .any(|skipped| printed.get(skipped..).is_some_and(|left| matches(rest, left, words)));
    }
    let Some((line, left)) = printed.split_first() else { return false };
    if !line_matches(&parts(first.trim_end()), line.trim_end(), &mut tried) {
        return false;
    }
    let matched = matches(rest, left, &mut tried);
    if matched {
        *words = tried;
    }
    matched
}

/// Writes the words that were printed in place of their abbreviations.
///
/// # Errors
/// With an abbreviation that nothing has printed.
pub(crate) fn complete(text: &str, words: &Words) -> Result<String, String> {
    let mut out = String::new();
    for part in parts(text) {
        match part {
            Part::Text(text) => out.push_str(&text),
            Part::Word(word) => {
                out.push_str(
                    words.get(&word).ok_or_else(|| format!("nothing has printed `{word}…`"))?,
                );
            }
            Part::Anything => return Err("`…` stands for nothing that can be typed".to_owned()),
        }
    }
    Ok(out)
}

fn is_of_a_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn parts(line: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut pieces = line.split(ANY).peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let text = if is_last { piece } else { piece.trim_end_matches(is_of_a_word) };
        let word = piece.strip_prefix(text).unwrap_or_default();
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        match (is_last, word) {
            (true, _) => {}
            (false, "") => parts.push(Part::Anything),
            (false, word) => parts.push(Part::Word(word.to_owned())),
        }
    }
    parts
}

fn line_matches(parts: &[Part], line: &str, words: &mut Words) -> bool {
    let Some((first, rest)) = parts.split_first() else { return line.is_empty() };
    match first {
        Part::Text(text) => {
            line.strip_prefix(text.as_str()).is_some_and(|left| line_matches(rest, left, words))
        }
        Part::Word(name) => match words.get(name).cloned() {
            Some(word) => {
                line.strip_prefix(word.as_str()).is_some_and(|left| line_matches(rest, left, words))
            }
            None => {
                let left = line.trim_start_matches(is_of_a_word);
                let word = line.strip_suffix(left).unwrap_or_default();
                let matched = !word.is_empty() && line_matches(rest, left, words);
                if matched {
                    words.insert(name.clone(), word.to_owned());
                }
                matched
            }
        },
        Part::Anything => line
            .char_indices()
            .map(|(at, _)| at)
            .chain([line.len()])
            .any(|at| line.get(at..).is_some_and(|left| line_matches(rest, left, words))),
    }
}

mod tests {
    use super::{Words, complete, matches};

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn dots_stand_for_what_varies_and_for_nothing_else() {
        for (shown, printed, expected) in [
            ("one", "one", true),
            ("one", "one\n", true),
            ("one", "two", false),
            ("one", "one\ntwo", false),
            ("one", "", false),
            ("", "", true),
            ("…", "", true),
            ("one\n…", "one\ntwo\nthree", true),
            ("…\nthree", "one\ntwo\nthree", true),
            ("…\nthree", "one\ntwo\nfour", false),
            ("took … ms", "took 12.5 ms", true),
            ("took … ms", "took 12.5 s", false),
            ("token  3f0c…", "token  77aa-bb", true),
            ("token  3f0c…", "token  ", false),
            ("token  3f0c…", "token  77aa bb", false),
            ("a 3f0c…\nb 3f0c…", "a 77aa\nb 77aa", true),
            ("a 3f0c…\nb 3f0c…", "a 77aa\nb 88bb", false),
            ("{\"id\": \"3f0c…\", \"n\": 1}", "{\"id\": \"77aa\", \"n\": 1}", true),
        ] {
            let printed: Vec<&str> = printed.lines().collect();
            let matched = matches(&lines(shown), &printed, &mut Words::new());
            assert_eq!(matched, expected, "{shown:?} and {printed:?}");
        }
    }

    #[test]
    fn a_word_that_was_printed_is_typed_whole() {
        assert_eq!(complete("as it is\n", &Words::new()).as_deref(), Ok("as it is\n"));
        let mut words = Words::new();
        assert!(matches(
            &lines("ingest  3f0c…\nadmin  9a41…"),
            &["ingest  77", "admin  88"],
            &mut words
        ));
        assert_eq!(complete("export T=3f0c… A=9a41…", &words).as_deref(), Ok("export T=77 A=88"));
        assert!(complete("export T=1234…", &words).is_err());
        assert!(complete("export T=…", &words).is_err());
        // What did not match leaves no trace.
        assert!(!matches(&lines("x 5555…\ny"), &["x 77", "z"], &mut words));
        assert_eq!(words.len(), 2);
    }
}
