//! OTLP/JSON, and plain JSON for values.
//!
//! The mapping is that of protobuf, save that ids are hexadecimal, and enums numbers. Both directions go by
//! the tables of the messages and build nothing in between: [`to_protobuf`] writes protobuf while it reads
//! JSON, and `to_json` of any message writes JSON while it reads protobuf.

mod plain;
mod read;
mod write;

use crate::error::Error;

pub use plain::{plain, plain_map, write_plain};
pub use read::to_protobuf;
pub(crate) use write::write;

/// Reads a small document.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| unreadable(&error))
}

/// Says what is wrong with a text, and where.
fn unreadable(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let place = format!(" at line {line} column {column}");
    Error::Json { line, column, message: error.to_string().replace(&place, "") }
}

/// Says whether a key of JSON is a field: `timeUnixNano` is `time_unix_nano`.
fn names(key: &str, field: &str) -> bool {
    let mut key = key.chars();
    camel_case(field).all(|letter| key.next() == Some(letter)) && key.next().is_none()
}

/// Gives the name that JSON has for a field.
fn camel_case(field: &str) -> impl Iterator<Item = char> {
    let mut after_underscore = false;
    field.trim_start_matches("r#").chars().filter_map(move |letter| {
        let upper = std::mem::replace(&mut after_underscore, letter == '_');
        match letter {
            '_' => None,
            letter if upper => Some(letter.to_ascii_uppercase()),
            letter => Some(letter),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn fields_have_names_in_camel_case() {
        for (key, field, same) in [
            ("timeUnixNano", "time_unix_nano", true),
            ("key", "key", true),
            ("type", "r#type", true),
            ("time_unix_nano", "time_unix_nano", false),
            ("timeUnixNan", "time_unix_nano", false),
            ("timeUnixNanos", "time_unix_nano", false),
            ("", "key", false),
        ] {
            assert_eq!(names(key, field), same, "{key}");
        }
    }
}
