//! A query as it was written: templates, parentheses and names not yet resolved.

use std::sync::Arc;

use crate::duration::Duration;
use crate::expr::{Fill, Filter, Grouping, Join, Matching, Selector};
use crate::number::Number;
use crate::operator::Operator;
use crate::{Error, Place, Span};

/// One part of a query.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Number(Number),
    Text(Text, Place),
    Duration(Duration),
    /// A selector whose templates are not yet expanded.
    Selector(Box<RawSelector>),
    /// A selector that is done.
    Expanded(Selector),
    Rollup(Box<RawRollup>),
    Call(Box<RawCall>),
    Aggregate(Box<RawAggregate>),
    Binary(Box<RawBinary>),
    Parens(Vec<Node>),
    With(Box<With>),
}

/// A string, or a sum of strings and names of templates.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    Done(String),
    Sum(Vec<Piece>),
}

#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Literal(String),
    Name(String, Span),
    /// A literal that cannot be read; an error only if it is needed.
    Broken(Box<Error>),
}

/// A duration, or the name of a template for one.
#[derive(Debug, Clone)]
pub(crate) enum Length {
    Done(Duration),
    Name(String, Span),
}

#[derive(Debug, Clone)]
pub(crate) struct RawSelector {
    pub(crate) groups: Vec<Vec<RawFilter>>,
    pub(crate) span: Span,
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) struct RawFilter {
    pub(crate) label: String,
    /// Missing where a template, or a quoted metric name, stands alone.
    pub(crate) value: Option<(crate::expr::FilterOperator, Text)>,
    pub(crate) quoted: bool,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct RawRollup {
    pub(crate) expr: Node,
    pub(crate) window: Option<Length>,
    pub(crate) step: Option<Length>,
    pub(crate) inherit_step: bool,
    pub(crate) offset: Option<Length>,
    pub(crate) at: Option<Node>,
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) struct RawCall {
    pub(crate) name: String,
    pub(crate) args: Vec<Node>,
    pub(crate) keep_metric_names: bool,
    pub(crate) span: Span,
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) struct RawAggregate {
    pub(crate) name: String,
    pub(crate) args: Vec<Node>,
    pub(crate) grouping: Option<Grouping>,
    pub(crate) limit: Option<u64>,
    pub(crate) span: Span,
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) struct RawBinary {
    pub(crate) operator: Operator,
    pub(crate) boolean: bool,
    pub(crate) matching: Option<Matching>,
    pub(crate) join: Option<Join>,
    pub(crate) fill: Option<Fill>,
    /// The prefix of the join, until it is expanded.
    pub(crate) prefix: Option<Text>,
    pub(crate) keep_metric_names: bool,
    pub(crate) left: Node,
    pub(crate) right: Node,
    pub(crate) span: Span,
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) struct With {
    /// Shared: a template whose body starts with `WITH` is copied without what that defines.
    pub(crate) templates: Arc<[Template]>,
    pub(crate) expr: Node,
}

/// `name(parameters) = body`; without parameters for a plain name.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Node,
}

impl RawBinary {
    /// Makes an operation whose sides are put in later; in a call of its own, because it is large
    /// and the parser's stack is not.
    pub(crate) fn boxed(operator: Operator, span: Span, place: Place) -> Box<Self> {
        Box::new(Self {
            operator,
            boolean: false,
            matching: None,
            join: None,
            fill: None,
            prefix: None,
            keep_metric_names: false,
            left: Node::Parens(Vec::new()),
            right: Node::Parens(Vec::new()),
            span,
            place,
        })
    }
}

impl Node {
    /// Makes the selector of one metric, already expanded.
    pub(crate) fn metric(name: &str) -> Self {
        Self::Expanded(Selector::new(vec![vec![Filter::metric_name(name)]]))
    }
}
