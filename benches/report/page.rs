//! How measurements are written.

use std::fmt::Write;

/// The middle of some measurements.
pub(crate) fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).expect("measurements can be compared"));
    values[values.len() / 2]
}

/// One line of a table: what, budget, measured, and whether it holds.
pub(crate) fn line(out: &mut String, what: &str, budget: &str, measured: &str, holds: bool) {
    let verdict = if holds { "yes" } else { "**no**" };
    writeln!(out, "| {what} | {budget} | {measured} | {verdict} |").expect("a string takes all");
}
