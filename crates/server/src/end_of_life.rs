//! When the versions of a field reach their end of life, as the operator of the server knows it.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// The days on which versions reach their end of life, by schema and field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndOfLife {
    fields: BTreeMap<(String, String), VersionEnds>,
}

/// The days of one field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionEnds(BTreeMap<String, Date>);

impl EndOfLife {
    /// Adds a version of a field: `1.4` stands for all its patches.
    pub fn add(&mut self, schema: &str, field: &str, version: &str, day: Date) {
        let ends = self.fields.entry((schema.to_owned(), field.to_owned())).or_default();
        ends.0.insert(without_v(version).to_owned(), day);
    }

    /// The days of a field, if there are any.
    #[must_use]
    pub fn of(&self, schema: &str, field: &str) -> Option<&VersionEnds> {
        self.fields.get(&(schema.to_owned(), field.to_owned()))
    }
}

impl VersionEnds {
    /// Whether a version is past its end of life. Of a version that is not in the table nothing is known.
    #[must_use]
    pub fn has_ended(&self, version: &str, today: Date) -> bool {
        let version = without_v(version);
        let is_of = |known: &str| {
            let rest = version.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
        };
        self.0.iter().any(|(known, day)| is_of(known) && *day <= today)
    }
}

fn without_v(version: &str) -> &str {
    version.strip_prefix('v').unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::EndOfLife;

    #[test]
    fn a_version_ends_with_all_its_patches_and_no_other_version_does() {
        let mut ends = EndOfLife::default();
        ends.add("acme/lamps", "version", "v1.4", date(2026, 6, 1));
        ends.add("acme/lamps", "version", "1.5", date(2027, 6, 1));
        let of = ends.of("acme/lamps", "version").unwrap();
        for (version, expected) in [
            ("1.4", true),
            ("v1.4", true),
            ("v1.4.17", true),
            ("1.40", false),
            ("1.5", false),
            ("1.6", false),
            ("dev", false),
        ] {
            assert_eq!(of.has_ended(version, date(2026, 6, 1)), expected, "{version}");
        }
        assert!(!of.has_ended("1.4", date(2026, 5, 31)));
        assert!(ends.of("acme/lamps", "kubernetes_version").is_none());
    }
}
