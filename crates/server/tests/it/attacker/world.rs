//! A receiver, what it publishes, and what is really true of its senders.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use ktel_server::Store;
use ktel_server::anonymity::Population;
use ktel_server::publication::Publisher;
use ktel_server::record::{Record, date_of, day_number};
use ktel_server::store::{Count, Place};
use ktel_server::tally::{FieldWord, Tally, week};
use ktel_server::token::{Role, TokenRecord};
use rusqlite::Connection;

use super::history::{CATALOG, Deed, PRODUCTS, Section, of_installation, sections};
use crate::published::FLOOR;
use crate::routes::READER;
use crate::support::{TODAY, on};

/// The group of the attacker's token.
pub(super) const HIS: u8 = 7;

/// A word of a field in a table: the product, the week, the schema, the field and the word.
type Key = (String, Date, String, String, String);
/// A published table.
type Table = (String, Date, String);
/// Its words, whether each is `other`, and the numbers.
type Cells = Vec<(FieldWord, bool, i64, i64)>;

/// A receiver, and what is really true of its senders.
pub(super) struct World {
    _keep: tempfile::TempDir,
    pub(super) folder: PathBuf,
    pub(super) store: Store,
    publisher: Publisher,
    pub(super) today: Date,
    queue: Vec<Record>,
    serial: u32,
    releases: [u32; 3],
    /// How often each installation was forgotten: afterwards it is somebody else.
    forgotten: BTreeMap<u8, u32>,
    /// Who ever reported each word, with the group of his token: neither the attacker nor anybody without a secret.
    real: BTreeMap<Key, BTreeSet<(u8, String)>>,
    /// How often the numbers of a table changed, and what they were last.
    changes: BTreeMap<Table, (usize, Cells)>,
    /// Every published number.
    pub(super) numbers: BTreeSet<i64>,
}

