//! Finds expressions that VictoriaMetrics (up to 1.145 at least) does not survive.

use crate::expr::{Aggregate, Binary, Call, Expr, Filter, Rollup, Selector};
use crate::operator::Operator;

mod plain;

/// Finds a part that is known to end the store with a panic, and gives it as the reference prints it.
pub(super) fn find(expr: &Expr) -> Option<String> {
    let mut operations = Vec::new();
    let mut found = None;
    let mut plain = true;
    expr.visit(&mut |part| {
        plain &= plain::is_plain(part);
        match part {
            Expr::Call(call) if call.name == "limit_offset" && !limits_by_constants(call) => {
                found.get_or_insert_with(|| part.to_string());
            }
            Expr::Binary(_) => operations.push(part),
            _ => {}
        }
    });
    // Before it optimises an operation, the store prints the whole expression and reads it again;
    // if that fails it panics. `("a") + b` is printed as `"a" + b`, which cannot be read.
    if found.is_none() && !plain && !operations.is_empty() {
        let limits = crate::Limits { bytes: usize::MAX, ..crate::Limits::default() };
        found = std::iter::once(expr)
            .chain(operations)
            .map(|part| outline(part, true).to_string())
            .find(|canonical| crate::parse_with(canonical, &limits).is_err());
    }
    found
}

/// Whether the limit and the offset are plain numbers: for a negative one, or for what is not a
/// number, the store cuts a list beyond its ends.
fn limits_by_constants(call: &Call) -> bool {
    let plain = |arg: &Expr| match arg {
        Expr::Number(number) => (0.0..1e15).contains(&number.value()),
        _ => false,
    };
    call.args.iter().take(2).all(plain)
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
        })),
        Expr::Call(call) => Expr::Call(Box::new(Call {
            name: call.name.clone(),
            args: all(&call.args),
            keep_metric_names: call.keep_metric_names,
        })),
        Expr::Aggregate(aggregate) => Expr::Aggregate(Box::new(Aggregate {
            name: aggregate.name.clone(),
            args: all(&aggregate.args),
            grouping: aggregate.grouping.clone(),
            limit: aggregate.limit,
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
        })),
        Expr::Binary(binary) => {
            let metric = || Expr::Selector(Selector::new(vec![vec![Filter::metric_name("x")]]));
            let mut stand_in = Binary::new(metric(), Operator::Add, metric());
            stand_in.keep_metric_names = binary.keep_metric_names;
            Expr::Binary(Box::new(stand_in))
        }
    }
}
