//! Where a long expression is broken into lines.

use crate::limits::LINE_CHARS_MAX;

/// The state of writing on many lines.
#[derive(Default)]
pub(super) struct Lines {
    /// How many steps the line at hand is indented.
    indent: usize,
    /// Whether the node at hand is broken into lines.
    pub(super) broken: bool,
}

/// One step of indentation.
const INDENT: &str = "  ";

impl Lines {
    /// Whether text of this width fits on a line of its own.
    pub(super) fn fits(&self, width: usize) -> bool {
        self.indent * INDENT.len() + width <= LINE_CHARS_MAX
    }

    /// Moves the next lines in or out.
    pub(super) fn step(&mut self, change: isize) {
        self.indent = self.indent.saturating_add_signed(change);
    }

    /// Starts a line.
    pub(super) fn start(&self, out: &mut String) {
        out.push('\n');
        out.push_str(&INDENT.repeat(self.indent));
    }
}
