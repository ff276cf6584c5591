//! The standard: one YAML file says what is collected, why, how it is blurred and until when.

pub mod schema;
