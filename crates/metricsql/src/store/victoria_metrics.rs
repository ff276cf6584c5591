//! What VictoriaMetrics does not survive.
//!
//! A panic ends the whole process. Each module here bounds one thing that panics depend on, for
//! every query there can be:
//!
//! - `printed`: a query with an operator is printed and read again, and a panic follows if it
//!   cannot be read. What is checked is what the store will have read, not what was meant.
//! - `names`: the characters that the store can print in a name.
//! - `reach`: how far from now a query looks, computed as the store computes it.
//! - `label_value`: how long the labels grow that a query makes.
//! - `function`: functions that panic for some arguments or data.

use crate::expr::Expr;
use crate::{Limits, parse_with};

use super::{StoreError, Version};

mod function;
mod label_value;
mod names;
mod plain;
mod printed;
mod reach;

/// The first version that reads `fill`, `fill_left` and `fill_right`.
const FILL_SINCE: Version = Version::new(1, 148);

/// Writes a query that VictoriaMetrics survives.
pub(super) fn query(version: Version, expr: &Expr) -> Result<String, StoreError> {
    let mut sent = expr.clone();
    sent.visit_mut(&mut make_survivable);
    let wire = sent.wire();
    let limits = Limits { bytes: usize::MAX, pattern_states: usize::MAX, ..Limits::default() };
    let (read, _) = parse_with(&wire, &limits).map_err(|error| StoreError::Unreadable { error })?;
    check_version(version, &read)?;
    function::check(version, &read)?;
    reach::check(&read)?;
    label_value::check(&read)?;
    names::check(&read)?;
    printed::check(&read)?;
    Ok(wire)
}

/// Rewrites one part so that it means the same and cannot end the store.
fn make_survivable(part: &mut Expr) {
    match part {
        // `AGGR_OVER_TIME` in capitals is a panic; in small letters it is not.
        Expr::Call(call) => call.name.make_ascii_lowercase(),
        Expr::Rollup(rollup) => {
            if let Some(at) = &mut rollup.at {
                reach::bound_time(at);
            }
        }
        _ => {}
    }
}

fn check_version(version: Version, expr: &Expr) -> Result<(), StoreError> {
    let mut fills = false;
    expr.visit(&mut |part| {
        fills |= matches!(part, Expr::Binary(binary) if binary.fill.is_some());
    });
    if fills && version < FILL_SINCE {
        return Err(StoreError::Version { feature: "fill", since: FILL_SINCE });
    }
    Ok(())
}
