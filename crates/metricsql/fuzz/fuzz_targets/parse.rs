//! No query makes the parser panic, and every error points into its query.
#![no_main]

use ktel_metricsql::{check_arity, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| match parse(query) {
    Ok((expr, _)) => drop(check_arity(&expr)),
    Err(error) => {
        assert!(query.get(error.span.range()).is_some(), "{error:?}");
        assert!(!error.render(query).is_empty());
    }
});
