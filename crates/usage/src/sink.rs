//! Where an event goes when its command ends.
//!
//! The default is [`SpoolSink`]: one append to a file; an upload is another process. Embedders
//! implement [`Sink`] for others.

use std::fmt;
use std::io;
use std::time::Duration;

use ktel_delivery::Parcel;
use ktel_delivery::spool::{self, Bounds, Durability, Full, Settings, Spool};
use serde_json::{Map, Value};

use crate::event::Event;
use crate::limits::{WAITING_AGE_MAX, WAITING_BYTES_MAX, WAITING_EVENTS_MAX};

mod file;
#[cfg(feature = "upload")]
mod remote;

pub use file::FileSink;
#[cfg(feature = "upload")]
pub use remote::RemoteSink;

/// The spool of events that wait for an upload.
pub const SPOOL: Settings = Settings {
    bounds: Bounds { bytes: WAITING_BYTES_MAX, parcels: WAITING_EVENTS_MAX, age: WAITING_AGE_MAX },
    full: Full::DropOldest,
    // A command never waits for a disk. A crash of the machine may lose the last events.
    durability: Durability::Written,
};

/// An event in its JSON form.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    fields: Map<String, Value>,
    json: String,
    time: Duration,
}

impl Record {
    /// Renders an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self::new(event.raw(), event.since_epoch())
    }

    /// Renders the fields of an event that was checked against its schema.
    #[must_use]
    pub fn new(fields: Map<String, Value>, time: Duration) -> Self {
        let json = serde_json::to_string(&fields).expect("maps with string keys become JSON");
        Self { fields, json, time }
    }

    /// Gives its fields.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// Gives it as one line of JSON, without a line break.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// Takes events. Best effort: an error neither ends the command nor is shown.
pub trait Sink: fmt::Debug + Send {
    /// Takes one event.
    ///
    /// # Errors
    /// When the event is lost.
    fn emit(&mut self, record: &Record) -> io::Result<()>;

    /// Says whether [`emit`](Self::emit) always returns at once. If not, a thread calls it, and the
    /// command waits for it only within its budget.
    fn is_immediate(&self) -> bool {
        true
    }
}

/// Drops every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSink;

impl Sink for NoSink {
    fn emit(&mut self, _record: &Record) -> io::Result<()> {
        Ok(())
    }
}

/// Appends to a spool.
#[derive(Debug, Clone)]
pub struct SpoolSink {
    spool: Spool,
}

impl SpoolSink {
    /// Uses the spool in a directory. The first event creates it.
    #[must_use]
    pub fn in_directory(path: impl Into<std::path::PathBuf>) -> Self {
        Self { spool: Spool::in_directory(path, SPOOL) }
    }
}

impl Sink for SpoolSink {
    fn emit(&mut self, record: &Record) -> io::Result<()> {
        let parcel = Parcel {
            to: String::new(),
            key: String::new(),
            content_type: String::new(),
            body: record.json.clone().into(),
        };
        match self.spool.push(&parcel, record.time) {
            Ok(_) => Ok(()),
            Err(spool::Error::Disk { source, .. }) => Err(source),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

/// Gives every event to several sinks, also if one of them fails.
#[derive(Debug, Default)]
pub struct MultiSink {
    sinks: Vec<Box<dyn Sink>>,
}

impl MultiSink {
    /// Joins sinks.
    #[must_use]
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        Self { sinks }
    }
}

impl Sink for MultiSink {
    fn emit(&mut self, record: &Record) -> io::Result<()> {
        let results: Vec<_> = self.sinks.iter_mut().map(|sink| sink.emit(record)).collect();
        results.into_iter().collect()
    }

    fn is_immediate(&self) -> bool {
        self.sinks.iter().all(|sink| sink.is_immediate())
    }
}

#[cfg(test)]
mod tests {
    use super::{FileSink, MultiSink, Record, Sink, SpoolSink, io};
    use crate::event::Event;

    #[derive(Debug)]
    struct Broken;

    impl Sink for Broken {
        fn emit(&mut self, _record: &Record) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    fn record() -> Record {
        Record::of(&Event::new("2026-05-12T14:30:45Z".parse().unwrap(), "0.4.0", "plan"))
    }

    #[test]
    fn every_sink_gets_the_event_also_if_one_fails() {
        let directory = tempfile::tempdir().unwrap();
        let (file, spool) = (directory.path().join("debug.jsonl"), directory.path().join("spool"));
        let mut sink = MultiSink::new(vec![
            Box::new(Broken),
            Box::new(FileSink::new(&file)),
            Box::new(SpoolSink::in_directory(&spool)),
        ]);
        assert!(sink.emit(&record()).is_err(), "one of them failed");
        let line = std::fs::read_to_string(&file).unwrap();
        assert_eq!(line, format!("{}\n", record().json()));
        assert!(spool.read_dir().unwrap().count() > 0);
    }

    #[test]
    fn a_file_of_events_stays_within_its_limit() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("debug.jsonl");
        let mut sink = FileSink::new(&file).bounded(1000);
        for _ in 0..100 {
            sink.emit(&record()).unwrap();
        }
        let bytes = |path: &std::path::Path| std::fs::metadata(path).unwrap().len();
        assert!(bytes(&file) <= 1000 && bytes(&directory.path().join("debug.jsonl.1")) <= 1000);
        assert_eq!(directory.path().read_dir().unwrap().count(), 2);
    }
}
