//! Confines a query to a tenant, and writes it for a store.
//!
//! ```sh
//! cargo run --example enforce -- 'sum(rate(up[5m])) by (job)' tenant me
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it does")]

use std::process::ExitCode;

use ktel_metricsql::{Matcher, Store, Version, enforce, parse};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [query, label, value] = arguments.as_slice() else {
        eprintln!("usage: enforce QUERY LABEL VALUE");
        return ExitCode::from(2);
    };
    match confined(query, label, value) {
        Ok(sent) => {
            println!("{sent}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn confined(query: &str, label: &str, value: &str) -> Result<String, String> {
    let (expr, warnings) = parse(query).map_err(|error| error.render(query))?;
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    let matcher = Matcher::equal(label, value).map_err(|violation| violation.to_string())?;
    let enforced = enforce(&expr, &[matcher]).map_err(|violation| violation.to_string())?;
    let store = Store::VictoriaMetrics(Version::new(1, 145));
    store.query(&enforced).map_err(|error| error.to_string())
}
