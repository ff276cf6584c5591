//! How long the label values grow that a query makes.
//!
//! A value of more than 65 535 bytes is a panic in recent versions, and a few functions one in
//! another make values that no memory holds. This bounds every value by what the functions do.

use crate::expr::{Call, Expr};
use crate::limits::{LABEL_VALUE_BYTES_MAX, STORED_VALUE_BYTES_MAX};
use crate::store::StoreError;

/// Rejects a query that may make too long a label value.
pub(super) fn check(expr: &Expr) -> Result<(), StoreError> {
    longest(expr).map(drop)
}

/// Bounds the label values of a result, in bytes.
fn longest(expr: &Expr) -> Result<usize, StoreError> {
    let bound = match expr {
        Expr::Number(_) | Expr::Duration(_) => 0,
        Expr::String(string) => string.as_str().len(),
        Expr::Selector(_) => STORED_VALUE_BYTES_MAX,
        Expr::Rollup(rollup) => {
            if let Some(at) = &rollup.at {
                longest(at)?;
            }
            longest(&rollup.expr)?
        }
        Expr::Call(call) => made_by(call)?,
        Expr::Aggregate(aggregate) => most(&aggregate.args)?,
        Expr::Binary(binary) => longest(&binary.left)?.max(longest(&binary.right)?),
    };
    if bound <= LABEL_VALUE_BYTES_MAX {
        return Ok(bound);
    }
    Err(StoreError::LabelValue { part: expr.to_string(), max: LABEL_VALUE_BYTES_MAX })
}

fn most(args: &[Expr]) -> Result<usize, StoreError> {
    args.iter().try_fold(0, |most, arg| Ok(most.max(longest(arg)?)))
}

fn made_by(call: &Call) -> Result<usize, StoreError> {
    let args = call.args.iter().map(longest).collect::<Result<Vec<usize>, StoreError>>()?;
    let longest_arg = args.iter().copied().max().unwrap_or_default();
    let arg = |index: usize| args.get(index).copied().unwrap_or_default();
    let labels = |skipped: usize| call.args.len().saturating_sub(skipped);
    Ok(match call.name.to_ascii_lowercase().as_str() {
        // Series, label, separator, and the labels to join.
        "label_join" => labels(3).saturating_mul(longest_arg.saturating_add(arg(2))),
        // Series and the numbers of groups, which may be given more than once.
        "label_graphite_group" => labels(1).saturating_mul(longest_arg.saturating_add(1)),
        // Series, label, replacement: each reference may stand for the whole value.
        "label_replace" => {
            let text = arg(2);
            text.saturating_add(references(call.args.get(2), text).saturating_mul(longest_arg))
                .max(longest_arg)
        }
        // Series, label, expression, replacement: one for each match, of which there may be one
        // before each byte and one at the end. What all matches hold is no more than the value.
        "label_transform" => {
            let text = arg(3);
            let kept = references(call.args.get(3), text).saturating_add(1);
            longest_arg
                .saturating_mul(kept)
                .saturating_add(longest_arg.saturating_add(1).saturating_mul(text))
        }
        // Some letters are longer in the other case.
        "label_uppercase" | "label_lowercase" => longest_arg.saturating_mul(3),
        _ => longest_arg.max(NUMBER_BYTES),
    })
}

/// Functions that write numbers into labels.
const NUMBER_BYTES: usize = 64;

/// Counts the references to groups that a replacement may have.
fn references(replacement: Option<&Expr>, bytes: usize) -> usize {
    match replacement {
        Some(Expr::String(string)) => string.as_str().matches('$').count(),
        _ => bytes / 2,
    }
}
