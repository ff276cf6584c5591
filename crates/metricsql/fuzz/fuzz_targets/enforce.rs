//! Every or-group of every selector that is sent has the tenant's filter.
#![no_main]

use ktel_metricsql::{Limits, Matcher, enforce, parse, parse_with};
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
});
