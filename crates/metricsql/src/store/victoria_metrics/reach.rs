//! How far from now a query looks.
//!
//! The store computes times in milliseconds, in 64 bits, and panics where they overflow. This
//! computes the same sums for the worst request there can be, and rejects what comes near.

use crate::Duration;
use crate::expr::{Call, Expr, Rollup};
use crate::limits::{
    AT_SECONDS_MAX, REACH_MILLIS_MAX, REQUEST_MILLIS_MAX, REQUEST_STEP_MILLIS_MAX,
    SILENCE_MILLIS_MAX,
};
use crate::number::Number;
use crate::operator::Operator;
use crate::store::StoreError;

/// The worst that a part of a query may be run with.
#[derive(Clone, Copy)]
struct Range {
    /// The farthest time, in milliseconds before or after 1970.
    farthest: f64,
    /// The longest step in milliseconds.
    step: f64,
}

/// Puts a time that is computed from data between 1970 and a far future.
pub(super) fn bound_time(at: &mut Expr) {
    let request = Range { farthest: REQUEST_MILLIS_MAX, step: REQUEST_STEP_MILLIS_MAX };
    let bounded =
        farthest_second(at, request).is_some_and(|second| second * 1000.0 <= REACH_MILLIS_MAX);
    // A number that is too great is a mistake, and is rejected rather than replaced.
    if bounded || matches!(at, Expr::Number(_)) {
        return;
    }
    let number = |value: f64| Expr::Number(Number::new(value));
    let computed = std::mem::replace(at, number(0.0));
    let args = vec![computed, number(0.0), number(AT_SECONDS_MAX)];
    *at = Expr::Call(Box::new(Call::new("clamp", args)));
}

/// Rejects a query that looks too far.
pub(super) fn check(expr: &Expr) -> Result<(), StoreError> {
    look(expr, Range { farthest: REQUEST_MILLIS_MAX, step: REQUEST_STEP_MILLIS_MAX })
}

fn look(expr: &Expr, range: Range) -> Result<(), StoreError> {
    match expr {
        Expr::Number(_) | Expr::String(_) | Expr::Duration(_) | Expr::Selector(_) => Ok(()),
        Expr::Rollup(rollup) => {
            let within = within(rollup, range).ok_or_else(|| too_far(expr))?;
            if let Some(at) = &rollup.at {
                look(at, range)?;
            }
            look(&rollup.expr, within)
        }
        Expr::Call(call) => all(&call.args, implicit(range).ok_or_else(|| too_far(expr))?),
        Expr::Aggregate(aggregate) => {
            all(&aggregate.args, implicit(range).ok_or_else(|| too_far(expr))?)
        }
        Expr::Binary(binary) => {
            look(&binary.left, range)?;
            look(&binary.right, range)
        }
    }
}

fn all(args: &[Expr], range: Range) -> Result<(), StoreError> {
    args.iter().try_for_each(|arg| look(arg, range))
}

/// Gives what the expression of a rollup is run with; `None` if it looks too far.
fn within(rollup: &Rollup, range: Range) -> Option<Range> {
    let length = |length: &Option<Duration>| {
        length.as_ref().map_or(0.0, |duration| millis(duration, range.step))
    };
    let from = match &rollup.at {
        Some(at) => farthest_second(at, range)? * 1000.0,
        None => range.farthest,
    };
    let step = if rollup.step.is_some() { length(&rollup.step).max(1.0) } else { range.step };
    let farthest = from
        + length(&rollup.offset)
        + length(&rollup.window)
        + step.max(range.step)
        + SILENCE_MILLIS_MAX;
    Range { farthest, step: step.max(range.step) }.checked()
}

/// Gives what an argument is run with: a rollup function makes a sub-query of most of them.
fn implicit(range: Range) -> Option<Range> {
    let farthest = range.farthest + range.step + SILENCE_MILLIS_MAX;
    Range { farthest, step: range.step }.checked()
}

impl Range {
    fn checked(self) -> Option<Self> {
        (self.farthest <= REACH_MILLIS_MAX && self.step <= REACH_MILLIS_MAX).then_some(self)
    }
}

/// Gives the farthest second that the time of an `@` can be; `None` if it depends on data.
fn farthest_second(at: &Expr, range: Range) -> Option<f64> {
    match at {
        Expr::Number(number) => Some(number.value().abs()).filter(|value| !value.is_nan()),
        Expr::Duration(duration) => Some(millis(duration, range.step) / 1000.0),
        Expr::Call(call) => match (call.name.as_str(), call.args.as_slice()) {
            ("start" | "end" | "now" | "time", []) => Some(range.farthest / 1000.0),
            ("clamp", [_, Expr::Number(low), Expr::Number(high)]) => {
                let (low, high) = (low.value(), high.value());
                // A limit that is not a number limits nothing.
                (low <= high).then(|| low.abs().max(high.abs()))
            }
            _ => None,
        },
        Expr::Binary(binary) if matches!(binary.operator, Operator::Add | Operator::Subtract) => {
            Some(farthest_second(&binary.left, range)? + farthest_second(&binary.right, range)?)
        }
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bound need not be exact")]
#[expect(clippy::cast_possible_truncation, reason = "a step is far below the greatest integer")]
fn millis(duration: &Duration, step: f64) -> f64 {
    (duration.millis(step as i64) as f64).abs()
}

fn too_far(part: &Expr) -> StoreError {
    StoreError::Time { part: part.to_string() }
}
