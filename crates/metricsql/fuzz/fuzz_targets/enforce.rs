//! Every or-group of every selector that is sent has the tenant's filter, and the store survives it.
#![no_main]

use ktel_metricsql::{Expr, Limits, Matcher, enforce, parse, parse_with};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    let Ok((expr, _)) = parse(query) else { return };
    let matcher = Matcher::equal("tenant", "me").expect("the matcher has a value");
    let Ok(enforced) = enforce(&expr, &[matcher]) else { return };
    let mut limits = Limits::default();
    limits.bytes = usize::MAX;
    limits.pattern_states = usize::MAX;
    let wire = enforced.wire();
    let (read, _) = parse_with(&wire, &limits).unwrap_or_else(|error| panic!("{wire}: {error}"));
    assert_eq!(read, enforced, "{wire}");
    assert_eq!(read.selectors().len(), expr.selectors().len(), "{wire}");
    for selector in read.selectors() {
        assert!(!selector.groups().is_empty(), "{wire}");
        for group in selector.groups() {
            assert!(group.iter().any(|filter| filter.to_string() == "tenant=\"me\""), "{wire}");
        }
    }
    // The store prints operations, by its own rules, and ends if it cannot read what it printed.
    let mut operates = false;
    enforced.visit(&mut |part| operates |= matches!(part, Expr::Binary(_)));
    if operates {
        // Every operator of a chain is a level of its parentheses.
        limits.depth = 2 * limits.height;
        let canonical = enforced.to_string();
        assert!(parse_with(&canonical, &limits).is_ok(), "{canonical}");
    }
});
