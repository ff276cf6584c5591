//! Why something cannot be read.

use std::fmt;

/// Why bytes or text cannot be read as OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The bytes are not the message that they should be.
    Malformed {
        /// The first byte of the field that is wrong, counted from the beginning of the body.
        at: usize,
        /// The field, or that in which the wrong one stands.
        field: &'static str,
        /// What is wrong.
        fault: Fault,
    },
    /// It is well-formed, and holds more than the caller allows.
    TooMuch {
        /// What there is too much of.
        of: Budgeted,
        /// How many are allowed.
        max: usize,
    },
    /// The text is not the JSON that it should be.
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

/// What is wrong with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A number of variable length does not end, or has more than 64 bits.
    Varint,
    /// A length goes past the end.
    Length,
    /// A field has a number that protobuf does not have.
    FieldNumber,
    /// A field has another encoding than its declaration says, or one that is no longer used.
    WireType,
    /// A text is not UTF-8.
    Utf8,
    /// A message that may be there once is there twice. No sender of OTLP writes that; `read_merged` merges
    /// them, as protobuf does.
    Repeated,
}

/// What the caller allows so many of, see [`Limits`](crate::Limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budgeted {
    /// Levels of nested values.
    Depth,
    /// Values of attributes and bodies.
    Values,
    /// Log records, spans and data points.
    Items,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { at, field, fault } => {
                write!(f, "not OTLP in protobuf: {fault}, at byte {at} in `{field}`")
            }
            Self::TooMuch { of: Budgeted::Depth, max } => {
                write!(f, "values are nested more than {max} deep; send them flatter")
            }
            Self::TooMuch { of, max } => {
                let what = match of {
                    Budgeted::Items => "log records, spans or data points",
                    _ => "values",
                };
                write!(f, "more than {max} {what} in one request; send smaller ones")
            }
            Self::Json { line, column, message } => {
                write!(f, "not OTLP in JSON: {message}, at line {line} column {column}")
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Varint => "a number does not end or is too large",
            Self::Length => "a length goes past the end",
            Self::FieldNumber => "there is no such field number",
            Self::WireType => "a field has the wrong wire type",
            Self::Utf8 => "a text is not UTF-8",
            Self::Repeated => "a message that may be there once is there twice",
        })
    }
}

impl std::error::Error for Error {}
