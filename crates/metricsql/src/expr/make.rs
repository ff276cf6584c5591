//! Makes expressions without a query.

use super::{
    Aggregate, Binary, Call, Expr, Grouping, Join, Matching, Rollup, Selector, StringLiteral,
};
use crate::duration::Duration;
use crate::number::Number;
use crate::operator::Operator;
use crate::span::Place;

impl Rollup {
    /// Makes a rollup that changes nothing yet; set its window, offset or time.
    ///
    /// ```
    /// use ktel_metricsql::{Duration, Expr, Rollup, Selector};
    ///
    /// let mut rollup = Rollup::new(Selector::metric("up"));
    /// rollup.window = Duration::parse("5m");
    /// assert_eq!(Expr::from(rollup).wire(), "up[5m]");
    /// ```
    #[must_use]
    pub fn new(expr: impl Into<Expr>) -> Self {
        Self {
            expr: expr.into(),
            window: None,
            step: None,
            inherit_step: false,
            offset: None,
            at: None,
            place: Place::default(),
        }
    }
}

impl Call {
    /// Makes a call of a function.
    #[must_use]
    pub fn new(name: impl Into<String>, args: Vec<Expr>) -> Self {
        Self { name: name.into(), args, keep_metric_names: false, place: Place::default() }
    }
}

impl Aggregate {
    /// Makes a call of an aggregate.
    ///
    /// ```
    /// use ktel_metricsql::{Aggregate, Expr, Grouping, Selector};
    ///
    /// let mut sum = Aggregate::new("sum", vec![Selector::metric("up").into()]);
    /// sum.grouping = Some(Grouping::by(["job"]));
    /// assert_eq!(Expr::from(sum).wire(), "sum(up) by(job)");
    /// ```
    #[must_use]
    pub fn new(name: impl AsRef<str>, args: Vec<Expr>) -> Self {
        Self {
            name: name.as_ref().to_ascii_lowercase(),
            args,
            grouping: None,
            limit: None,
            place: Place::default(),
        }
    }
}

impl Grouping {
    /// Makes `by (labels)`.
    #[must_use]
    pub fn by<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        Self { without: false, labels: labels.into_iter().map(Into::into).collect() }
    }

    /// Makes `without (labels)`.
    #[must_use]
    pub fn without<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        Self { without: true, ..Self::by(labels) }
    }
}

impl Binary {
    /// Makes an operation without modifiers.
    #[must_use]
    pub fn new(left: impl Into<Expr>, operator: Operator, right: impl Into<Expr>) -> Self {
        Self {
            operator,
            boolean: false,
            matching: None,
            join: None,
            fill: None,
            keep_metric_names: false,
            left: left.into(),
            right: right.into(),
            place: Place::default(),
        }
    }
}

impl Matching {
    /// Makes `on (labels)`.
    #[must_use]
    pub fn on<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        Self { ignoring: false, labels: labels.into_iter().map(Into::into).collect() }
    }

    /// Makes `ignoring (labels)`.
    #[must_use]
    pub fn ignoring<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        Self { ignoring: true, ..Self::on(labels) }
    }
}

impl Join {
    /// Makes `group_left (labels)`: the left side has many series for one of the right.
    #[must_use]
    pub fn left<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        Self { right: false, labels: labels.into_iter().map(Into::into).collect(), prefix: None }
    }

    /// Makes `group_right (labels)`: the right side has many series for one of the left.
    #[must_use]
    pub fn right<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        Self { right: true, ..Self::left(labels) }
    }
}

impl From<Number> for Expr {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<f64> for Expr {
    fn from(value: f64) -> Self {
        Self::Number(Number::new(value))
    }
}

impl From<String> for Expr {
    fn from(text: String) -> Self {
        Self::String(StringLiteral::new(text))
    }
}

impl From<&str> for Expr {
    /// Makes a string; to read a query, use [`parse`](crate::parse).
    fn from(text: &str) -> Self {
        Self::String(StringLiteral::new(text))
    }
}

impl From<Duration> for Expr {
    fn from(duration: Duration) -> Self {
        Self::Duration(duration)
    }
}

impl From<Selector> for Expr {
    fn from(selector: Selector) -> Self {
        Self::Selector(selector)
    }
}

impl From<Rollup> for Expr {
    fn from(rollup: Rollup) -> Self {
        Self::Rollup(Box::new(rollup))
    }
}

impl From<Call> for Expr {
    fn from(call: Call) -> Self {
        Self::Call(Box::new(call))
    }
}

impl From<Aggregate> for Expr {
    fn from(aggregate: Aggregate) -> Self {
        Self::Aggregate(Box::new(aggregate))
    }
}

impl From<Binary> for Expr {
    fn from(binary: Binary) -> Self {
        Self::Binary(Box::new(binary))
    }
}
