//! What the store prints and reads again.
//!
//! Before it optimises an operation it prints the whole expression, in the canonical form, and
//! panics if it cannot read that: `("a") + b` is printed as `"a" + b`.

use super::plain;
use crate::expr::{Aggregate, Binary, Call, Expr, Filter, Rollup, Selector};
use crate::operator::Operator;
use crate::store::StoreError;

/// Rejects a query that the store could not read in its own form.
pub(super) fn check(expr: &Expr) -> Result<(), StoreError> {
    let mut operations = Vec::new();
    let mut plain = true;
    expr.visit(&mut |part| {
        plain &= plain::is_plain(part);
        if matches!(part, Expr::Binary(_)) {
            operations.push(part);
        }
    });
    if plain || operations.is_empty() {
        return Ok(());
    }
    let limits = crate::Limits { bytes: usize::MAX, ..crate::Limits::default() };
    let unreadable = std::iter::once(expr)
        .chain(operations)
        .map(|part| outline(part, true).to_string())
        .find(|canonical| crate::parse_with(canonical, &limits).is_err());
    unreadable.map_or(Ok(()), |part| Err(StoreError::Printed { part }))
}

/// Copies an expression with another operation in the place of each within it: they are looked at
/// one by one, since the canonical form of a chain nests as deep as the chain is long.
fn outline(expr: &Expr, root: bool) -> Expr {
    let all = |args: &[Expr]| args.iter().map(|arg| outline(arg, false)).collect();
    match expr {
        Expr::Number(_) | Expr::String(_) | Expr::Duration(_) | Expr::Selector(_) => expr.clone(),
        Expr::Rollup(rollup) => Expr::Rollup(Box::new(Rollup {
            expr: outline(&rollup.expr, false),
            window: rollup.window.clone(),
            step: rollup.step.clone(),
            inherit_step: rollup.inherit_step,
            offset: rollup.offset.clone(),
            at: rollup.at.as_ref().map(|at| outline(at, false)),
            place: rollup.place,
        })),
        Expr::Call(call) => Expr::Call(Box::new(Call {
            name: call.name.clone(),
            args: all(&call.args),
            keep_metric_names: call.keep_metric_names,
            place: call.place,
        })),
        Expr::Aggregate(aggregate) => Expr::Aggregate(Box::new(Aggregate {
            name: aggregate.name.clone(),
            args: all(&aggregate.args),
            grouping: aggregate.grouping.clone(),
            limit: aggregate.limit,
            place: aggregate.place,
        })),
        Expr::Binary(binary) if root => Expr::Binary(Box::new(Binary {
            operator: binary.operator,
            boolean: binary.boolean,
            matching: binary.matching.clone(),
            join: binary.join.clone(),
            fill: binary.fill.clone(),
            keep_metric_names: binary.keep_metric_names,
            left: outline(&binary.left, false),
            right: outline(&binary.right, false),
            place: binary.place,
        })),
        Expr::Binary(binary) => {
            let metric = || Expr::Selector(Selector::new(vec![vec![Filter::metric_name("x")]]));
            let mut stand_in = Binary::new(metric(), Operator::Add, metric());
            stand_in.keep_metric_names = binary.keep_metric_names;
            Expr::Binary(Box::new(stand_in))
        }
    }
}
