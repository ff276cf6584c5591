//! Makes a published table of what was reported: one schema, one product, one week, one population.

use std::collections::BTreeMap;

use ktel_model::Schema;
use ktel_model::standard::schema::{Field, Kind, Type};

use super::population::Population;
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
    /// How many of these senders are of one token group.
    pub largest: i64,
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
    backing: i64,
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
        for Reported { value, number, senders, largest } in
            by_field.remove(name.as_str()).unwrap_or_default()
        {
            let backing = population.backing(*senders, *largest);
            let group = Group { number: *number, senders: *senders, backing };
            match group.cell(value.clone(), false, floor) {
                Some(cell) => cells.push(cell),
                None => other.add(group, overlap),
            }
        }
        let value = FieldWord { field: name, word: "other".to_owned() };
        cells.extend(other.cell(value, true, floor));
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
    fn cell(self, value: FieldWord, is_other: bool, floor: i64) -> Option<PublishedCell> {
        let down = |number: i64| number - number.rem_euclid(floor);
        (self.backing >= floor).then(|| PublishedCell {
            value,
            is_other,
            number: down(self.number),
            senders: down(self.senders),
        })
    }

    /// Adds a group. Of groups that overlap, only the largest is sure to have different senders.
    fn add(&mut self, more: Self, overlap: Overlap) {
        self.number += more.number;
        match overlap {
            Overlap::None => {
                self.senders += more.senders;
                self.backing += more.backing;
            }
            Overlap::Possible => {
                self.senders = self.senders.max(more.senders);
                self.backing = self.backing.max(more.backing);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{PublishedCell, Reported, publish};
    use crate::anonymity::Population::{self, Authenticated, Unauthenticated};
    use crate::catalog::Catalog;
    use crate::tally::FieldWord;

    fn said(field: &str, word: &str, senders: i64, largest: i64) -> Reported {
        let value = FieldWord { field: field.to_owned(), word: word.to_owned() };
        Reported { value, number: senders, senders, largest }
    }

    fn published(schema: &str, reported: &[Reported], population: Population) -> Vec<String> {
        let catalog = Catalog::built_in();
        let schema = &catalog.find(schema, None).unwrap().schema;
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
            said("", "", 47, 1),
            said("nodes", "2-5", 23, 1),
            said("nodes", "6-20", 7, 1),
            said("nodes", "21-100", 6, 1),
            said("pods", "0", 41, 1),
            said("pods", "1", 3, 1),
            said("gone", "word", 99, 1),
        ];
        let expected = ["= 40", "pods=0 40", "nodes=2-5 20", "nodes=other* 10"];
        assert_eq!(published("ktel/cluster-state", &reported, Authenticated), expected);
    }

    #[test]
    fn the_senders_of_one_token_bring_nothing_over_the_floor() {
        let made_up = [said("", "", 1009, 1000), said("nodes", "2-5", 1009, 1000)];
        assert!(published("ktel/cluster-state", &made_up, Authenticated).is_empty());
        let expected = ["= 1000", "nodes=2-5 1000"];
        assert_eq!(published("ktel/cluster-state", &made_up, Unauthenticated), expected);
    }

    #[test]
    fn groups_that_may_be_the_same_senders_are_not_added_up() {
        let os = |word, senders| said("os", word, senders, 0);
        let small = [os("darwin", 8), os("linux", 40), os("windows", 9)];
        assert_eq!(published("ktel/command", &small, Authenticated), ["os=linux 40"]);
    }

    proptest! {
        #[test]
        fn every_number_is_a_multiple_of_the_floor_and_has_a_floor_of_senders(
            words in proptest::collection::vec((0..60_i64, 0..60_i64), 0..9),
            floor in 5..15_i64,
        ) {
            let catalog = Catalog::built_in();
            let schema = &catalog.find("ktel/cluster-state", None).unwrap().schema;
            let words = words.iter().enumerate();
            let words = words.map(|(word, (senders, largest))| {
                said("pods", &word.to_string(), *senders, *largest.min(senders))
            });
            let words: Vec<Reported> = words.collect();
            for cell in publish(schema, &words, Authenticated, floor) {
                prop_assert!(cell.number >= floor && cell.number % floor == 0, "{cell:?}");
                prop_assert!(cell.senders >= floor && cell.senders % floor == 0, "{cell:?}");
                let one = words.iter().find(|one| one.value == cell.value);
                let backing = one.map(|one| one.senders - one.largest);
                prop_assert!(cell.is_other || backing.is_some_and(|it| it >= floor), "{cell:?}");
            }
        }
    }
}
