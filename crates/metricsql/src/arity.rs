//! Counts arguments: the reference parses `sum()`, and rejects it only when it runs.

use std::fmt;

use crate::expr::Expr;
use crate::functions::function;

/// A call with a number of arguments that its function does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArityFinding {
    /// The function, as it was written.
    pub function: String,
    /// How many arguments there are.
    pub found: usize,
    /// The least number it takes.
    pub min: usize,
    /// The greatest number it takes, if there is one.
    pub max: Option<usize>,
}

impl fmt::Display for ArityFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, found, min, max } = self;
        let counted = |count: usize| if count == 1 { "argument" } else { "arguments" };
        match max {
            None => write!(f, "`{function}` takes at least {min} {}", counted(*min))?,
            Some(max) if max == min => write!(f, "`{function}` takes {min} {}", counted(*min))?,
            Some(max) => write!(f, "`{function}` takes {min} to {max} arguments")?,
        }
        write!(f, ", found {found}")
    }
}

/// Finds calls that will be rejected for the number of their arguments.
///
/// ```
/// let (expr, _) = ktel_metricsql::parse("rate(up[5m], 2) + sum()")?;
/// let findings: Vec<String> =
///     ktel_metricsql::check_arity(&expr).iter().map(ToString::to_string).collect();
/// assert_eq!(findings, ["`rate` takes 1 argument, found 2", "`sum` takes at least 1 argument, found 0"]);
/// # Ok::<(), ktel_metricsql::Error>(())
/// ```
#[must_use]
pub fn check_arity(expr: &Expr) -> Vec<ArityFinding> {
    let mut findings = Vec::new();
    expr.visit(&mut |part| {
        let (name, found) = match part {
            Expr::Call(call) => (&call.name, call.args.len()),
            Expr::Aggregate(aggregate) => (&aggregate.name, aggregate.args.len()),
            _ => return,
        };
        let Some(known) = function(name) else { return };
        let (min, max) = (known.arguments_min, known.arguments_max);
        // The last of these is a series; before it stand pairs.
        let odd_only = matches!(known.name, "label_set" | "label_copy" | "label_move");
        if found < min || max.is_some_and(|max| found > max) || odd_only && found % 2 == 0 {
            findings.push(ArityFinding { function: name.clone(), found, min, max });
        }
    });
    findings
}