impl World {
    pub(super) async fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let folder = keep.path().join("store");
        let store = Store::open(&Place::Folder(folder.clone()), &CATALOG.tables()).unwrap();
        store.add_token(TokenRecord::of(READER, Role::Reader, None)).await.unwrap();
        let publisher = Publisher::new(Arc::new(CATALOG.clone()), FLOOR);
        Self {
            _keep: keep,
            folder,
            store,
            publisher,
            today: TODAY,
            queue: Vec::new(),
            serial: 0,
            releases: [1; 3],
            forgotten: BTreeMap::new(),
            real: BTreeMap::new(),
            changes: BTreeMap::new(),
            numbers: BTreeSet::new(),
        }
    }

    /// Queues a record. `name` is that of its sender, if he is neither the attacker nor without a secret.
    fn record(
        &mut self,
        (product, group, weeks_ago): (usize, u8, u8),
        installation: Option<String>,
        sections: &[Section],
        name: Option<String>,
    ) {
        self.serial += 1;
        let day = date_of(day_number(self.today) - 7 * i32::from(weeks_ago));
        let mut tally = Tally::default();
        for (id, values) in sections {
            let schema = &CATALOG.find(id, None).unwrap().schema;
            for value in values {
                let value = value.as_object().unwrap();
                tally.add(schema, installation.clone(), value, TODAY);
            }
        }
        let product = PRODUCTS[product].to_owned();
        if let Some(name) = name {
            for (source, words) in &tally.counts {
                for FieldWord { field, word } in words.keys() {
                    let (schema, field) = (source.schema.clone(), field.clone());
                    let key = (product.clone(), week(day), schema, field, word.clone());
                    self.real.entry(key).or_default().insert((group, name.clone()));
                }
            }
        }
        let record = on(day, &self.serial.to_string(), Vec::new());
        let record = Record { product: Some(product), token_group: group, tally, ..record };
        self.queue.push(record);
    }

    pub(super) async fn play(&mut self, deed: &Deed) {
        match *deed {
            Deed::Report { product, senders, groups, weeks_ago, values } => {
                let sections = sections(values, self.releases[product]);
                for sender in 0..senders {
                    // Others never have the token of the attacker.
                    let group = HIS + 1 + sender % groups;
                    let name = Some(format!("sender {}", self.serial));
                    self.record((product, group, weeks_ago), None, &sections, name);
                }
            }
            Deed::Install { product, first, installations, values } => {
                let sections = of_installation(values, self.releases[product]);
                for number in first..first + installations {
                    // An installation is of one product.
                    let id = format!("{}-{number}", PRODUCTS[product]);
                    let times = self.forgotten.get(&number).copied().unwrap_or_default();
                    let name = Some(format!("{id}, forgotten {times} times"));
                    self.record((product, HIS + 1 + number, 0), Some(id), &sections, name);
                }
            }
            Deed::Forget { installation } => {
                self.write().await;
                for product in PRODUCTS {
                    self.store.forget(&format!("{product}-{installation}")).await.unwrap();
                }
                *self.forgotten.entry(installation).or_default() += 1;
            }
            Deed::Release { product } => self.releases[product] += 1,
            Deed::MakeUp { product, senders, weeks_ago, values } => {
                let sections = sections(values, self.releases[product]);
                let stats = of_installation(values, self.releases[product]);
                for _ in 0..senders {
                    self.record((product, HIS, weeks_ago), None, &sections, None);
                    let id = Some(format!("made up {}", self.serial));
                    self.record((product, HIS, weeks_ago), id, &stats, None);
                }
            }
            Deed::Lines { product, senders, values } => {
                let sections = sections(values, self.releases[product]);
                for _ in 0..senders {
                    self.record((product, 0, 0), None, &sections, None);
                    self.queue.last_mut().unwrap().authenticated = false;
                }
            }
            Deed::View => {}
            Deed::NextWeek => self.today = self.today.checked_add(7.days()).unwrap(),
        }
    }

    async fn write(&mut self) {
        for stored in self.store.append_all(std::mem::take(&mut self.queue)).await.unwrap() {
            stored.unwrap();
        }
    }

    /// Publishes what is due, and compares it with what is true.
    pub(super) async fn publish(&mut self) {
        self.write().await;
        self.store.publish(&self.publisher, self.today).await.unwrap();
        let period = (TODAY.checked_sub(100.days()).unwrap(), self.today);
        let mut tables: BTreeMap<Table, Cells> = BTreeMap::new();
        for population in Population::ALL {
            let cells = self.store.published_by_product(population, period).await.unwrap();
            for (product, Count { week, schema, value, is_other, number, senders }) in cells {
                self.numbers.extend([number, senders]);
                if population == Population::Authenticated {
                    let table = tables.entry((product, week, schema)).or_default();
                    table.push((value, is_other, number, senders));
                }
            }
        }
        for (table, cells) in tables {
            self.check(table, cells);
        }
    }

    fn check(&mut self, table: Table, mut cells: Cells) {
        let (product, week, schema) = table.clone();
        let real = |field: &str, word: &str| {
            let (product, schema) = (product.clone(), schema.clone());
            let key = (product, week, schema, field.to_owned(), word.to_owned());
            let senders = self.real.get(&key);
            let tokens: BTreeSet<u8> =
                senders.into_iter().flatten().map(|(group, _)| *group).collect();
            (senders.map_or(0, BTreeSet::len), tokens.len())
        };
        let floor = usize::try_from(FLOOR).unwrap();
        for (FieldWord { field, word }, is_other, ..) in &cells {
            let (_, tokens) = real(field, word);
            assert!(*is_other || tokens >= floor, "{table:?}: {tokens} tokens of {field} {word}");
        }
        // Each change is caused by a floor of senders who were not there before.
        let possible = real("", "").0 / floor;
        cells.sort();
        let (changes, last) = self.changes.entry(table.clone()).or_default();
        if *last != cells {
            (*changes, *last) = (*changes + 1, cells);
        }
        assert!(
            *changes <= possible,
            "{table:?} changed {changes} times, and may {possible} times"
        );
    }

    /// Makes a folder that has what is published, and nothing else of what was sent.
    pub(super) fn twin(&self) -> tempfile::TempDir {
        let twin = tempfile::tempdir().unwrap();
        let file = twin.path().join("telemetry.sqlite");
        let whole = Connection::open(self.folder.join("telemetry.sqlite")).unwrap();
        whole.execute("VACUUM INTO ?1", [file.to_str().unwrap()]).unwrap();
        let copy = Connection::open(file).unwrap();
        for sent in ["ktel_counts", "ktel_steps", "ktel_last", "ktel_records", "ktel_items"] {
            copy.execute(&format!("DELETE FROM {sent}"), []).unwrap();
        }
        copy.execute("DELETE FROM ktel_published WHERE is_shown = 0", []).unwrap();
        twin
    }
}
