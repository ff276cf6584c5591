//! Makes an expression of an expanded query: parentheses go, constants are folded.

use crate::error::ErrorKind;
use crate::expr::{Aggregate, Binary, Call, Expr, Rollup, StringLiteral};
use crate::simplify::fold;
use crate::syntax::{Length, Node, RawBinary, RawCall, RawRollup, Text};
use crate::{Error, FunctionKind, Span, function, functions};

type Result<T> = std::result::Result<T, Error>;

/// Lowers an expanded query.
pub(crate) fn lower(node: Node) -> Result<Expr> {
    match node {
        Node::Number(number) => Ok(Expr::Number(number)),
        Node::Text(text, place) => Ok(Expr::String(StringLiteral::new(string(text)?).at(place))),
        Node::Duration(duration) => Ok(Expr::Duration(duration)),
        Node::Expanded(selector) => Ok(Expr::Selector(selector)),
        Node::Rollup(node) => rollup(*node),
        Node::Call(node) => call(*node),
        Node::Aggregate(node) => Ok(Expr::Aggregate(Box::new(Aggregate {
            name: node.name,
            args: lower_all(node.args)?,
            grouping: node.grouping,
            limit: node.limit,
            place: node.place,
        }))),
        Node::Binary(node) => chain(node),
        Node::Parens(mut nodes) => match (nodes.pop(), nodes.is_empty()) {
            (Some(only), true) => lower(only),
            (last, _) => {
                nodes.extend(last);
                let args = lower_all(nodes)?;
                let name = String::new();
                Ok(Expr::Call(Box::new(Call::new(name, args))))
            }
        },
        Node::Selector(_) | Node::With(_) => Err(not_expanded()),
    }
}

fn lower_all(nodes: Vec<Node>) -> Result<Vec<Expr>> {
    nodes.into_iter().map(lower).collect()
}

/// Lowers a chain of operators from its left end, without a call for each of them.
fn chain(last: Box<RawBinary>) -> Result<Expr> {
    let mut operations = vec![last];
    let mut node = Node::Parens(Vec::new());
    while let Some(outer) = operations.last_mut() {
        node = std::mem::replace(&mut outer.left, Node::Parens(Vec::new()));
        while let Node::Parens(nodes) = &mut node {
            match (nodes.pop(), nodes.is_empty()) {
                (Some(only), true) => node = only,
                (last, _) => {
                    nodes.extend(last);
                    break;
                }
            }
        }
        match node {
            Node::Binary(inner) => {
                operations.push(inner);
                node = Node::Parens(Vec::new());
            }
            _ => break,
        }
    }
    let mut left = lower(node)?;
    for operation in operations.into_iter().rev() {
        left = fold(Binary {
            operator: operation.operator,
            boolean: operation.boolean,
            matching: operation.matching,
            join: operation.join,
            fill: operation.fill,
            keep_metric_names: operation.keep_metric_names,
            left,
            right: lower(operation.right)?,
            place: operation.place,
        });
    }
    Ok(left)
}

fn rollup(node: RawRollup) -> Result<Expr> {
    let length = |length: Option<Length>| match length {
        None => Ok(None),
        Some(Length::Done(duration)) => Ok(Some(duration)),
        Some(Length::Name(..)) => Err(not_expanded()),
    };
    Ok(Expr::Rollup(Box::new(Rollup {
        expr: lower(node.expr)?,
        window: length(node.window)?,
        step: length(node.step)?,
        inherit_step: node.inherit_step,
        offset: length(node.offset)?,
        at: node.at.map(lower).transpose()?,
        place: node.place,
    })))
}

fn call(node: RawCall) -> Result<Expr> {
    let unknown = |name: &str| {
        let kind =
            ErrorKind::UnknownFunction { name: name.into(), nearest: functions::nearest(name) };
        Error::new(kind, node.span)
    };
    let known = function(&node.name).ok_or_else(|| unknown(&node.name))?;
    if known.kind != FunctionKind::Aggregate {
        return Ok(Expr::Call(Box::new(Call {
            name: node.name,
            args: lower_all(node.args)?,
            keep_metric_names: node.keep_metric_names,
            place: node.place,
        })));
    }
    // An aggregate hides its name from the parser by escaping a letter of it. The reference accepts
    // `keep_metric_names` here, but cannot read what it prints of it.
    if node.keep_metric_names {
        let kind = ErrorKind::KeepMetricNames { name: known.name.into() };
        return Err(Error::new(kind, node.span));
    }
    let args = lower_all(node.args)?;
    let name = known.name.to_owned();
    let place = node.place;
    Ok(Expr::Aggregate(Box::new(Aggregate { name, args, grouping: None, limit: None, place })))
}

fn string(text: Text) -> Result<String> {
    match text {
        Text::Done(text) => Ok(text),
        Text::Sum(_) => Err(not_expanded()),
    }
}

/// Says that expansion left something over, which it never does.
fn not_expanded() -> Error {
    let kind = ErrorKind::UnknownTemplate { name: String::new() };
    Error::new(kind, Span::default())
}
