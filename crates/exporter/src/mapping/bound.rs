//! The bounds of buckets, as labels have them, and the bounds that VictoriaMetrics uses.

use super::identity::Facts;

/// The bounds of a bucket: the count of a range, or of all up to a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    /// The lower bound of a range; none for `le`.
    pub(super) lower: Option<f64>,
    pub(super) upper: f64,
}

/// What a count or a sum has.
pub(super) const NONE: Bound = Bound { lower: None, upper: 0.0 };

impl Facts<'_> {
    /// Reads the labels `le` and `vmrange`; none if neither is a bound.
    pub(super) fn bucket(&self) -> Option<Bound> {
        if let Some(upper) = self.upper_bound {
            return Some(Bound { lower: None, upper: number(upper)? });
        }
        let (lower, upper) = self.range?.split_once("...")?;
        let (lower, upper) = (number(lower)?, number(upper)?);
        (lower < upper && lower.is_finite()).then_some(Bound { lower: Some(lower), upper })
    }

    /// Reads the label `quantile`.
    pub(super) fn quantile(&self) -> Option<Bound> {
        self.quantile.and_then(number).map(|upper| Bound { lower: None, upper })
    }
}

fn number(text: &str) -> Option<f64> {
    // Minus zero is zero: bounds have to differ by value.
    text.parse().ok().filter(|number: &f64| !number.is_nan()).map(|number: f64| number + 0.0)
}

/// How many buckets VictoriaMetrics has for a power of ten, and the exponents of the lowest and highest bound.
const PER_DECADE: i32 = 18;
const LOWEST: i32 = -9;
const HIGHEST: i32 = 18;

/// The places of the bounds: 0 is before the lowest, infinity after the highest.
const ZERO: i32 = -1;
const TOP: i32 = (HIGHEST - LOWEST) * PER_DECADE;

/// Gives the bounds of ranges as they rise: where all are those of VictoriaMetrics, all of its bounds between the lowest and
/// the highest, so that they stay the same when a range comes later; else those that are there.
pub(super) fn ladder(ranges: impl Iterator<Item = Bound>, out: &mut Vec<f64>) {
    out.clear();
    out.extend(ranges.filter_map(|range| range.lower.map(|lower| [lower, range.upper])).flatten());
    out.sort_unstable_by(f64::total_cmp);
    out.dedup();
    let places =
        out.first().and_then(|&first| place(first)).zip(out.last().and_then(|&last| place(last)));
    if let Some((first, last)) = places
        && out.iter().all(|&bound| place(bound).is_some())
    {
        out.clear();
        out.extend((first..=last).map(at));
    }
}

/// Gives the place of a bound; none if it is not one of VictoriaMetrics.
fn place(bound: f64) -> Option<i32> {
    if bound == 0.0 {
        return Some(ZERO);
    }
    if bound == f64::INFINITY {
        return Some(TOP + 1);
    }
    let place = (f64::from(PER_DECADE) * (bound.log10() - f64::from(LOWEST))).round();
    let is_near = (0.0..=f64::from(TOP)).contains(&place);
    let place = is_near.then_some(place as i32)?;
    (at(place).to_bits() == bound.to_bits()).then_some(place)
}

/// Gives the bound at a place, with the four digits that its label has.
fn at(place: i32) -> f64 {
    match place {
        ZERO => 0.0,
        0..=TOP => {
            let exponent = f64::from(place) / f64::from(PER_DECADE) + f64::from(LOWEST);
            format!("{:.3e}", 10_f64.powf(exponent)).parse().unwrap_or(f64::NAN)
        }
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, TOP, at, ladder, place};

    #[test]
    fn the_bounds_are_those_that_victoria_metrics_computes() {
        // It multiplies, from the lowest on, and rounds what it writes.
        let factor = 10_f64.powf(1.0 / 18.0);
        let mut bound = 1e-9;
        for index in 0..=TOP {
            let written: f64 = format!("{bound:.3e}").parse().unwrap();
            assert_eq!((at(index), place(written)), (written, Some(index)));
            bound *= factor;
        }
        assert_eq!((at(0), at(18), at(TOP)), (1e-9, 1e-8, 1e18));
        assert_eq!([place(0.0), place(f64::INFINITY)], [Some(-1), Some(TOP + 1)]);
        assert_eq!([place(-1.0), place(1e-10), place(2e18), place(1.1)], [None; 4]);
    }

    #[test]
    fn holes_are_filled_where_the_bounds_are_known() {
        let range = |(lower, upper)| Bound { lower: Some(lower), upper };
        let filled = |ranges: &[(f64, f64)]| {
            let mut out = Vec::new();
            ladder(ranges.iter().copied().map(range), &mut out);
            out
        };
        assert_eq!(filled(&[(1.468, 1.668), (1.0, 1.136)]), [1.0, 1.136, 1.292, 1.468, 1.668]);
        assert_eq!(filled(&[(3.0, 4.0), (1.0, 2.0)]), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(filled(&[(8.799e17, 1e18), (1e18, f64::INFINITY)]).len(), 3);
        assert_eq!(filled(&[(0.0, 1e-9), (1e18, f64::INFINITY)]).len(), 489);
    }
}
