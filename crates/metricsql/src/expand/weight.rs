//! What it costs to copy a part of a query.

use crate::expr::Grouping;
use crate::syntax::{Length, Node, Piece, RawBinary, RawRollup, Text};

/// Counts nodes, filters, labels and bytes of text, and stops once there are more than `max`.
pub(super) fn of(node: &Node, max: usize) -> usize {
    let mut sum = 0;
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        sum += own(node, &mut open);
        if sum > max {
            break;
        }
    }
    sum
}

fn own<'a>(node: &'a Node, open: &mut Vec<&'a Node>) -> usize {
    match node {
        Node::Number(number) => 1 + number.text().len(),
        Node::Duration(duration) => 1 + duration.text().len(),
        Node::Text(value, _) => 1 + text(value),
        Node::Selector(raw) => {
            let filter = |filter: &crate::syntax::RawFilter| {
                1 + filter.label.len() + filter.value.as_ref().map_or(0, |(_, value)| text(value))
            };
            1 + raw.groups.iter().flatten().map(filter).sum::<usize>()
        }
        Node::Expanded(selector) => {
            let groups = selector.groups();
            let filter = |filter: &crate::Filter| 1 + filter.label().len() + filter.value().len();
            1 + groups.len() + groups.iter().flatten().map(filter).sum::<usize>()
        }
        Node::Rollup(node) => rollup(node, open),
        Node::Call(call) => {
            open.extend(&call.args);
            1 + call.name.len()
        }
        Node::Aggregate(aggregate) => {
            open.extend(&aggregate.args);
            1 + aggregate.name.len() + aggregate.grouping.as_ref().map_or(0, grouping)
        }
        Node::Binary(node) => binary(node, open),
        Node::Parens(nodes) => {
            open.extend(nodes);
            1
        }
        Node::With(with) => {
            // Its templates are not copied.
            open.push(&with.expr);
            1
        }
    }
}

fn rollup<'a>(rollup: &'a RawRollup, open: &mut Vec<&'a Node>) -> usize {
    open.push(&rollup.expr);
    open.extend(&rollup.at);
    let length = |length: &Option<Length>| match length {
        None => 0,
        Some(Length::Done(duration)) => 1 + duration.text().len(),
        Some(Length::Name(name, _)) => 1 + name.len(),
    };
    1 + length(&rollup.window) + length(&rollup.step) + length(&rollup.offset)
}

fn binary<'a>(binary: &'a RawBinary, open: &mut Vec<&'a Node>) -> usize {
    open.extend([&binary.left, &binary.right]);
    let join = binary
        .join
        .as_ref()
        .map_or(0, |join| words(&join.labels) + join.prefix.as_ref().map_or(0, String::len));
    let matching = binary.matching.as_ref().map_or(0, |matching| words(&matching.labels));
    1 + join + matching + binary.prefix.as_ref().map_or(0, text)
}

fn grouping(grouping: &Grouping) -> usize {
    words(&grouping.labels)
}

fn words(words: &[String]) -> usize {
    words.iter().map(|word| 1 + word.len()).sum()
}

fn text(text: &Text) -> usize {
    match text {
        Text::Done(text) => text.len(),
        Text::Sum(pieces) => pieces.iter().map(piece).sum(),
    }
}

fn piece(piece: &Piece) -> usize {
    match piece {
        Piece::Literal(text) | Piece::Name(text, _) => 1 + text.len(),
        Piece::Broken(_) => 1,
    }
}
