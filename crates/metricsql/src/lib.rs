//! Parses, prints and enforces MetricsQL, the query language of VictoriaMetrics. It does no I/O, and knows neither a store
//! nor who its caller is: what to enforce comes with each call.
//!
//! A query is text from a stranger. [`parse`] makes an [`Expr`] of it as the reference does: templates
//! expanded, constants folded. [`enforce`] puts labels into every selector. [`Store::query`] writes what
//! may be sent to a store and does not end it, and [`Selector::matches`] checks what comes back.
//!
//! ```
//! use ktel_metricsql::{Matcher, Store, Version, enforce, parse};
//!
//! let (expr, _) = parse("WITH (errors = requests{code=~'5..'}) sum(rate(errors[5m])) by (job)")?;
//! let enforced = enforce(&expr, &[Matcher::one_of("tenant", ["a", "b"])?])?;
//! assert_eq!(
//!     Store::VictoriaMetrics(Version::new(1, 145)).query(&enforced)?,
//!     r#"sum(rate(requests{code=~"5..",tenant=~"a|b"}[5m])) by(job)"#
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! *Guarantees.* No panic, whatever the text. Time and memory in proportion to the query and its
//! [`Limits`]; everything here runs on a stack of 1 MiB. Reading what `wire` wrote gives the same
//! expression.
//!
//! This crate does not evaluate queries, does not speak to a store, and has no opinion on who may see
//! which label.

#![forbid(unsafe_code)]

mod arity;
mod duration;
mod enforce;
mod error;
mod expand;
mod expr;
mod functions;
mod identifier;
mod levels;
mod limits;
mod lower;
mod nearest;
mod number;
mod operator;
mod parser;
mod pattern;
mod print;
mod quote;
#[cfg(feature = "serde")]
mod serialize;
mod simplify;
mod span;
mod store;
mod syntax;
mod token;
mod visit;
mod warning;

/// The README's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

pub use arity::{ArityFinding, check_arity};
pub use duration::{Duration, InvalidDuration};
pub use enforce::{Matcher, Violation, enforce};
pub use error::{Error, ErrorKind};
pub use expr::{
    Aggregate, Binary, Call, Expr, Fill, Filter, FilterOperator, Grouping, Join, Labels, Matching,
    Rollup, Selector, StringLiteral,
};
pub use functions::{Function, FunctionKind, function, functions};
pub use limits::Limits;
pub use number::Number;
pub use operator::Operator;
pub use simplify::simplify;
pub use span::{Place, Span};
pub use store::{InvalidStore, InvalidVersion, Store, StoreError, Version};
pub use warning::{Warning, WarningKind, Warnings};

/// Parses a query within the default limits.
///
/// `WITH` is expanded and constants are folded, as the reference does when it parses.
///
/// ```
/// let (expr, warnings) = ktel_metricsql::parse("WITH (x = up{job=\"a\"}) x{env=\"b\"} * 2 ^ 3")?;
/// assert_eq!(expr.to_string(), "up{job=\"a\",env=\"b\"} * 8");
/// assert!(warnings.is_empty());
/// # Ok::<(), ktel_metricsql::Error>(())
/// ```
///
/// # Errors
///
/// Says what is wrong with the query and where. It never panics, and takes time and memory in
/// proportion to the query and the limits.
pub fn parse(query: &str) -> Result<(Expr, Warnings), Error> {
    parse_with(query, &Limits::default())
}

/// Parses a query within limits of one's own.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_with(query: &str, limits: &Limits) -> Result<(Expr, Warnings), Error> {
    if query.len() > limits.bytes {
        let kind = ErrorKind::Limit { what: "bytes", max: limits.bytes };
        return Err(Error::new(kind, Span::new(limits.bytes, query.len())));
    }
    let mut tokens = token::cut(query);
    let warnings = std::mem::take(&mut tokens.warnings);
    let node = parser::read(query, tokens, limits)?;
    let node = expand::expand(node, limits)?;
    let expr = lower::lower(node)?;
    levels::check(&expr, limits)?;
    Ok((expr, warnings))
}

impl std::str::FromStr for Expr {
    type Err = Error;

    /// Parses a query as [`parse`] does, without its warnings.
    fn from_str(query: &str) -> Result<Self, Error> {
        parse(query).map(|(expr, _)| expr)
    }
}

impl std::str::FromStr for Selector {
    type Err = Error;

    /// Parses a query that is one selector.
    fn from_str(query: &str) -> Result<Self, Error> {
        match query.parse()? {
            Expr::Selector(selector) => Ok(selector),
            _ => {
                let found = "something else".to_owned();
                let kind = ErrorKind::Unexpected { expected: "a selector", found, nearest: None };
                Err(Error::new(kind, Span::new(0, query.len())))
            }
        }
    }
}
