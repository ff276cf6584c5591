//! An expression: what a query means after `WITH` is expanded and constants are folded.

use crate::duration::Duration;
use crate::number::Number;
use crate::operator::Operator;
use crate::span::Place;

mod literal;
mod make;
mod selector;

pub use literal::StringLiteral;
pub use selector::{Filter, FilterOperator, Labels, Selector};
pub(crate) use selector::{METRIC_NAME, deduplicate};

/// An expression of MetricsQL.
///
/// It prints the reference's canonical form; [`wire`](Expr::wire) is the form to send.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expr {
    /// A number.
    Number(Number),
    /// A string.
    String(StringLiteral),
    /// A duration where a value can stand.
    Duration(Duration),
    /// Series by their labels.
    Selector(Selector),
    /// Something with a window, an offset or a time.
    Rollup(Box<Rollup>),
    /// A function, or a union in parentheses, which has no name.
    Call(Box<Call>),
    /// An aggregate such as `sum`.
    Aggregate(Box<Aggregate>),
    /// A binary operator.
    Binary(Box<Binary>),
}

impl Expr {
    /// Gives where it stands in the query. A union in parentheses has no place; of an operation it is that
    /// of the operator.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Number(number) => number.place(),
            Self::String(string) => string.place(),
            Self::Duration(duration) => duration.place(),
            Self::Selector(selector) => selector.place(),
            Self::Rollup(rollup) => rollup.place,
            Self::Call(call) => call.place,
            Self::Aggregate(aggregate) => aggregate.place,
            Self::Binary(binary) => binary.place,
        }
    }
}

/// Something with a window, an offset or a time: `expr[window:step] offset 5m @ at`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Rollup {
    /// What is looked at.
    pub expr: Expr,
    /// How far back to look.
    pub window: Option<Duration>,
    /// The step of a sub-query.
    pub step: Option<Duration>,
    /// Whether a colon without a step makes this a sub-query.
    pub inherit_step: bool,
    /// How far the window is shifted.
    pub offset: Option<Duration>,
    /// When to look.
    pub at: Option<Expr>,
    /// Where it stands.
    pub place: Place,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Call {
    /// The name as it was written; empty for a union in parentheses.
    pub name: String,
    /// The arguments.
    pub args: Vec<Expr>,
    /// Whether the results keep their metric names.
    pub keep_metric_names: bool,
    /// Where it stands.
    pub place: Place,
}

/// A call of an aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Aggregate {
    /// The name in lower case.
    pub name: String,
    /// The arguments.
    pub args: Vec<Expr>,
    /// Which labels are kept, or dropped.
    pub grouping: Option<Grouping>,
    /// The greatest number of groups.
    pub limit: Option<u64>,
    /// Where it stands.
    pub place: Place,
}

/// `by (labels)` or `without (labels)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Grouping {
    /// Whether the labels are dropped rather than kept.
    pub without: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// A binary operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Binary {
    /// The operator.
    pub operator: Operator,
    /// Whether a comparison gives 0 or 1 instead of filtering.
    pub boolean: bool,
    /// Which labels must be equal on both sides.
    pub matching: Option<Matching>,
    /// Which side may have many series for one of the other.
    pub join: Option<Join>,
    /// What stands in for a series that one side lacks.
    pub fill: Option<Fill>,
    /// Whether the results keep their metric names.
    pub keep_metric_names: bool,
    /// The left side.
    pub left: Expr,
    /// The right side.
    pub right: Expr,
    /// Where its operator stands.
    pub place: Place,
}

impl Binary {
    /// Gives the labels that its modifiers name.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &String> {
        let matching = self.matching.iter().flat_map(|matching| &matching.labels);
        matching.chain(self.join.iter().flat_map(|join| &join.labels))
    }
}

/// `on (labels)` or `ignoring (labels)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Matching {
    /// Whether the labels are ignored rather than compared.
    pub ignoring: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// `fill(0)`, `fill_left(0)` or `fill_right(0)`: what stands in for a series that one side lacks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fill {
    /// The same for both sides: `fill(0)`.
    Both(Number),
    /// `fill_left(0)`.
    Left(Number),
    /// `fill_right(0)`.
    Right(Number),
    /// `fill_left(0) fill_right(1)`.
    Each {
        /// For the left side.
        left: Number,
        /// For the right side.
        right: Number,
    },
}

impl Fill {
    /// Adds `fill_left(value)`; the last one counts.
    pub(crate) fn with_left(fill: Option<Self>, left: Number) -> Self {
        match fill {
            Some(Self::Both(right) | Self::Right(right) | Self::Each { right, .. }) => {
                Self::Each { left, right }
            }
            Some(Self::Left(_)) | None => Self::Left(left),
        }
    }

    /// Adds `fill_right(value)`; the last one counts.
    pub(crate) fn with_right(fill: Option<Self>, right: Number) -> Self {
        match fill {
            Some(Self::Both(left) | Self::Left(left) | Self::Each { left, .. }) => {
                Self::Each { left, right }
            }
            Some(Self::Right(_)) | None => Self::Right(right),
        }
    }
}

/// `group_left (labels) prefix "p"` or `group_right`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Join {
    /// Whether the right side has the many.
    pub right: bool,
    /// The labels copied from the other side; `*` for all.
    pub labels: Vec<String>,
    /// What their names get in front.
    pub prefix: Option<String>,
}
