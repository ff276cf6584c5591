//! How deep an expression nests when it is written to be sent.

use crate::error::ErrorKind;
use crate::expr::Expr;
use crate::print::{is_signed, needs_parens_to_be_read};
use crate::{Error, Limits, Span};

/// Rejects what nests so deep that its own written form could not be read.
pub(crate) fn check(expr: &Expr, limits: &Limits) -> Result<(), Error> {
    if levels(expr) < limits.depth {
        return Ok(());
    }
    let max = usize::try_from(limits.depth).unwrap_or(usize::MAX);
    Err(Error::new(ErrorKind::Limit { what: "levels of nesting", max }, Span::default()))
}

fn levels(expr: &Expr) -> u32 {
    match expr {
        // A parenthesis and a minus.
        Expr::Number(_) if is_signed(expr) => 2,
        Expr::Number(_) | Expr::String(_) | Expr::Duration(_) | Expr::Selector(_) => 0,
        Expr::Rollup(rollup) => {
            let at = rollup.at.as_ref().map_or(0, |at| levels(at) + 2);
            at.max(levels(&rollup.expr) + 1)
        }
        Expr::Call(call) => most(&call.args),
        Expr::Aggregate(aggregate) => most(&aggregate.args),
        Expr::Binary(binary) => {
            let parens = needs_parens_to_be_read(&binary.left, binary.operator);
            let left = levels(&binary.left) + u32::from(parens);
            left.max(levels(&binary.right) + 1) + u32::from(binary.keep_metric_names)
        }
    }
}

fn most(args: &[Expr]) -> u32 {
    args.iter().map(levels).max().unwrap_or_default() + 1
}
