//! The order of the words of a field: versions and buckets ascending, other words by how often.

use std::cmp::Ordering;

use ktel_model::standard::schema::{Field, Type};

use super::unit::OTHER;

/// How the words of a field are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// From the oldest version to the newest, as semantic versioning says.
    Versions,
    /// From small to large.
    Sizes,
    /// From the most frequent to the rarest.
    Frequency,
}

impl Order {
    /// The order of the words of a field.
    #[must_use]
    pub fn of(field: &Field) -> Self {
        match field.of {
            Type::Version(_) => Self::Versions,
            Type::Count(_) | Type::Duration(_) | Type::Ratio(_) => Self::Sizes,
            Type::Bool
            | Type::Enum(_)
            | Type::Date(_)
            | Type::Id
            | Type::CommandPath(_)
            | Type::Map(..)
            | Type::List(_)
            | Type::Record(_) => Self::Frequency,
        }
    }

    /// Whether words have an order of their own, whatever their numbers.
    #[must_use]
    pub fn is_natural(self) -> bool {
        self != Self::Frequency
    }

    /// Compares two words with their numbers.
    #[must_use]
    pub fn compare(self, one: (&str, i64), other: (&str, i64)) -> Ordering {
        match self {
            Self::Versions => place(one.0).cmp(&place(other.0)),
            Self::Sizes => size(one.0).total_cmp(&size(other.0)).then(one.0.cmp(other.0)),
            Self::Frequency => other.1.cmp(&one.1).then(one.0.cmp(other.0)),
        }
    }
}

/// Where a version or a bucket stands: the combined groups last, a pre-release before its release.
pub(super) type Place<'w> = (bool, Vec<u64>, bool, Vec<u64>, &'w str);

/// Finds where a version or a bucket stands.
pub(super) fn place(word: &str) -> Place<'_> {
    let numbers = |text: &str| -> Vec<u64> {
        let numbers = text.split(|letter: char| !letter.is_ascii_digit());
        numbers.filter_map(|number| number.parse().ok()).collect()
    };
    // A bucket has a hyphen and no dot.
    let has_dot = word.contains('.');
    let (core, suffix) = word.split_once('-').filter(|_| has_dot).unwrap_or((word, ""));
    (word == OTHER, numbers(core), suffix.is_empty(), numbers(suffix), word)
}

/// The number that a bucket begins with, as in `21-100`, `10001+` and `0.25`.
fn size(bucket: &str) -> f64 {
    let digits = |letter: &char| letter.is_ascii_digit() || *letter == '.';
    let digits: String = bucket.chars().take_while(digits).collect();
    digits.parse().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[track_caller]
    fn check(order: Order, expected: &[(&str, i64)]) {
        let mut words = expected.to_vec();
        words.sort_unstable();
        words.sort_by(|one, other| order.compare(*one, *other));
        assert_eq!(words, expected);
    }

    #[test]
    fn versions_ascend_and_a_pre_release_stands_before_its_release() {
        let versions = ["0.9.9", "1.2", "1.9.0-rc.2", "1.9.0-rc.10", "1.9.0", "1.10.0", "v2.0"];
        check(Order::Versions, &versions.map(|word| (word, 1)));
    }

    #[test]
    fn buckets_ascend_and_words_are_sorted_by_how_often() {
        let buckets = ["0", "2-5", "21-100", "1001-10000", "10001+"];
        check(Order::Sizes, &buckets.map(|word| (word, 1)));
        check(Order::Sizes, &["0", "0.05", "0.25", "0.5", "1"].map(|word| (word, 1)));
        check(Order::Frequency, &[("eks", 30), ("aks", 20), ("gke", 20), ("kind", 1)]);
    }
}
