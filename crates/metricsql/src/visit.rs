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

    /// Calls `change` with every part of this expression and then with itself, from left to right:
    /// what `change` puts in the place of a part is not visited.
    ///
    /// ```
    /// use ktel_metricsql::{Expr, parse};
    ///
    /// let (mut expr, _) = parse("sum(Rate(up[5m]))")?;
    /// expr.visit_mut(&mut |part| {
    ///     if let Expr::Call(call) = part {
    ///         call.name.make_ascii_lowercase();
    ///     }
    /// });
    /// assert_eq!(expr.wire(), "sum(rate(up[5m]))");
    /// # Ok::<(), ktel_metricsql::Error>(())
    /// ```
    #[deny(clippy::wildcard_enum_match_arm, reason = "a node that is forgotten is a leak")]
    pub fn visit_mut(&mut self, change: &mut impl FnMut(&mut Expr)) {
        match self {
            Self::Number(_) | Self::String(_) | Self::Duration(_) | Self::Selector(_) => {}
            Self::Rollup(rollup) => {
                rollup.expr.visit_mut(change);
                if let Some(at) = &mut rollup.at {
                    at.visit_mut(change);
                }
            }
            Self::Call(call) => call.args.iter_mut().for_each(|arg| arg.visit_mut(change)),
            Self::Aggregate(aggregate) => {
                aggregate.args.iter_mut().for_each(|arg| arg.visit_mut(change));
            }
            Self::Binary(binary) => {
                binary.left.visit_mut(change);
                binary.right.visit_mut(change);
            }
        }
        change(self);
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
