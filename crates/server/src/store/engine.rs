//! The databases behind one face: what a writer asks of them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::keep::{Expired, Forgotten};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{Error, Place, Stored, View};
use crate::audit::Look;
use crate::layout::Table;
use crate::receipt::Key;
use crate::record::Record;
use crate::token::Stamp;

/// A connection that writes.
#[derive(Debug)]
pub(super) enum Engine {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

impl Engine {
    pub(super) fn open(place: &Place, tables: &[Arc<Table>]) -> Result<Self, Error> {
        Ok(match place {
            Place::Folder(folder) => Self::Sqlite(Sqlite::open(folder, tables)?),
            Place::Postgres(config) => Self::Postgres(Box::new(Postgres::open(config, tables)?)),
        })
    }

    /// Writes records in one transaction; when this returns they are synced, or none is there.
    pub(super) fn commit(&mut self, records: &[&Record]) -> Result<Vec<Stored>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.commit(records),
            Self::Postgres(postgres) => postgres.commit(records),
        }
    }

    pub(super) fn probe(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.probe(),
            Self::Postgres(postgres) => postgres.probe(),
        }
    }

    pub(super) fn expire(&mut self, today: i32) -> Result<Expired, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.expire(today),
            Self::Postgres(postgres) => postgres.expire(today),
        }
    }

    pub(super) fn forget(&mut self, installation: &str) -> Result<Forgotten, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.forget(installation),
            Self::Postgres(postgres) => postgres.forget(installation),
        }
    }

    pub(super) fn rows(&mut self, view: &View) -> Result<Vec<Map<String, Value>>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.rows(view),
            Self::Postgres(postgres) => postgres.rows(view),
        }
    }

    pub(super) fn look(&mut self, look: &Look) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.look(look),
            Self::Postgres(postgres) => postgres.look(look),
        }
    }

    /// Forgets who looked before a minute.
    pub(super) fn expire_looks(&mut self, before: i64) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.expire_looks(before),
            Self::Postgres(postgres) => postgres.expire_looks(before),
        }
    }

    pub(super) fn add_token(&mut self, stamp: &Stamp) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.add_token(stamp),
            Self::Postgres(postgres) => postgres.add_token(stamp),
        }
    }

    pub(super) fn remove_token(&mut self, stamp: &Stamp) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.remove_token(stamp),
            Self::Postgres(postgres) => postgres.remove_token(stamp),
        }
    }

    pub(super) fn tokens(&mut self) -> Result<Vec<Stamp>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.tokens(),
            Self::Postgres(postgres) => postgres.tokens(),
        }
    }

    pub(super) fn key(&mut self, made: &Key) -> Result<Key, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.key(made),
            Self::Postgres(postgres) => postgres.key(made),
        }
    }
}
