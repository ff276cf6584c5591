//! The version of the tables. There are no migrations between versions: a store of another version is
//! rejected before anything in it is changed.

use super::error::Error;

/// The version that this program reads and writes. Raise it with every change of a table or a column
/// that does not depend on schemas.
const CURRENT: i32 = 3;
/// Stores of this version did not record it.
const UNRECORDED: i32 = 1;

/// Reads the version that a store records.
pub(super) const SELECT: &str = "SELECT version FROM ktel_schema WHERE id = 1";

/// Records the version in a store that has none.
pub(super) fn insert() -> String {
    format!("INSERT INTO ktel_schema (id, version) VALUES (1, {CURRENT}) ON CONFLICT DO NOTHING")
}

/// Rejects a store of another version. `recorded` is the version that it records, and `has_records`
/// whether it has a table of records.
pub(super) fn check(recorded: Option<i32>, has_records: bool) -> Result<(), Error> {
    match (recorded, has_records) {
        (None, false) | (Some(CURRENT), _) => Ok(()),
        (None, true) => Err(Error::SchemaVersion { found: UNRECORDED, needed: CURRENT }),
        (Some(found), _) => Err(Error::SchemaVersion { found, needed: CURRENT }),
    }
}

#[cfg(test)]
mod tests {
    use super::{CURRENT, check};

    #[test]
    fn only_a_new_store_or_one_of_this_version_is_accepted() {
        for (recorded, has_records, expected) in [
            (None, false, true),
            (None, true, false),
            (Some(CURRENT), true, true),
            (Some(CURRENT - 1), true, false),
            (Some(CURRENT + 1), true, false),
        ] {
            let accepted = check(recorded, has_records).is_ok();
            assert_eq!(accepted, expected, "{recorded:?} {has_records}");
        }
    }
}
