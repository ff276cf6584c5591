//! The stores that queries are sent to.
//!
//! What a store does not survive belongs to the store, and not to everybody who reads MetricsQL.

use std::fmt;
use std::str::FromStr;

use crate::expr::Expr;

mod error;
mod version;
mod victoria_metrics;

pub use error::StoreError;
pub use version::{InvalidVersion, Version};

/// What VictoriaMetrics is called where a store is named by text.
const VICTORIA_METRICS: &str = "victoria-metrics";

/// Text that names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no store; write `{VICTORIA_METRICS}:1.145` with the version you have")]
pub struct InvalidStore {
    /// The text.
    pub text: String,
}

/// A store that queries are sent to.
///
/// Some queries end a VictoriaMetrics process, and so end it for everybody who shares it. A store
/// writes a query so that it survives it, or says why it cannot.
///
/// ```
/// use ktel_metricsql::{Store, StoreError, Version, parse};
///
/// let store = Store::VictoriaMetrics(Version::new(1, 145));
/// let (expr, _) = parse("sum(up) @ (end() + 1e16)")?;
/// assert_eq!(store.query(&expr)?, "sum(up) @ clamp(end() + 1e16, 0, 9e+09)");
///
/// let (expr, _) = parse("rate(sum(up)[290000000y:290000000y])")?;
/// assert!(matches!(store.query(&expr), Err(StoreError::Time { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Store {
    /// VictoriaMetrics of a version, single or cluster.
    VictoriaMetrics(Version),
}

impl Store {
    /// Writes the query to send, so that the store reads the same expression and survives it.
    ///
    /// What is checked is the text that is returned, read again as the store reads it. Send it as
    /// it is: [`Expr::wire`] of the same expression is not checked.
    ///
    /// # Errors
    ///
    /// Rejects what the store is known not to survive and what this version of it cannot read.
    pub fn query(&self, expr: &Expr) -> Result<String, StoreError> {
        match self {
            Self::VictoriaMetrics(version) => victoria_metrics::query(*version, expr),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VictoriaMetrics(version) => write!(f, "{VICTORIA_METRICS}:{version}"),
        }
    }
}

impl FromStr for Store {
    type Err = InvalidStore;

    /// Reads `victoria-metrics:1.145`.
    fn from_str(text: &str) -> Result<Self, InvalidStore> {
        let version = text
            .strip_prefix(VICTORIA_METRICS)
            .and_then(|rest| rest.strip_prefix(':'))
            .and_then(|version| version.parse().ok());
        version
            .map(Self::VictoriaMetrics)
            .ok_or_else(|| InvalidStore { text: crate::error::shown(text) })
    }
}
