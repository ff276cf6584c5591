//! Makes a published table of what was reported: one schema, one product, one week, one population.

use std::collections::BTreeMap;

use ktel_model::Schema;
use ktel_model::standard::schema::{Field, Kind, Type};

use super::population::Population;
use super::token_groups::TokenGroups;
use crate::pair::pairs;
use crate::tally::{ALL, FieldWord};

/// How often a word was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The field and the word.
    pub value: FieldWord,
    /// How often.
    pub number: i64,
    /// By how many senders.
    pub senders: i64,
    /// The tokens that these senders have.
    pub tokens: TokenGroups,
}

/// A number that everybody may know: a multiple of the floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedCell {
    /// The field and the word; that of the smaller groups together is `other`.
    pub value: FieldWord,
    /// Whether these are the smaller groups together.
    pub is_other: bool,
    /// How often it was reported, rounded down.
    pub number: i64,
    /// By how many senders, rounded down.
    pub senders: i64,
}

/// Senders of a group, as far as they are known.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    number: i64,
    senders: i64,
    tokens: TokenGroups,
}

/// Whether one sender can be in several groups of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overlap {
    /// A field with one value per sender.
    None,
    /// A list or a map, or senders with several values.
    Possible,
}

/// Makes the cells of a table.
#[must_use]
pub fn publish(
    schema: &Schema,
    reported: &[Reported],
    population: Population,
    floor: i64,
) -> Vec<PublishedCell> {
    let mut by_field: BTreeMap<&str, Vec<&Reported>> = BTreeMap::new();
    for one in reported {
        by_field.entry(&one.value.field).or_default().push(one);
    }
    let fields = schema.all_fields().map(|(path, field)| (path, overlap(field, schema)));
    let pairs = pairs(schema).map(|pair| (pair.name.clone(), overlap(pair.field, schema)));
    // What the schema does not declare any more is not published either.
    let known = [(ALL.to_owned(), Overlap::None)].into_iter().chain(fields).chain(pairs);
    let mut cells = Vec::new();
    for (name, overlap) in known {
        let mut other = Group::default();
        for one in by_field.remove(name.as_str()).unwrap_or_default() {
            let Reported { value, number, senders, tokens } = one.clone();
            let group = Group { number, senders, tokens };
            if population.has_enough(senders, tokens, floor) {
                cells.push(group.cell(value, false, floor));
            } else {
                other.add(group, overlap);
            }
        }
        if population.has_enough(other.senders, other.tokens, floor) {
            let value = FieldWord { field: name, word: "other".to_owned() };
            cells.push(other.cell(value, true, floor));
        }
    }
    cells
}

fn overlap(field: &Field, schema: &Schema) -> Overlap {
    match (&field.of, schema.kind) {
        // One batch has many events with different values.
        (Type::Map(..) | Type::List(_), _) | (_, Kind::Event) => Overlap::Possible,
        _ => Overlap::None,
    }
}

impl Group {
    fn cell(self, value: FieldWord, is_other: bool, floor: i64) -> PublishedCell {
        let down = |number: i64| number - number.rem_euclid(floor);
        let (number, senders) = (down(self.number), down(self.senders));
        PublishedCell { value, is_other, number, senders }
    }

