//! Functions that end the store with some arguments or some data.

use crate::expr::{Call, Expr};
use crate::store::{StoreError, Version};

/// The first version whose `sort_by_label_numeric` survives a number of 309 digits in a label.
const LONG_NUMBERS_SINCE: Version = Version::new(1, 151);

/// Rejects calls that may end the store.
pub(super) fn check(version: Version, expr: &Expr) -> Result<(), StoreError> {
    let mut found = None;
    expr.visit(&mut |part| {
        if let (None, Expr::Call(call)) = (&found, part) {
            found = reason(version, call).map(|reason| (part, reason));
        }
    });
    found.map_or(Ok(()), |(part, reason)| {
        Err(StoreError::Function { part: part.to_string(), reason })
    })
}

fn reason(version: Version, call: &Call) -> Option<&'static str> {
    match call.name.as_str() {
        "limit_offset" if !limits_by_constants(call) => {
            Some("the limit and the offset must be numbers that are not negative")
        }
        "sort_by_label_numeric" | "sort_by_label_numeric_desc" if version < LONG_NUMBERS_SINCE => {
            Some("a label may hold a number of more than 308 digits")
        }
        _ => None,
    }
}

/// Whether the limit and the offset are plain numbers: for a negative one, or for what is not a
/// number, the store cuts a list beyond its ends.
fn limits_by_constants(call: &Call) -> bool {
    let plain = |arg: &Expr| match arg {
        Expr::Number(number) => (0.0..1e15).contains(&number.value()),
        _ => false,
    };
    call.args.iter().take(2).all(plain)
}
