//! The counts that charts are drawn from. They change in the transaction that stores the records.
//!
//! Where a schema identifies installations, only the last report of an installation in a week counts:
//! the counts of earlier ones are subtracted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use crate::anonymity::Population;
use crate::limits::{COUNTS_MAX, VERSIONS_MAX};
use crate::record::{Record, day_number};
use crate::tally::{FieldWord, week};

/// A query for counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whose reports.
    pub population: Population,
    /// One product; all of them if `None`.
    pub product: Option<String>,
    /// One version; all of them if `None`.
    pub version: Option<String>,
    /// The first week.
    pub from: Date,
    /// The last week.
    pub to: Date,
}

/// One count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The Monday of its week.
    pub week: Date,
    /// The schema.
    pub schema: String,
    /// The field and its word.
    pub value: FieldWord,
    /// Whether these are smaller groups together, which are published so.
    pub is_other: bool,
    /// How often it was reported; for installations, by how many.
    pub number: i64,
    /// By how many records or installations.
    pub senders: i64,
}

/// A product, a version, and the number of its records or installations.
pub type Version = (String, String, i64);

/// The key of a count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CountKey {
    pub(super) product: String,
    pub(super) week: i32,
    pub(super) version: String,
    pub(super) schema: String,
    pub(super) value: FieldWord,
    pub(super) sender: SenderGroup,
}

/// Whose reports are counted in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct SenderGroup {
    pub(super) authenticated: bool,
    pub(super) token_group: i16,
}

/// An installation in a week.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Installation {
    pub(super) schema: String,
    pub(super) id: String,
    pub(super) week: i32,
}

/// The last report of an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Last {
    pub(super) product: String,
    pub(super) version: String,
    pub(super) sender: SenderGroup,
    pub(super) words: Vec<FieldWord>,
}

/// The changes of counts, and the last reports of installations. Keys are sorted, so that two
/// processes that change the same rows cannot deadlock.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) counts: BTreeMap<CountKey, (i64, i64)>,
    pub(super) last: BTreeMap<Installation, Last>,
}

/// The installations of records. Their last reports have to be read first.
pub(super) fn installations(records: &[&Record]) -> BTreeSet<Installation> {
    let of = |record: &Record| {
        let week = day_number(week(record.key.day));
        let who = record.tally.counts.keys().filter_map(move |who| {
            Some(Installation { schema: who.schema.clone(), id: who.installation.clone()?, week })
        });
        who.collect::<Vec<_>>()
    };
    records.iter().flat_map(|record| of(record)).collect()
}

/// The key of a count by reference: most records of a group share their keys.
#[derive(PartialEq, Eq, Hash)]
struct CountKeyRef<'r> {
    product: &'r str,
    week: i32,
    version: &'r str,
    schema: &'r str,
    value: &'r FieldWord,
    sender: SenderGroup,
}

impl Changes {
    /// Adds up records, given the last reports of their installations.
    pub(super) fn of(records: &[&Record], last: BTreeMap<Installation, Last>) -> Self {
        let mut changes = Self { counts: BTreeMap::new(), last };
        let mut sums: HashMap<CountKeyRef<'_>, (i64, i64)> = HashMap::new();
        for record in records {
            let product = record.product.as_deref().unwrap_or_default();
            let version = record.tally.version.as_deref().unwrap_or_default();
            let week = day_number(week(record.key.day));
            let sender = SenderGroup {
                authenticated: record.authenticated,
                token_group: record.token_group.into(),
            };
            for (who, words) in &record.tally.counts {
                let schema = &who.schema;
                if let Some(id) = &who.installation {
                    let installation =
                        Installation { schema: schema.clone(), id: id.clone(), week };
                    let (product, version) = (product.to_owned(), version.to_owned());
                    let words = words.keys().cloned().collect();
                    changes.follow(installation, Last { product, version, sender, words });
                    continue;
                }
                for (value, count) in words {
                    let number = i64::try_from(*count).unwrap_or(i64::MAX);
                    let key = CountKeyRef { product, week, version, schema, value, sender };
                    add(sums.entry(key).or_default(), (number, 1));
                }
            }
        }
        for (key, sum) in sums {
            changes.change(&key, sum);
        }
        changes
    }

