//! The names that the store can print.
//!
//! It writes a character that leaves no ink as `\u` and four digits, of which it gets the third
//! wrong for most, and has no way to write one beyond `\uffff`. Which characters leave ink depends on
//! the Unicode of the Go it was built with.

use std::sync::OnceLock;

use crate::expr::{Expr, Filter};
use crate::identifier::Characters;
use crate::store::StoreError;

/// Rejects a query that the store prints and that has a name it cannot print.
pub(super) fn check(expr: &Expr) -> Result<(), StoreError> {
    let mut wrong = None;
    expr.visit(&mut |part| {
        if wrong.is_none() {
            wrong = names(part).find(|name| !name.chars().all(is_printed)).cloned();
        }
    });
    match wrong {
        Some(name) if has_operator(expr) => Err(StoreError::Name { name }),
        _ => Ok(()),
    }
}

/// Gives the names that a part has itself.
fn names(part: &Expr) -> Box<dyn Iterator<Item = &String> + '_> {
    match part {
        Expr::Selector(selector) => {
            let filters = selector.groups().iter().flatten();
            Box::new(filters.flat_map(|filter: &Filter| filter.names()))
        }
        Expr::Call(call) => Box::new(std::iter::once(&call.name)),
        Expr::Aggregate(aggregate) => {
            Box::new(aggregate.grouping.iter().flat_map(|grouping| &grouping.labels))
        }
        Expr::Binary(binary) => Box::new(binary.labels()),
        Expr::Number(_) | Expr::String(_) | Expr::Duration(_) | Expr::Rollup(_) => {
            Box::new(std::iter::empty())
        }
    }
}

/// Whether the store prints a query before it runs it.
fn has_operator(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(&mut |part| found |= matches!(part, Expr::Binary(_)));
    found
}

/// Whether every build of the store prints the character so that it can be read again.
fn is_printed(c: char) -> bool {
    // Below, two digits are enough, and they are right.
    (c as u32) < 0x100 || c != char::REPLACEMENT_CHARACTER && known_ink().contains(c)
}

/// What leaves ink in Unicode 13, the oldest that a Go of the supported releases has.
fn known_ink() -> &'static Characters {
    static INK: OnceLock<Characters> = OnceLock::new();
    INK.get_or_init(|| Characters::of(r"[[\p{L}\p{M}\p{N}\p{P}\p{S}]&&\p{Age=13.0}]"))
}
