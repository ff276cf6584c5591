//! Where in a query something stands.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use crate::limits::RENDERED_CHARS_MAX;

/// A range of bytes of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// Where a node stands in the query it was parsed from; nowhere, if it was made by hand.
///
/// A node that a template stands for has the place of the template's text. All places are equal and
/// hash alike: equal expressions are equal wherever they stand.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    start: u32,
    /// Before the start where there is no place: nodes are many, and this is half of an `Option`.
    end: u32,
}

impl Place {
    const NOWHERE: Self = Self { start: 1, end: 0 };

    pub(crate) fn of(span: Span) -> Self {
        match (u32::try_from(span.start), u32::try_from(span.end)) {
            (Ok(start), Ok(end)) => Self { start, end },
            _ => Self::NOWHERE,
        }
    }

    /// Gives the place from the first of both to the last.
    pub(crate) fn cover(self, other: Self) -> Self {
        match (self.span(), other.span()) {
            (Some(one), Some(other)) => {
                Self::of(Span::new(one.start.min(other.start), one.end.max(other.end)))
            }
            (Some(_), None) => self,
            (None, _) => other,
        }
    }

    /// Gives the bytes of the query.
    #[must_use]
    pub fn span(self) -> Option<Span> {
        let (start, end) = (usize::try_from(self.start).ok()?, usize::try_from(self.end).ok()?);
        (start <= end).then(|| Span::new(start, end))
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::NOWHERE
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl Hash for Place {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Gives the bytes as a range.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Gives the line and the column, both counted from 1, the column in characters.
    #[must_use]
    pub fn line_and_column(self, query: &str) -> (usize, usize) {
        let before = query.get(..self.start).unwrap_or(query);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// Draws the line of the query with carets under the span.
    #[must_use]
    pub fn render(self, query: &str) -> String {
        let (line, column) = self.line_and_column(query);
        let text = query.lines().nth(line - 1).unwrap_or_default();
        // A window around the span: a query may be one line of many kilobytes.
        let first = column.saturating_sub(RENDERED_BEFORE);
        let shown: String =
            text.chars().skip(first).take(RENDERED_CHARS_MAX).map(visible).collect();
        let indent = column - 1 - first.min(column - 1);
        let covered = query.get(self.range()).unwrap_or_default();
        let covered = covered.lines().next().unwrap_or_default().chars().count();
        let left = shown.chars().count().saturating_sub(indent);
        let carets = covered.clamp(1, left.max(1));
        format!("{shown}\n{}{}", " ".repeat(indent), "^".repeat(carets))
    }
}

const RENDERED_BEFORE: usize = 60;

/// One column for each character: a tab would move the caret, a control character the terminal.
fn visible(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}