    /// Adds a group. Where groups overlap, as many senders are different as the largest has, or as there are tokens.
    fn add(&mut self, more: Self, overlap: Overlap) {
        self.number += more.number;
        self.tokens = self.tokens.union(more.tokens);
        self.senders = match overlap {
            Overlap::None => self.senders + more.senders,
            Overlap::Possible => self.senders.max(more.senders).max(self.tokens.count()),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::{PublishedCell, Reported, TokenGroups, publish};
    use crate::anonymity::Population::{self, Authenticated, Unauthenticated};
    use crate::catalog::Catalog;
    use crate::tally::FieldWord;

    /// Read once: the standard takes long to parse.
    static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::built_in);

    /// Senders of a word with tokens of the groups from `first` to `last`.
    fn said(field: &str, word: &str, senders: i64, (first, last): (u32, u32)) -> Reported {
        let value = FieldWord { field: field.to_owned(), word: word.to_owned() };
        let bits = (first..=last).fold(0, |bits, group| bits | 1_i64 << group);
        Reported { value, number: senders, senders, tokens: TokenGroups::from_bits(bits) }
    }

    fn published(schema: &str, reported: &[Reported], population: Population) -> Vec<String> {
        let schema = &CATALOG.find(schema, None).unwrap().schema;
        let cells = publish(schema, reported, population, 10);
        let text = |PublishedCell { value, is_other, number, .. }: &PublishedCell| {
            let mark = if *is_other { "*" } else { "" };
            format!("{}={}{mark} {number}", value.field, value.word)
        };
        cells.iter().map(text).collect()
    }

    #[test]
    fn small_groups_are_one_and_numbers_are_multiples_of_the_floor() {
        let reported = [
            said("", "", 47, (0, 46)),
            said("nodes", "2-5", 23, (0, 22)),
            said("nodes", "6-20", 7, (23, 29)),
            said("nodes", "21-100", 6, (30, 35)),
            said("pods", "0", 41, (0, 40)),
            said("pods", "1", 3, (41, 43)),
            said("gone", "word", 99, (0, 60)),
        ];
        let expected = ["= 40", "pods=0 40", "nodes=2-5 20", "nodes=other* 10"];
        assert_eq!(published("ktel/cluster-state", &reported, Authenticated), expected);
    }

    #[test]
    fn a_token_counts_once_with_any_number_of_senders() {
        let by = |last| [said("", "", 1009, (0, last)), said("nodes", "2-5", 1009, (0, last))];
        let expected = ["= 1000", "nodes=2-5 1000"];
        assert!(published("ktel/cluster-state", &by(9), Authenticated).is_empty());
        assert_eq!(published("ktel/cluster-state", &by(10), Authenticated), expected);
        assert_eq!(published("ktel/cluster-state", &by(0), Unauthenticated), expected);
        // Four tokens with senders of three words each are four.
        let nodes = |word| said("nodes", word, 9, (0, 3));
        let small = [nodes("1"), nodes("2-5"), nodes("6-20")];
        assert!(published("ktel/cluster-state", &small, Authenticated).is_empty());
    }

    #[test]
    fn groups_that_may_be_the_same_senders_are_not_added_up() {
        let os = |word, tokens| said("os", word, 9, tokens);
        let same = [os("darwin", (0, 7)), said("os", "linux", 40, (0, 39)), os("windows", (0, 8))];
        assert_eq!(published("ktel/command", &same, Authenticated), ["os=linux 40"]);
        let public = [os("darwin", (0, 0)), os("windows", (0, 0))];
        assert!(published("ktel/command", &public, Unauthenticated).is_empty());
        // With different tokens they are surely different.
        let apart = [os("darwin", (0, 7)), os("windows", (8, 15))];
        assert_eq!(published("ktel/command", &apart, Authenticated), ["os=other* 10"]);
    }

    proptest! {
        #[test]
        fn every_number_is_a_multiple_of_the_floor_and_has_more_than_a_floor_of_tokens(
            words in proptest::collection::vec((0..60_u32, 0..60_u32, 0..60_i64), 0..9),
            floor in 5..15_i64,
        ) {
            let schema = &CATALOG.find("ktel/cluster-state", None).unwrap().schema;
            let words = words.iter().enumerate().map(|(word, (first, more, made_up))| {
                let last = (first + more).min(63);
                let senders = i64::from(last - first) + 1 + made_up;
                said("pods", &word.to_string(), senders, (*first, last))
            });
            let words: Vec<Reported> = words.collect();
            for cell in publish(schema, &words, Authenticated, floor) {
                prop_assert!(cell.number >= floor && cell.number % floor == 0, "{cell:?}");
                prop_assert!(cell.senders >= floor && cell.senders % floor == 0, "{cell:?}");
                let one = words.iter().find(|one| one.value == cell.value);
                prop_assert!(cell.is_other || one.is_some_and(|it| it.tokens.count() > floor), "{cell:?}");
            }
        }
    }
}
