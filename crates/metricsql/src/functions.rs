//! The functions of MetricsQL: their names, what they are, and how many arguments they take.

use std::cmp::Ordering;

mod definition;
mod table;

pub use definition::{Function, FunctionKind};
pub(crate) use table::FUNCTIONS;

/// Finds a function by its name, in whatever case.
///
/// ```
/// use ktel_metricsql::{FunctionKind, function};
///
/// assert_eq!(function("RATE").unwrap().kind, FunctionKind::Rollup);
/// assert!(function("info").is_none());
/// ```
#[must_use]
pub fn function(name: &str) -> Option<&'static Function> {
    let index = FUNCTIONS.binary_search_by(|known| compare(known.name, name)).ok()?;
    FUNCTIONS.get(index)
}

/// Lists all functions, by name.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter()
}

/// Compares without regard to ASCII case and without copying.
fn compare(known: &str, name: &str) -> Ordering {
    known.bytes().cmp(name.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// Finds the function whose name is most like `name`, if one is alike at all.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    crate::nearest::nearest(name, FUNCTIONS.iter().map(|function| function.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(FUNCTIONS.is_sorted_by(|left, right| left.name < right.name));
        for known in functions() {
            assert_eq!(function(&known.name.to_uppercase()), Some(known));
        }
    }

    #[test]
    fn there_are_as_many_as_in_the_reference() {
        let count = |kind| functions().filter(|function| function.kind == kind).count();
        assert_eq!(count(FunctionKind::Aggregate), 37);
        assert_eq!(count(FunctionKind::Rollup), 80);
        // One less than the reference has: there, a union in parentheses is a nameless function.
        assert_eq!(count(FunctionKind::Transform), 111);
    }

    #[test]
    fn the_nearest_name_is_near() {
        let table = [
            ("rat", Some("rate")),
            ("histogram_quantil", Some("histogram_quantile")),
            ("zzz", None),
        ];
        for (name, expected) in table {
            assert_eq!(nearest(name), expected);
        }
    }
}
