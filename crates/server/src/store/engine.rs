//! The interface of both databases for the writer.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::Error;
use super::keep::{Expired, Forgotten};
use super::outcome::Appended;
use super::place::Place;
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::view::View;
use crate::audit::AuditEntry;
use crate::layout::Table;
use crate::publication::Publisher;
use crate::receipt::SigningKey;
use crate::record::Record;
use crate::token::TokenRecord;

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

    /// Writes records in one transaction: afterwards all of them are synced, or none is stored.
    pub(super) fn commit(&mut self, records: &[&Record]) -> Result<Vec<Appended>, Error> {
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

    /// Lets at most `most` tables take a step, and gives how many did. `days` are the first week that can
    /// still change, and today.
    pub(super) fn publish(
        &mut self,
        publisher: &Publisher,
        days: (i32, i32),
        most: usize,
    ) -> Result<usize, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.publish(publisher, days, most),
            Self::Postgres(postgres) => postgres.publish(publisher, days, most),
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

    pub(super) fn add_audit_entry(&mut self, entry: &AuditEntry) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.add_audit_entry(entry),
            Self::Postgres(postgres) => postgres.add_audit_entry(entry),
        }
    }

    /// Deletes the audit entries before a minute.
    pub(super) fn expire_audit(&mut self, before: i64) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.expire_audit(before),
            Self::Postgres(postgres) => postgres.expire_audit(before),
        }
    }

    pub(super) fn add_token(&mut self, token: &TokenRecord) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.add_token(token),
            Self::Postgres(postgres) => postgres.add_token(token),
        }
    }

    pub(super) fn remove_token(&mut self, token: &TokenRecord) -> Result<(), Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.remove_token(token),
            Self::Postgres(postgres) => postgres.remove_token(token),
        }
    }

    pub(super) fn tokens(&mut self) -> Result<Vec<TokenRecord>, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.tokens(),
            Self::Postgres(postgres) => postgres.tokens(),
        }
    }

    pub(super) fn key(&mut self, made: &SigningKey) -> Result<SigningKey, Error> {
        match self {
            Self::Sqlite(sqlite) => sqlite.key(made),
            Self::Postgres(postgres) => postgres.key(made),
        }
    }
}
