//! Why a query cannot be sent to a store.

use crate::error::shown;

use super::Version;

/// Why a query cannot be sent to a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store prints this part and cannot read what it printed, which ends it.
    #[error("VictoriaMetrics cannot read how it prints `{}` itself, and ends", shown(part))]
    Printed {
        /// The part, as the reference prints it.
        part: String,
    },
    /// A name that the store cannot print, in a query that it prints because it has an operator.
    #[error("VictoriaMetrics cannot print the name `{}` beside an operator, and ends", shown(name))]
    Name {
        /// The name.
        name: String,
    },
    /// A time so far from now that the store's arithmetic overflows.
    #[error(
        "`{}` reaches too far in time; VictoriaMetrics ends when such times overflow",
        shown(part)
    )]
    Time {
        /// The part that reaches too far.
        part: String,
    },
    /// A label value longer than the store can hold.
    #[error("`{}` may make a label value of more than {max} bytes", shown(part))]
    LabelValue {
        /// The call that makes it.
        part: String,
        /// The most bytes of a value.
        max: usize,
    },
    /// A function that ends the store with some arguments or some data.
    #[error("VictoriaMetrics may end when it runs `{}`: {reason}", shown(part))]
    Function {
        /// The call.
        part: String,
        /// When it ends.
        reason: &'static str,
    },
    /// A part of the language that this version of the store cannot read.
    #[error("`{feature}` needs VictoriaMetrics {since}")]
    Version {
        /// What it cannot read.
        feature: &'static str,
        /// The first version that can.
        since: Version,
    },
    /// The query that is sent could not be read; nothing that was parsed causes it.
    #[error("the query to send cannot be read: {error}")]
    Unreadable {
        /// Why.
        error: crate::Error,
    },
}
