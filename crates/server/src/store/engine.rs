//! The databases behind one face: what a writer asks of them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::sqlite::Sqlite;
use super::{Error, Place, Stored, View};
use crate::layout::Table;
use crate::record::Record;
use crate::token::Stamp;

/// A connection that writes.
#[derive(Debug)]
pub(super) enum Engine {
    Sqlite(Sqlite),
}

impl Engine {
    pub(super) fn open(place: &Place, tables: &[Arc<Table>]) -> Result<Self, Error> {
        Ok(match place {
            Place::Folder(folder) => Self::Sqlite(Sqlite::open(folder, tables)?),
        })
    }

    /// Writes records in one transaction; when this returns they are synced, or none is there.
    pub(super) fn commit(&mut self, records: &[&Record]) -> Result<Vec<Stored>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.commit(records),
        }
    }

    pub(super) fn probe(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.probe(),
        }
    }

    pub(super) fn rows(&mut self, view: &View) -> Result<Vec<Map<String, Value>>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.rows(view),
        }
    }

    pub(super) fn add_token(&mut self, stamp: &Stamp) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.add_token(stamp),
        }
    }

    pub(super) fn tokens(&mut self) -> Result<Vec<Stamp>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.tokens(),
        }
    }
}
