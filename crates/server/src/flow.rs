//! Pairs of fields that say where something came from and where it went, such as two versions.
//!
//! A pair needs no word in the standard of its own: `old_X` stands beside `new_X`, or beside `X`.

use ktel_model::Schema;
use ktel_model::standard::schema::{Field, Type};

/// What stands between the two words of a pair.
const ARROW: &str = " → ";

/// A pair of fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow<'s> {
    /// The name under which the pair is counted; no field can have it.
    pub name: String,
    /// Where it came from.
    pub old: &'s str,
    /// Where it went.
    pub new: String,
    /// What is declared of where it went.
    pub after: &'s Field,
}

/// Gives the pairs of a schema: fields of one type, with one word each.
pub fn flows(schema: &Schema) -> impl Iterator<Item = Flow<'_>> {
    schema.fields.iter().filter_map(|(old, before)| {
        let name = old.strip_prefix("old_")?;
        let newer = [format!("new_{name}"), name.to_owned()];
        let (new, after) =
            newer.into_iter().find_map(|new| Some((new.clone(), schema.fields.get(&new)?)))?;
        let is_pair = matches!(
            (&before.of, &after.of),
            (Type::Version(_), Type::Version(_)) | (Type::Enum(_), Type::Enum(_))
        );
        let name = format!("{old}→{new}");
        is_pair.then_some(Flow { name, old, new, after })
    })
}

/// Gives the word of a pair.
pub(crate) fn word(before: &str, after: &str) -> String {
    format!("{before}{ARROW}{after}")
}

/// Gives the two words of a pair.
#[must_use]
pub fn sides(word: &str) -> Option<(&str, &str)> {
    word.split_once(ARROW)
}

#[cfg(test)]
mod tests {
    use super::flows;
    use crate::Catalog;

    #[test]
    fn an_upgrade_is_a_pair_of_versions_and_nothing_else_is() {
        let catalog = Catalog::built_in();
        let pairs = catalog.entries().flat_map(|entry| {
            let id = entry.schema.id();
            flows(&entry.schema).map(move |flow| (id.clone(), flow.name)).collect::<Vec<_>>()
        });
        let expected =
            [("ktel/kamaji-update".to_owned(), "old_tcp_version→new_tcp_version".to_owned())];
        assert_eq!(pairs.collect::<Vec<_>>(), expected);
    }
}
