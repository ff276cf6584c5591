//! What an agent has seen of every watched object: in memory, and in a file that outlives it.
//!
//! The file is a journal, one JSON line for each change. Opening it writes it anew, as a whole. A
//! change that makes an event is written with the event, and synced, before the event is handed to
//! delivery. Another line then says that all events before it were handed over. So a crash in between
//! loses nothing, and an event that is handed over again has the same key.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::lifecycle::{Event, Values, decide};
use crate::limits;
use ktel_delivery::private_file;

/// Names within the state directory.
const FILE: &str = "seen.jsonl";
const LOCK: &str = "lock";
const FORMAT: u32 = 1;

/// How a change came to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// In a list of all objects.
    Listed,
    /// As new, by a watch.
    Added,
    /// As changed, by a watch.
    Modified,
    Gone,
}

/// A kind that is watched: its name, and what identifies its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kind {
    pub(super) name: String,
    pub(super) digest: String,
}

/// An event that may not have been handed to delivery yet. Its key identifies a repetition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PendingEvent {
    pub(super) key: String,
    pub(super) kind: String,
    pub(super) event: Event,
}

/// The objects of one kind.
#[derive(Debug)]
struct Table {
    kind: Kind,
    objects: HashMap<u128, Arc<Values>>,
    /// Whether all objects were listed once: only then a new one is news.
    complete: bool,
    /// Whether some were not remembered: then an unknown one is no news.
    overflowed: bool,
}

/// Everything that was seen.
#[derive(Debug)]
pub(super) struct State {
    directory: Option<PathBuf>,
    journal: Option<File>,
    lines: usize,
    /// Whether lines with events may not be on the medium yet.
    unsynced: bool,
    holder: String,
    last_term: Option<i32>,
    stats_at: u64,
    tables: Vec<Table>,
    /// Equal values are kept once; most objects have the same.
    values: HashSet<Arc<Values>>,
    unsent: Vec<PendingEvent>,
    most: usize,
}

/// A directory that no other agent uses.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, never read")] File);

/// Why the state cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// The directory, or a file in it.
    #[error("use the state directory `{}`", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Head {
        format: u32,
        holder: String,
        last_term: Option<i32>,
        stats_at: u64,
    },
    Kind {
        kind: Kind,
        complete: bool,
        overflowed: bool,
    },
    Set {
        k: usize,
        u: String,
        v: Values,
        e: Option<PendingEvent>,
    },
    Gone {
        k: usize,
        u: String,
        e: Option<PendingEvent>,
    },
    Unsent {
        event: PendingEvent,
    },
    /// All events before this line were handed over.
    Sent,
    Stats {
        at: u64,
    },
    Term {
        number: i32,
    },
}

