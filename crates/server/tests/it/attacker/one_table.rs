//! One table over many short histories: its cells, its steps, and sums of everything that was shown. Here the attacker
//! has three tokens.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_server::Store;
use ktel_server::anonymity::Population;
use ktel_server::record::{Record, date_of, day_number};
use ktel_server::store::{Count, Place};
use ktel_server::tally::{CountSource, Tally, week};
use proptest::prelude::*;

use super::smallest_combination;
use super::world::HIS;
use crate::published::{FLOOR, SCHEMA, publisher, said};
use crate::support::TODAY;

/// How many tokens the attacker has.
const TOKENS: u8 = 3;
/// How many other tokens anything published has: more than a floor are needed, and each of his counts once.
const OTHERS: i64 = FLOOR + 1 - TOKENS as i64;

#[derive(Debug, Clone)]
enum Deed {
    /// So many senders report a word, each with a token of one of so many groups.
    Report {
        word: u8,
        senders: u8,
        groups: u8,
        weeks_ago: u8,
    },
    /// An installation reports a word, perhaps another than before.
    Installation {
        id: u8,
        word: u8,
    },
    Forget {
        id: u8,
    },
    /// The attacker makes up senders with one of his tokens.
    MakeUp {
        token: u8,
        word: u8,
        senders: u8,
        weeks_ago: u8,
    },
    /// The attacker makes up lines.
    Lines {
        word: u8,
        senders: u8,
    },
    /// The reader looks before and after.
    View,
    /// A week ends.
    NextWeek,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let report = (0..3_u8, 1..14_u8, 1..14_u8, 0..2_u8);
    let one = prop_oneof![
        6 => report.prop_map(|(word, senders, groups, weeks_ago)| {
            Deed::Report { word, senders, groups, weeks_ago }
        }),
        3 => (0..30_u8, 0..3_u8).prop_map(|(id, word)| Deed::Installation { id, word }),
        1 => (0..30_u8).prop_map(|id| Deed::Forget { id }),
        3 => (0..TOKENS, 0..4_u8, 1..40_u8, 0..2_u8).prop_map(|(token, word, senders, weeks_ago)| {
            Deed::MakeUp { token, word, senders, weeks_ago }
        }),
        2 => (0..4_u8, 1..40_u8).prop_map(|(word, senders)| Deed::Lines { word, senders }),
        8 => Just(Deed::View),
        1 => Just(Deed::NextWeek),
    ];
    proptest::collection::vec(one, 10..60)
}

/// The cells of a week: the field, the word, whether it is `other`, and the number.
type Rows = Vec<(String, String, bool, i64)>;

/// A word in a week.
type Cell = (Date, String, String);

#[derive(Default)]
struct World {
    /// Who really reported a word, at any time: how many reports there are, and with which tokens.
    real: BTreeMap<Cell, (u32, BTreeSet<u8>)>,
    /// Every number that was ever shown.
    seen: Vec<i64>,
    /// How often a week's numbers changed, and what was shown last.
    changes: BTreeMap<Date, (u32, Rows)>,
    serial: u32,
}

impl World {
    fn record(&mut self, day: Date, group: u8, word: u8) -> Record {
        self.serial += 1;
        said(&self.serial.to_string(), day, group, &word.to_string())
    }

    fn note(&mut self, record: &Record) {
        for value in record.tally.counts.values().flat_map(BTreeMap::keys) {
            let cell = (week(record.key.day), value.field.clone(), value.word.clone());
            let (senders, tokens) = self.real.entry(cell).or_default();
            *senders += 1;
            tokens.insert(record.token_group);
        }
    }

    fn look(&mut self, cells: &[Count]) {
        let mut by_week: BTreeMap<Date, Rows> = BTreeMap::new();
        for Count { week, value, is_other, number, senders, .. } in cells {
            self.seen.extend([*number, *senders]);
            let real = self.real.get(&(*week, value.field.clone(), value.word.clone()));
            let tokens = real.map_or(0, |(_, tokens)| tokens.len());
            let is_enough = i64::try_from(tokens).unwrap() >= OTHERS;
            assert!(*is_other || is_enough, "{value:?} has {tokens} real tokens");
            let cell = (value.field.clone(), value.word.clone(), *is_other, *number);
            by_week.entry(*week).or_default().push(cell);
        }
        for (week, mut cells) in by_week {
            cells.sort();
            let (changes, last) = self.changes.entry(week).or_default();
            if *last != cells {
                (*changes, *last) = (*changes + 1, cells);
            }
            // Each change is caused by so many senders who were not there before.
            let all = (week, String::new(), String::new());
            let real = self.real.get(&all).map_or(0, |(senders, _)| *senders);
            let possible = i64::from(real) / OTHERS;
            assert!(i64::from(*changes) <= possible, "{changes} changes by {real} senders");
        }
    }
}

async fn play(deeds: &[Deed]) -> World {
    let keep = tempfile::tempdir().unwrap();
    let tables = ktel_server::Catalog::built_in().tables();
    let store = Store::open(&Place::Folder(keep.path().into()), &tables).unwrap();
    let publisher = publisher();
    let (mut world, mut today) = (World::default(), TODAY);
    let mut queue = Vec::new();
    for deed in deeds {
        let ago = |weeks: u8| date_of(day_number(today) - 7 * i32::from(weeks));
        match *deed {
            Deed::Report { word, senders, groups, weeks_ago } => {
                for sender in 0..senders {
                    // Others never have a token of the attacker.
                    let group = HIS + TOKENS + sender % groups;
                    let record = world.record(ago(weeks_ago), group, word);
                    world.note(&record);
                    queue.push(record);
                }
            }
            Deed::Installation { id, word } => {
                let record = world.record(today, 30 + id, word);
                world.note(&record);
                let words = record.tally.counts.into_values().next().unwrap();
                let installation = Some(format!("installation {id}"));
                let source = CountSource { schema: SCHEMA.to_owned(), installation };
                let tally = Tally { version: None, counts: [(source, words)].into() };
                queue.push(Record { tally, ..world.record(today, 30 + id, word) });
            }
            Deed::Forget { id } => {
                store.append_all(std::mem::take(&mut queue)).await.unwrap();
                store.forget(&format!("installation {id}")).await.unwrap();
            }
            Deed::MakeUp { token, word, senders, weeks_ago } => {
                let group = HIS + token;
                queue.extend((0..senders).map(|_| world.record(ago(weeks_ago), group, word)));
            }
            Deed::Lines { word, senders } => queue.extend(
                (0..senders)
                    .map(|_| Record { authenticated: false, ..world.record(today, 0, word) }),
            ),
            Deed::View => {
                store.append_all(std::mem::take(&mut queue)).await.unwrap();
                store.publish(&publisher, today).await.unwrap();
                let period = (TODAY.checked_sub(60.days()).unwrap(), today);
                let cells =
                    store.published_by_product(Population::Authenticated, period).await.unwrap();
                let cells: Vec<Count> = cells.into_iter().map(|(_, cell)| cell).collect();
                world.look(&cells);
                let public = Population::Unauthenticated;
                let lines = store.published_by_product(public, period).await.unwrap();
                world.seen.extend(lines.iter().map(|(_, cell)| cell.number));
            }
            Deed::NextWeek => today = today.checked_add(7.days()).unwrap(),
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn whoever_keeps_every_number_and_makes_up_senders_learns_of_no_small_group(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let world = runtime.block_on(play(&deeds));
        let smallest = smallest_combination(&world.seen);
        prop_assert!(smallest == 0 || smallest >= FLOOR, "{smallest} of {:?}", world.seen);
    }
}
