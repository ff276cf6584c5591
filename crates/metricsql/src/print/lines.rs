//! Where a long expression is broken into lines.

use super::Writer;
use crate::expr::Expr;
use crate::limits::LINE_CHARS_MAX;

/// The state of writing on many lines.
#[derive(Default)]
pub(super) struct Lines {
    /// How many steps the line at hand is indented.
    indent: usize,
    /// Whether the node at hand is broken into lines.
    broken: bool,
}

/// One step of indentation.
const INDENT: &str = "  ";

impl Writer {
    /// Whether an expression does not fit on a line of its own.
    pub(super) fn is_long(&self, expr: &Expr) -> bool {
        self.lines.as_ref().is_some_and(|lines| {
            let width = expr.wire().chars().count();
            lines.indent * INDENT.len() + width > LINE_CHARS_MAX
        })
    }

    /// Whether the node at hand is broken into lines.
    pub(super) fn is_broken(&self) -> bool {
        self.lines.as_ref().is_some_and(|lines| lines.broken)
    }

    /// Decides whether a node is broken; gives what was decided for the one around it.
    pub(super) fn enter(&mut self, expr: &Expr) -> bool {
        let (outer, broken) = (self.is_broken(), self.is_long(expr));
        self.leave(broken);
        outer
    }

    pub(super) fn leave(&mut self, outer: bool) {
        if let Some(lines) = &mut self.lines {
            lines.broken = outer;
        }
    }

    /// Starts a line one step further in, if the node is broken.
    pub(super) fn indent(&mut self, broken: bool) {
        self.step(broken, 1);
    }

    /// Starts a line one step further out, if the node is broken.
    pub(super) fn dedent(&mut self, broken: bool) {
        self.step(broken, -1);
    }

    fn step(&mut self, broken: bool, change: isize) {
        if !broken {
            return;
        }
        if let Some(lines) = &mut self.lines {
            lines.indent = lines.indent.saturating_add_signed(change);
        }
        self.separate(true);
    }

    /// Writes a space, or starts a line if the node is broken.
    pub(super) fn separate(&mut self, broken: bool) {
        match &self.lines {
            Some(lines) if broken => {
                let indent = INDENT.repeat(lines.indent);
                self.out.push('\n');
                self.out.push_str(&indent);
            }
            _ => self.out.push(' '),
        }
    }
}
