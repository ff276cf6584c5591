//! Why an answer in protobuf cannot be read.

/// Why an answer in protobuf cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    /// The bytes are no protobuf.
    #[error("byte {at}: {what}")]
    Wire {
        /// How many bytes of its message stand before it.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A field is not of the type that Kubernetes declares.
    #[error("field {number}, `{name}`: not {expected}")]
    Type {
        /// Its number.
        number: u32,
        /// Its name.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// It is of another kind.
    #[error("it is a `{found}` instead of a `{expected}`")]
    Kind {
        /// Its kind.
        found: String,
        /// The kind that was asked for.
        expected: &'static str,
    },
    /// It holds too much.
    #[error("it has more than {limit} values")]
    TooMany {
        /// `limits::PROTOBUF_VALUES_MAX`
        limit: usize,
    },
    /// The type that is read from it rejects a value.
    #[error("{0}")]
    Value(String),
}

impl serde::de::Error for Malformed {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Value(message.to_string())
    }
}
