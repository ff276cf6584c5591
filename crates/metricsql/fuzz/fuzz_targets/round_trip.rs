//! What goes over the wire is read as the same expression.
#![no_main]

use ktel_metricsql::{Expr, Limits, parse, parse_with, simplify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    let Ok((expr, _)) = parse(query) else { return };
    let wire = expr.wire();
    let mut limits = Limits::default();
    // Names are escaped and metric names repeated: the wire may be longer than the query.
    limits.bytes = usize::MAX;
    limits.pattern_states = usize::MAX;
    let (again, _) = parse_with(&wire, &limits).unwrap_or_else(|error| panic!("{wire}: {error}"));
    assert_eq!(again.wire(), wire);
    if !has_empty_group(&expr) {
        assert_eq!(again, expr, "{wire}");
        assert_eq!(simplify(again), expr, "{wire}");
    }
});

/// An or-group without filters is sent as a filter that everything passes.
fn has_empty_group(expr: &Expr) -> bool {
    expr.selectors().iter().any(|selector| selector.groups().iter().any(Vec::is_empty))
}