/// Takes a state directory for this process; `None` while another one has it.
pub(super) fn lock(directory: &Path) -> Result<Option<Lock>, Error> {
    let failed = |source| Error::Io { path: directory.to_owned(), source };
    private_file::create_directory(directory).map_err(failed)?;
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(directory.join(LOCK));
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

impl State {
    /// Begins with nothing, and keeps nothing on disk.
    pub(super) fn in_memory(kinds: Vec<Kind>) -> Self {
        let table = |kind| {
            let objects = HashMap::new();
            Table { kind, objects, complete: false, overflowed: false }
        };
        Self {
            directory: None,
            journal: None,
            lines: 0,
            unsynced: false,
            holder: ktel_destination::random_id(),
            last_term: None,
            stats_at: 0,
            tables: kinds.into_iter().map(table).collect(),
            values: HashSet::new(),
            unsent: Vec::new(),
            most: limits::WATCHED_OBJECTS_MAX,
        }
    }

    /// Reads what was seen before; what cannot be understood was not seen.
    pub(super) fn open(directory: &Path, kinds: Vec<Kind>) -> Result<Self, Error> {
        let failed = |source| Error::Io { path: directory.to_owned(), source };
        let mut state = Self::in_memory(kinds);
        state.directory = Some(directory.to_owned());
        let text = read(&directory.join(FILE)).map_err(failed)?;
        if let Some(text) = text
            && state.replay(&text).is_none()
        {
            let path = directory.join(FILE);
            tracing::warn!(path = %path.display(), "the state cannot be read and is begun anew");
            let kinds = state.tables.into_iter().map(|table| table.kind).collect();
            state = Self { directory: state.directory, ..Self::in_memory(kinds) };
        }
        state.rewrite().map_err(failed)?;
        Ok(state)
    }

    /// Follows a journal; `None` where it makes no sense. A last line that broke off never was.
    fn replay(&mut self, text: &str) -> Option<()> {
        let whole = text.rfind('\n').and_then(|end| text.get(..end))?;
        let mut lines = whole.lines();
        match serde_json::from_str(lines.next()?).ok()? {
            Line::Head { format: FORMAT, holder, last_term, stats_at } => {
                (self.holder, self.last_term, self.stats_at) = (holder, last_term, stats_at);
            }
            _ => return None,
        }
        // The place of each kind of the file among the kinds of today.
        let mut places: Vec<Option<usize>> = Vec::new();
        for line in lines {
            match serde_json::from_str(line).ok()? {
                Line::Head { .. } => return None,
                Line::Kind { kind, complete, overflowed } => {
                    let place = self.tables.iter().position(|table| table.kind == kind);
                    if let Some(table) = place.and_then(|place| self.tables.get_mut(place)) {
                        (table.complete, table.overflowed) = (complete, overflowed);
                    }
                    places.push(place);
                }
                Line::Set { k, u, v, e } => {
                    self.unsent.extend(e);
                    if let Some(place) = *places.get(k)? {
                        self.keep(place, u128::from_str_radix(&u, 16).ok()?, v);
                    }
                }
                Line::Gone { k, u, e } => {
                    self.unsent.extend(e);
                    if let Some(place) = *places.get(k)? {
                        let uid = u128::from_str_radix(&u, 16).ok()?;
                        self.tables.get_mut(place)?.objects.remove(&uid);
                    }
                }
                Line::Unsent { event } => self.unsent.push(event),
                Line::Sent => self.unsent.clear(),
                Line::Stats { at } => self.stats_at = at,
                Line::Term { number } => self.last_term = Some(number),
            }
        }
        Some(())
    }

    /// Names this agent to others that want to report.
    pub(super) fn holder(&self) -> &str {
        &self.holder
    }

    /// Gives the number of the term in which this agent reported last.
    pub(super) fn last_term(&self) -> Option<i32> {
        self.last_term
    }

    /// Gives when numbers were sent last, in seconds since 1970.
    pub(super) fn stats_at(&self) -> u64 {
        self.stats_at
    }

    /// Counts the events that may not have been handed over.
    pub(super) fn unsent_count(&self) -> usize {
        self.unsent.len()
    }

    /// Gives the events that may not have been handed over; from here on a crash does not lose them.
    pub(super) fn unsent(&mut self) -> Vec<PendingEvent> {
        if std::mem::take(&mut self.unsynced)
            && let Some(journal) = &mut self.journal
            && let Err(error) = journal.sync_data()
        {
            self.mend(&error);
        }
        self.unsent.clone()
    }

    /// Tells whether a kind was listed whole before, so that the next list is compared with it.
    pub(super) fn is_complete(&self, place: usize) -> bool {
        self.tables.get(place).is_some_and(|table| table.complete)
    }

    /// Forgets all objects: somebody else reported in the meantime.
    pub(super) fn begin_anew(&mut self) {
        for table in &mut self.tables {
            (table.complete, table.overflowed) = (false, false);
            table.objects.clear();
        }
        self.values.clear();
        self.compact();
    }

    /// Remembers the term.
    pub(super) fn begin_term(&mut self, number: i32) {
        self.last_term = Some(number);
        self.append(&Line::Term { number });
        self.unsynced = true;
    }

    /// Remembers that numbers were sent.
    pub(super) fn sent_stats(&mut self, at: u64) {
        self.stats_at = at;
        self.append(&Line::Stats { at });
    }

    /// Remembers that every event was handed over.
    pub(super) fn sent(&mut self) {
        self.unsent.clear();
        self.append(&Line::Sent);
    }

    /// Takes what was seen of an object, and gives the event that follows from it.
    pub(super) fn see(
        &mut self,
        place: usize,
        (uid, version): (&str, &str),
        seen: Seen,
        now: Option<Values>,
    ) -> Option<PendingEvent> {
        let id = number(uid);
        let full = self.tables.iter().map(|table| table.objects.len()).sum::<usize>() >= self.most;
        let table = self.tables.get_mut(place)?;
        let known = table.objects.get(&id).map(Arc::clone);
        if known.is_none() && now.is_none() {
            return None;
        }
        let news = match (seen, &known) {
            (Seen::Listed, None) => table.complete && !table.overflowed,
            (Seen::Modified, None) => false,
            _ => true,
        };
        let event = decide(known.as_deref(), now.as_ref()).filter(|_| news);
        if event.is_none() && known.as_deref() == now.as_ref() {
            return None;
        }
        let holder = &self.holder;
        let event = event.map(|event| {
            let key = key(holder, uid, version, &event);
            PendingEvent { key, kind: table.kind.name.clone(), event }
        });
        let u = format!("{id:032x}");
        let line = match now {
            Some(v) if known.is_some() || !full => {
                self.keep(place, id, v.clone());
                Line::Set { k: place, u, v, e: event.clone() }
            }
            Some(_) => {
                self.overflow(place);
                Line::Unsent { event: event.clone()? }
            }
            None => {
                self.tables.get_mut(place)?.objects.remove(&id);
                Line::Gone { k: place, u, e: event.clone() }
            }
        };
        self.unsent.extend(event.clone());
        // A first list is written whole at its end.
        if event.is_some() || self.is_complete(place) {
            self.append(&line);
        }
        self.unsynced |= event.is_some();
        event
    }

    /// Takes the end of a list: what it did not show is gone. Gives the events that follow.
    pub(super) fn end_list(&mut self, place: usize, listed: &HashSet<u128>) -> Vec<PendingEvent> {
        let Some(table) = self.tables.get_mut(place) else { return Vec::new() };
        let was_complete = std::mem::replace(&mut table.complete, true);
        if !was_complete {
            table.objects.retain(|id, _| listed.contains(id));
            self.compact();
            return Vec::new();
        }
        let gone: Vec<u128> =
            table.objects.keys().filter(|id| !listed.contains(id)).copied().collect();
        gone.into_iter()
            .filter_map(|id| {
                let uid = format!("{id:032x}");
                self.see(place, (&uid, ""), Seen::Gone, None)
            })
            .collect()
    }

    fn keep(&mut self, place: usize, id: u128, values: Values) {
        let values = match self.values.get(&values) {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared = Arc::new(values);
                self.values.insert(Arc::clone(&shared));
                shared
            }
        };
        if let Some(table) = self.tables.get_mut(place) {
            table.objects.insert(id, values);
        }
        // Values that no object has any more are dropped before they outnumber the objects.
        if self.values.len() > 2 * self.most {
            self.values.retain(|values| Arc::strong_count(values) > 1);
        }
    }

    fn overflow(&mut self, place: usize) {
        let most = self.most;
        if let Some(table) = self.tables.get_mut(place)
            && !std::mem::replace(&mut table.overflowed, true)
        {
            tracing::warn!(
                kind = table.kind.name,
                most,
                "too many objects: those beyond the limit are not followed"
            );
            self.compact();
        }
    }

    /// Writes a line behind the others; a disk that fails costs what a missing one would.
    fn append(&mut self, line: &Line) {
        let Some(journal) = &mut self.journal else { return };
        let mut text = serde_json::to_string(line).expect("a line always becomes JSON");
        text.push('\n');
        let written = journal.write_all(text.as_bytes());
        self.lines += 1;
        let objects: usize = self.tables.iter().map(|table| table.objects.len()).sum();
        match written {
            Ok(()) if self.lines > limits::STATE_LINES_MIN.max(2 * objects) => self.compact(),
            Ok(()) => {}
            // A line may have been cut in its middle: nothing may follow it.
            Err(error) => self.mend(&error),
        }
    }

    fn mend(&mut self, error: &io::Error) {
        tracing::error!(
            error = error as &dyn std::error::Error,
            "the state cannot be written; a restart may repeat events"
        );
        self.compact();
    }

    fn compact(&mut self) {
        if self.directory.is_none() {
            return;
        }
        self.values.retain(|values| Arc::strong_count(values) > 1);
        if let Err(error) = self.rewrite() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the state cannot be written; a restart may repeat events"
            );
            self.journal = None;
        }
    }

    fn rewrite(&mut self) -> io::Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let mut text = Vec::new();
        let mut line = |line: Line| {
            serde_json::to_writer(&mut text, &line).expect("a line always becomes JSON");
            text.push(b'\n');
        };
        let (holder, last_term, stats_at) = (self.holder.clone(), self.last_term, self.stats_at);
        line(Line::Head { format: FORMAT, holder, last_term, stats_at });
        for table in &self.tables {
            let Table { kind, complete, overflowed, objects: _ } = table;
            let (kind, complete, overflowed) = (kind.clone(), *complete, *overflowed);
            line(Line::Kind { kind, complete, overflowed });
        }
        for (k, table) in self.tables.iter().enumerate() {
            for (id, values) in &table.objects {
                let (u, v) = (format!("{id:032x}"), values.to_vec());
                line(Line::Set { k, u, v, e: None });
            }
        }
        for event in &self.unsent {
            line(Line::Unsent { event: event.clone() });
        }
        let path = directory.join(FILE);
        private_file::write(&path, &text)?;
        self.journal = Some(OpenOptions::new().append(true).open(path)?);
        self.lines = 0;
        Ok(())
    }
}

