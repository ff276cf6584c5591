//! Folds constants, as the reference does when it parses.

use crate::expr::{Aggregate, Binary, Call, Expr, Rollup, Selector, StringLiteral};
use crate::number::Number;
use crate::operator::Operator;

/// Folds what is constant, and drops filters given twice.
///
/// [`parse`](crate::parse) has done so already; this is for expressions made or changed by hand.
///
/// ```
/// use ktel_metricsql::{Binary, Expr, Number, Operator, simplify};
///
/// let number = |value| Expr::Number(Number::new(value));
/// let sum = Expr::Binary(Box::new(Binary::new(number(1.0), Operator::Add, number(2.0))));
/// assert_eq!(simplify(sum), number(3.0));
/// ```
#[must_use]
pub fn simplify(expr: Expr) -> Expr {
    match expr {
        Expr::Number(_) | Expr::String(_) | Expr::Duration(_) => expr,
        Expr::Selector(selector) => {
            Expr::Selector(Selector::new(selector.groups().to_vec()).at(selector.place()))
        }
        Expr::Rollup(rollup) => {
            let Rollup { expr, window, step, inherit_step, offset, at, place } = *rollup;
            let (expr, at) = (simplify(expr), at.map(simplify));
            Expr::Rollup(Box::new(Rollup { expr, window, step, inherit_step, offset, at, place }))
        }
        Expr::Call(call) => {
            let Call { name, args, keep_metric_names, place } = *call;
            let args = args.into_iter().map(simplify).collect();
            Expr::Call(Box::new(Call { name, args, keep_metric_names, place }))
        }
        Expr::Aggregate(aggregate) => {
            let Aggregate { name, args, grouping, limit, place } = *aggregate;
            let args = args.into_iter().map(simplify).collect();
            Expr::Aggregate(Box::new(Aggregate { name, args, grouping, limit, place }))
        }
        Expr::Binary(_) => chain(expr),
    }
}

/// Folds a chain of operators from its left end, without a call for each of them.
fn chain(last: Expr) -> Expr {
    let mut operations = Vec::new();
    let mut left = last;
    while let Expr::Binary(mut operation) = left {
        left = std::mem::replace(&mut operation.left, Expr::String(StringLiteral::new("")));
        operations.push(operation);
    }
    left = simplify(left);
    for mut operation in operations.into_iter().rev() {
        operation.left = left;
        let right = std::mem::replace(&mut operation.right, Expr::String(StringLiteral::new("")));
        operation.right = simplify(right);
        left = fold(*operation);
    }
    left
}

/// Computes an operation whose sides are both numbers or both strings.
pub(crate) fn fold(binary: Binary) -> Expr {
    let place = || binary.left.place().cover(binary.place).cover(binary.right.place());
    let constant = match (&binary.left, &binary.right) {
        (Expr::Number(left), Expr::Number(right)) => {
            let value = binary.operator.evaluate(left.value(), right.value(), binary.boolean);
            Some(Expr::Number(Number::new(value).at(place())))
        }
        (Expr::String(left), Expr::String(right)) => {
            if binary.operator == Operator::Add {
                let both = format!("{}{}", left.as_str(), right.as_str());
                Some(Expr::String(StringLiteral::new(both).at(place())))
            } else {
                let holds = binary.operator.compare(left.as_str(), right.as_str());
                holds.map(|holds| {
                    Expr::Number(Number::new(truth(holds, binary.boolean)).at(place()))
                })
            }
        }
        _ => None,
    };
    constant.unwrap_or_else(|| Expr::Binary(Box::new(binary)))
}

fn truth(holds: bool, boolean: bool) -> f64 {
    match (holds, boolean) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => f64::NAN,
    }
}
