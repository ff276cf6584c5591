//! The counts that charts are drawn from, kept in the transaction that stores what they count.
//!
//! Where a schema follows installations, only what an installation said last in a week counts:
//! what it said before is taken back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use crate::limits::COUNTS_MAX;
use crate::record::{Record, day_number};
use crate::tally::{Said, week};

/// What is asked of the counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Of which product; of all, if none.
    pub product: Option<String>,
    /// In which version; in all, if none.
    pub version: Option<String>,
    /// From this week on.
    pub from: Date,
    /// Up to this week.
    pub to: Date,
}

/// One count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The Monday of its week.
    pub week: Date,
    /// Whose words.
    pub schema: String,
    /// What was said.
    pub said: Said,
    /// How often; of installations, by how many.
    pub number: i64,
    /// By how many records or installations.
    pub senders: i64,
}

/// A product, one of its versions, and how many records or installations spoke of it.
pub type Version = (String, String, i64);

/// What a count is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) product: String,
    pub(super) week: i32,
    pub(super) version: String,
    pub(super) schema: String,
    pub(super) said: Said,
}

/// An installation in a week.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Installation {
    pub(super) schema: String,
    pub(super) id: String,
    pub(super) week: i32,
}

/// What an installation said last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Last {
    pub(super) product: String,
    pub(super) version: String,
    pub(super) said: Vec<Said>,
}

/// By how much counts change, and what installations said last. Keys have one order, so that two
/// processes that change the same ones never wait for each other.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) counts: BTreeMap<Key, (i64, i64)>,
    pub(super) last: BTreeMap<Installation, Last>,
}

/// Gives the installations of which records speak; what they said last must be known first.
pub(super) fn installations(records: &[&Record]) -> BTreeSet<Installation> {
    let of = |record: &Record| {
        let week = day_number(week(record.key.day));
        let who = record.tally.said.keys().filter_map(move |who| {
            Some(Installation { schema: who.schema.clone(), id: who.installation.clone()?, week })
        });
        who.collect::<Vec<_>>()
    };
    records.iter().flat_map(|record| of(record)).collect()
}

/// What a count is of, as a record says it: most records of a group say the same.
#[derive(PartialEq, Eq, Hash)]
struct Spot<'r> {
    product: &'r str,
    week: i32,
    version: &'r str,
    schema: &'r str,
    said: &'r Said,
}

impl Changes {
    /// Adds up what records say, given what their installations said last.
    pub(super) fn of(records: &[&Record], last: BTreeMap<Installation, Last>) -> Self {
        let mut changes = Self { counts: BTreeMap::new(), last };
        let mut sums: HashMap<Spot<'_>, (i64, i64)> = HashMap::new();
        for record in records {
            let product = record.product.as_deref().unwrap_or_default();
            let version = record.tally.version.as_deref().unwrap_or_default();
            let week = day_number(week(record.key.day));
            for (who, words) in &record.tally.said {
                let schema = &who.schema;
                if let Some(id) = &who.installation {
                    let installation =
                        Installation { schema: schema.clone(), id: id.clone(), week };
                    let (product, version) = (product.to_owned(), version.to_owned());
                    let said = words.keys().cloned().collect();
                    changes.follow(installation, Last { product, version, said });
                    continue;
                }
                for (said, count) in words {
                    let number = i64::try_from(*count).unwrap_or(i64::MAX);
                    let sum = sums.entry(Spot { product, week, version, schema, said });
                    add(sum.or_default(), (number, 1));
                }
            }
        }
        for (spot, sum) in sums {
            changes.change(&spot, sum);
        }
        changes
    }

    /// Counts what an installation says now, and no longer what it said before.
    fn follow(&mut self, installation: Installation, now: Last) {
        self.count(&installation, &now, 1);
        if let Some(before) = self.last.insert(installation.clone(), now) {
            self.count(&installation, &before, -1);
        }
    }

    /// Takes back what an installation said, or adds it.
    pub(super) fn count(&mut self, installation: &Installation, last: &Last, by: i64) {
        let Installation { schema, id: _, week } = installation;
        let Last { product, version, said } = last;
        for said in said {
            self.change(&Spot { product, week: *week, version, schema, said }, (by, by));
        }
    }

    fn change(&mut self, spot: &Spot<'_>, sum: (i64, i64)) {
        let Spot { product, week, version, schema, said } = *spot;
        let [product, version, schema] = [product, version, schema].map(str::to_owned);
        let key = Key { product, week, version, schema, said: said.clone() };
        add(self.counts.entry(key).or_default(), sum);
    }
}

fn add(sum: &mut (i64, i64), (number, senders): (i64, i64)) {
    *sum = (sum.0.saturating_add(number), sum.1.saturating_add(senders));
}

/// Writes words for a column.
pub(super) fn write(said: &[Said]) -> String {
    let pairs: Vec<[&str; 2]> = said.iter().map(|one| [&*one.field, &*one.word]).collect();
    serde_json::to_string(&pairs).expect("pairs of texts become JSON")
}

/// Reads words from a column.
pub(super) fn read(said: &str) -> Vec<Said> {
    // Only what `write` has written stands there.
    let words: Vec<(String, String)> = serde_json::from_str(said).unwrap_or_default();
    words.into_iter().map(|(field, word)| Said { field, word }).collect()
}

/// Gives what reads counts: a product and a version, where some are asked for, from one week on and
/// up to another.
pub(super) fn select(asked: &Asked, placeholder: impl Fn(usize) -> String) -> String {
    let [from, to, one, two] = [1, 2, 3, 4].map(placeholder);
    let product = asked.product.as_ref().map(|_| format!("AND product = {one} "));
    let place = if product.is_some() { &two } else { &one };
    let version = asked.version.as_ref().map(|_| format!("AND version = {place} "));
    format!(
        "SELECT _week, schema, field, word, CAST(sum(number) AS bigint), \
         CAST(sum(senders) AS bigint) FROM ktel_counts WHERE _week BETWEEN {from} AND {to} {}{}\
         GROUP BY _week, schema, field, word HAVING sum(senders) > 0 LIMIT {COUNTS_MAX}",
        product.unwrap_or_default(),
        version.unwrap_or_default()
    )
}

/// Gives what reads counts by product, from one week on and up to another, the newest first.
pub(super) fn select_by_product(placeholder: impl Fn(usize) -> String) -> String {
    let [from, to] = [1, 2].map(placeholder);
    format!(
        "SELECT _week, schema, field, word, CAST(sum(number) AS bigint), \
         CAST(sum(senders) AS bigint), product FROM ktel_counts \
         WHERE _week BETWEEN {from} AND {to} GROUP BY product, _week, schema, field, word \
         HAVING sum(senders) > 0 ORDER BY _week DESC LIMIT {COUNTS_MAX}"
    )
}

/// Gives every product and its versions.
pub(super) const VERSIONS: &str = "SELECT product, version, CAST(sum(senders) AS bigint) \
    FROM ktel_counts WHERE field = '' GROUP BY product, version HAVING sum(senders) > 0 \
    ORDER BY product, version LIMIT 1000";
