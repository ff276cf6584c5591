//! A place in a file, and how it is shown.

use crate::limits::{SHOWN_BEFORE_CHARS, SHOWN_LINE_CHARS_MAX};

/// A range of characters of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column of the first character, from 1.
    pub column: usize,
    /// The line of the end.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
}

impl Place {
    /// A number of characters on one line.
    #[must_use]
    pub const fn on_line(line: usize, column: usize, characters: usize) -> Self {
        Self { line, column, end_line: line, end_column: column + characters }
    }

    /// Whether it begins and ends on one line.
    #[must_use]
    pub const fn is_one_line(self) -> bool {
        self.line == self.end_line
    }

    /// Its first character.
    #[must_use]
    pub const fn first_character(self) -> Self {
        Self::on_line(self.line, self.column, 1)
    }

    /// Shows the line with carets under the place:
    ///
    /// ```text
    ///   --> exporter.yaml:12:16
    ///    |
    /// 12 |       timeout: 6m
    ///    |                ^^
    /// ```
    #[must_use]
    pub fn show(self, file: &str, text: &str) -> String {
        let line = text.lines().nth(self.line.saturating_sub(1)).unwrap_or_default();
        let count = line.chars().count();
        let start = self.column.saturating_sub(1).min(count);
        let end = if self.is_one_line() { self.end_column.saturating_sub(1) } else { count };
        // A window around the place: a query may be one line of many kilobytes.
        let first = start.saturating_sub(SHOWN_BEFORE_CHARS);
        let shown: String =
            line.chars().skip(first).take(SHOWN_LINE_CHARS_MAX).map(visible).collect();
        let room = shown.chars().count().saturating_sub(start - first);
        let carets = "^".repeat(end.saturating_sub(start).clamp(1, room.max(1)));
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(start - first);
        format!(
            "{margin}--> {file}:{number}:{}\n{margin} |\n{number} | {shown}\n{margin} | {indent}{carets}",
            self.column
        )
    }
}

/// One column for each character: a tab would move the caret, a control character the terminal.
fn visible(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}
