//! Renames a metric wherever a query uses it, and lists what the query selects.
//!
//! ```sh
//! cargo run --example rename -- 'rate(old[5m]) / old' old new
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it does")]

use std::process::ExitCode;

use ktel_metricsql::{Expr, Filter, Selector};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [query, old, new] = arguments.as_slice() else {
        eprintln!("usage: rename QUERY OLD NEW");
        return ExitCode::from(2);
    };
    let mut expr: Expr = match query.parse() {
        Ok(expr) => expr,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    expr.visit_mut(&mut |part| {
        if let Expr::Selector(selector) = part {
            *selector = renamed(selector, old, new);
        }
    });
    println!("{}", expr.pretty());
    for selector in expr.selectors() {
        println!("selects {selector}");
    }
    ExitCode::SUCCESS
}

fn renamed(selector: &Selector, old: &str, new: &str) -> Selector {
    let asks_for_old = Filter::equal("__name__", old);
    let mut groups = selector.groups().to_vec();
    for filter in groups.iter_mut().flatten() {
        if *filter == asks_for_old {
            *filter = Filter::equal("__name__", new);
        }
    }
    Selector::new(groups)
}