    /// Counts a new report of an installation, and subtracts its last one.
    fn follow(&mut self, installation: Installation, now: Last) {
        self.count(&installation, &now, 1);
        if let Some(before) = self.last.insert(installation.clone(), now) {
            self.count(&installation, &before, -1);
        }
    }

    /// Adds or subtracts a report of an installation.
    pub(super) fn count(&mut self, installation: &Installation, last: &Last, by: i64) {
        let Installation { schema, id: _, week } = installation;
        let Last { product, version, sender, words } = last;
        let (week, sender) = (*week, *sender);
        for value in words {
            let key = CountKeyRef { product, week, version, schema, value, sender };
            self.change(&key, (by, by));
        }
    }

    fn change(&mut self, key: &CountKeyRef<'_>, sum: (i64, i64)) {
        let CountKeyRef { product, week, version, schema, value, sender } = *key;
        let [product, version, schema] = [product, version, schema].map(str::to_owned);
        let key = CountKey { product, week, version, schema, value: value.clone(), sender };
        add(self.counts.entry(key).or_default(), sum);
    }
}

fn add(sum: &mut (i64, i64), (number, senders): (i64, i64)) {
    *sum = (sum.0.saturating_add(number), sum.1.saturating_add(senders));
}

/// Encodes words for a column.
pub(super) fn write(words: &[FieldWord]) -> String {
    let pairs: Vec<[&str; 2]> = words.iter().map(|one| [&*one.field, &*one.word]).collect();
    serde_json::to_string(&pairs).expect("pairs of texts become JSON")
}

/// Decodes words from a column.
pub(super) fn read(column: &str) -> Vec<FieldWord> {
    // The column was written by `write`.
    let words: Vec<(String, String)> = serde_json::from_str(column).unwrap_or_default();
    words.into_iter().map(|(field, word)| FieldWord { field, word }).collect()
}

/// The SQL that reads counts between two weeks, optionally of one product and one version.
pub(super) fn select(asked: &Asked, placeholder: impl Fn(usize) -> String) -> String {
    let [from, to, authenticated, one, two] = [1, 2, 3, 4, 5].map(placeholder);
    let product = asked.product.as_ref().map(|_| format!("AND product = {one} "));
    let place = if product.is_some() { &two } else { &one };
    let version = asked.version.as_ref().map(|_| format!("AND version = {place} "));
    format!(
        "SELECT _week, schema, field, word, CAST(sum(number) AS bigint), \
         CAST(sum(senders) AS bigint) FROM ktel_counts WHERE _week BETWEEN {from} AND {to} \
         AND authenticated = {authenticated} {}{}\
         GROUP BY _week, schema, field, word HAVING sum(senders) > 0 LIMIT {COUNTS_MAX}",
        product.unwrap_or_default(),
        version.unwrap_or_default()
    )
}

/// The SQL that reads counts by product between two weeks, the newest first.
pub(super) fn select_by_product(placeholder: impl Fn(usize) -> String) -> String {
    let [from, to, authenticated] = [1, 2, 3].map(placeholder);
    format!(
        "SELECT _week, schema, field, word, CAST(sum(number) AS bigint), \
         CAST(sum(senders) AS bigint), product FROM ktel_counts \
         WHERE _week BETWEEN {from} AND {to} AND authenticated = {authenticated} \
         GROUP BY product, _week, schema, field, word \
         HAVING sum(senders) > 0 ORDER BY _week DESC LIMIT {COUNTS_MAX}"
    )
}

/// The SQL that reads all products and versions.
pub(super) fn versions(placeholder: impl Fn(usize) -> String) -> String {
    let authenticated = placeholder(1);
    format!(
        "SELECT product, version, CAST(sum(senders) AS bigint) FROM ktel_counts \
         WHERE field = '' AND authenticated = {authenticated} GROUP BY product, version \
         HAVING sum(senders) > 0 ORDER BY product, version LIMIT {VERSIONS_MAX}"
    )
}

/// The number that a column holds for a population.
pub(super) fn column(population: Population) -> i16 {
    i16::from(population == Population::Authenticated)
}
