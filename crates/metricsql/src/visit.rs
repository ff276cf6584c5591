//! Walks over expressions.

use crate::expr::{Expr, Selector};

impl Expr {
    /// Calls `look` with this expression and then with every part of it, from left to right.
    #[deny(clippy::wildcard_enum_match_arm, reason = "a node that is forgotten is a leak")]
    pub fn visit<'a>(&'a self, look: &mut impl FnMut(&'a Expr)) {
        look(self);
        match self {
            Self::Number(_) | Self::String(_) | Self::Duration(_) | Self::Selector(_) => {}
            Self::Rollup(rollup) => {
                rollup.expr.visit(look);
                if let Some(at) = &rollup.at {
                    at.visit(look);
                }
            }
            Self::Call(call) => call.args.iter().for_each(|arg| arg.visit(look)),
            Self::Aggregate(aggregate) => aggregate.args.iter().for_each(|arg| arg.visit(look)),
            Self::Binary(binary) => {
                binary.left.visit(look);
                binary.right.visit(look);
            }
        }
    }

    /// Collects every selector, from left to right.
    #[must_use]
    pub fn selectors(&self) -> Vec<&Selector> {
        let mut selectors = Vec::new();
        self.visit(&mut |part| {
            if let Self::Selector(selector) = part {
                selectors.push(selector);
            }
        });
        selectors
    }
}
