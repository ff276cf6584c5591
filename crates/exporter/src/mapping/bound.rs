//! The bounds of buckets, as labels have them.

/// The bounds of a bucket: the count of a range, or of all up to a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound {
    /// The lower bound of a range; none for `le`.
    pub(super) lower: Option<f64>,
    pub(super) upper: f64,
}

/// Reads the labels `le` and `vmrange`; none if neither is a bound.
pub(super) fn of(upper: Option<&str>, range: Option<&str>) -> Option<Bound> {
    if let Some(upper) = upper {
        return Some(Bound { lower: None, upper: number(upper)? });
    }
    let (lower, upper) = range?.split_once("...")?;
    let (lower, upper) = (number(lower)?, number(upper)?);
    (lower < upper && lower.is_finite()).then_some(Bound { lower: Some(lower), upper })
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| !number.is_nan())
}
