//! Tells the expressions whose canonical form can surely be read, without writing and reading it.

use crate::Duration;
use crate::expr::{Binary, Expr, Filter, Rollup};
use crate::print::{is_plain_name, is_signed};

/// Whether nothing about this part, apart from what is within it, can make its canonical form
/// unreadable. Most queries have no other parts; what is not plain is not wrong, only looked at.
pub(super) fn is_plain(part: &Expr) -> bool {
    match part {
        Expr::Number(_) => !is_signed(part),
        Expr::String(_) => true,
        Expr::Duration(duration) => is_unsigned(duration),
        Expr::Selector(selector) => {
            let filter = |filter: &Filter| {
                is_plain_name(filter.label())
                    && (!filter.is_metric_name() || is_plain_name(filter.value()))
            };
            selector.groups().iter().flatten().all(filter)
        }
        Expr::Rollup(rollup) => is_plain_rollup(rollup),
        Expr::Call(call) => {
            let name = call.name.is_empty() && call.args.len() != 1;
            (name || is_plain_name(&call.name)) && !call.keep_metric_names
        }
        Expr::Aggregate(aggregate) => {
            let labels = aggregate.grouping.iter().flat_map(|grouping| &grouping.labels);
            aggregate.limit.is_none() && are_plain(labels)
        }
        Expr::Binary(binary) => is_plain_operation(binary),
    }
}

fn is_plain_rollup(rollup: &Rollup) -> bool {
    let lengths = [&rollup.window, &rollup.step, &rollup.offset];
    (rollup.window.is_some() || rollup.offset.is_some())
        && lengths.into_iter().flatten().all(is_unsigned)
        && matches!(rollup.at, None | Some(Expr::Number(_) | Expr::Call(_)))
}

fn is_plain_operation(binary: &Binary) -> bool {
    !matches!(binary.left, Expr::String(_))
        && !matches!(binary.right, Expr::String(_))
        && are_plain(binary.labels())
}

fn are_plain<'a>(mut names: impl Iterator<Item = &'a String>) -> bool {
    names.all(|name| is_plain_name(name))
}

fn is_unsigned(duration: &Duration) -> bool {
    !duration.text().contains('-')
}
