//! How measurements are written.

use std::fmt::Write;
use std::time::Duration;

/// The value below which this part of some measurements lies.
pub(crate) fn percentile(measured: &mut [Duration], part: f64) -> Duration {
    measured.sort_unstable();
    let last = measured.len() - 1;
    measured[(last as f64 * part) as usize]
}

/// One line of the table: what, budget, measured, and whether it holds.
pub(crate) fn line(out: &mut String, what: &str, budget: &str, measured: &str, holds: bool) {
    let verdict = if holds { "yes" } else { "**no**" };
    writeln!(out, "| {what} | {budget} | {measured} | {verdict} |").expect("a string takes all");
}

pub(crate) fn micros(time: Duration) -> String {
    format!("{:.2} us", time.as_secs_f64() * 1e6)
}