/// Reads the state; `None` where there is none. One that is too long is none of ours.
fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if fs::metadata(path)?.len() > limits::STATE_BYTES_MAX {
        return Ok(Some(String::new()));
    }
    let mut bytes = Vec::new();
    file.take(limits::STATE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Makes a number of a UID: its own where it is a UUID, else one of its digest.
pub(super) fn number(uid: &str) -> u128 {
    let digits: String = uid.chars().filter(|c| *c != '-').collect();
    if digits.len() == 32
        && let Ok(number) = u128::from_str_radix(&digits, 16)
    {
        return number;
    }
    let digest: [u8; 32] = Sha256::digest(uid.as_bytes()).into();
    let (half, _) = digest.split_first_chunk::<16>().expect("a digest is longer");
    u128::from_be_bytes(*half)
}

/// Makes the key by which a receiver finds a repetition; nothing can be read out of it.
///
/// The version of the object keeps apart two changes from one value to the same other.
fn key(holder: &str, uid: &str, version: &str, event: &Event) -> String {
    let mut digest = Sha256::new();
    for part in [holder, &format!("{:032x}", number(uid)), version, event.kind.word()] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.update(serde_json::to_vec(event).expect("an event always becomes JSON"));
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Locks a state that several tasks share.
pub(super) fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("no code panics while it holds this lock")
}

#[cfg(test)]
mod tests;
