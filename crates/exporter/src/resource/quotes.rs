//! Typographic quotes in queries.
//!
//! Text processors turn `"a"` into `“a”`, and no parser of MetricsQL reads that. Outside of strings such a quote has no
//! meaning in the language, so it can only be meant as an ASCII quote.

use std::ops::Range;

/// A query, with ASCII quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    text: String,
    /// Where typographic quotes stood: offsets in `text`, rising.
    replaced: Vec<usize>,
}

/// By how many bytes a typographic quote is longer than an ASCII one.
const LONGER: usize = '“'.len_utf8() - 1;

impl Query {
    /// Replaces the typographic quotes outside of ASCII strings.
    ///
    /// A string that a typographic quote opens ends at the next typographic or ASCII quote of its kind, single or
    /// double. What stands within ASCII quotes is never touched.
    #[must_use]
    pub fn new(written: &str) -> Self {
        let mut query = Self { text: String::with_capacity(written.len()), replaced: Vec::new() };
        let mut state = State::Outside;
        for c in written.chars() {
            let ascii = ascii(c);
            let replaces = ascii != c && state.reads_typographic(ascii);
            if replaces {
                query.replaced.push(query.text.len());
            }
            query.text.push(if replaces { ascii } else { c });
            state = state.after(c, ascii);
        }
        query
    }

    /// The query, as the parser takes it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many quotes were replaced.
    #[must_use]
    pub fn replaced(&self) -> usize {
        self.replaced.len()
    }

    /// Where the first replaced quote stood, in the query as it was written.
    #[must_use]
    pub fn first_replaced(&self) -> Option<Range<usize>> {
        self.replaced.first().map(|&at| at..at + LONGER + 1)
    }

    /// Gives the bytes of the query as it was written, for bytes of [`text`](Self::text).
    #[must_use]
    pub fn as_written(&self, bytes: Range<usize>) -> Range<usize> {
        let moved =
            |offset: usize| offset + LONGER * self.replaced.partition_point(|&at| at < offset);
        moved(bytes.start)..moved(bytes.end)
    }
}

/// What a reader of the text is in.
#[derive(Clone, Copy)]
enum State {
    /// Between strings.
    Outside,
    /// In a string that this ASCII quote opened.
    Ascii(char),
    /// After a backslash in it.
    Escaped(char),
    /// In a string that a typographic quote of this kind opened.
    Typographic(char),
    /// After a backslash in it.
    TypographicEscaped(char),
    /// In a comment, up to the end of the line.
    Comment,
}

impl State {
    /// Whether a typographic quote that stands for this ASCII quote is one here.
    fn reads_typographic(self, ascii: char) -> bool {
        match self {
            Self::Outside => true,
            Self::Typographic(open) => open == ascii,
            _ => false,
        }
    }

    fn after(self, c: char, ascii: char) -> Self {
        match self {
            Self::Outside if c == '#' => Self::Comment,
            Self::Outside if c == '`' => Self::Ascii(c),
            Self::Outside if ascii != c => Self::Typographic(ascii),
            Self::Outside if matches!(c, '"' | '\'') => Self::Ascii(c),
            Self::Comment if c == '\n' => Self::Outside,
            // Backticks know no escapes.
            Self::Ascii(open) if c == '\\' && open != '`' => Self::Escaped(open),
            Self::Ascii(open) if c == open => Self::Outside,
            Self::Escaped(open) => Self::Ascii(open),
            Self::Typographic(open) if c == '\\' => Self::TypographicEscaped(open),
            Self::Typographic(open) if ascii == open => Self::Outside,
            Self::TypographicEscaped(open) => Self::Typographic(open),
            state => state,
        }
    }
}

fn ascii(c: char) -> char {
    match c {
        '\u{201C}' | '\u{201D}' => '"',
        '\u{2018}' | '\u{2019}' => '\'',
        c => c,
    }
}

#[cfg(test)]
mod tests;
