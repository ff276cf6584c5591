//! Reports that wait for their servers: one spool per server, so that none delays another.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ktel_delivery::courier::{self, Account, Clock};
use ktel_delivery::limits::HELD_PAUSE;
use ktel_delivery::spool::{self, Bounds, Cursor, Durability, Full, Id, Settings, Spool, Stored};
use ktel_delivery::{Parcel, Verdict, private_file};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::time::Instant;

use crate::address::receiver;
use crate::limits::LANES_MAX;
use crate::{Remote, Sender};

pub mod bundle;

/// What waits for one server. A report has about 2 kB: this is years of daily ones. A report that
/// finds no room is rejected, loudly, since somebody has to look after that server.
pub const SETTINGS: Settings = Settings {
    bounds: Bounds {
        bytes: 16 * 1024 * 1024,
        parcels: 1000,
        age: Duration::from_secs(90 * 24 * 60 * 60),
    },
    full: Full::RejectNew,
    durability: Durability::Synced,
};

/// A directory of lanes.
#[derive(Debug, Clone)]
pub struct Outbox {
    directory: PathBuf,
}

/// What waits for one server.
#[derive(Debug, Clone)]
pub struct Lane {
    name: String,
    /// The parcels.
    pub spool: Spool,
}

/// Why the outbox cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// Its directory.
    #[error("read the outbox `{}`", path.display())]
    Read {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing can be kept in it.
    #[error("write to the outbox `{}`", path.display())]
    Write {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A lane.
    #[error("use the outbox")]
    Spool {
        /// Why.
        #[from]
        source: spool::Error,
    },
}

/// Names a parcel for a person: its lane, and its number there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    lane: String,
    id: Id,
}

impl std::fmt::Display for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}-{}", self.lane, self.id)
    }
}

impl std::str::FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let no_name = || NoName { text: text.to_owned() };
        let (lane, id) = text.split_once('-').ok_or_else(no_name)?;
        let hex = lane.len() == LANE_DIGITS && lane.bytes().all(|byte| byte.is_ascii_hexdigit());
        // Why it is no number does not matter.
        let id = id.parse().map_err(|_| no_name())?;
        if hex { Ok(Self { lane: lane.to_owned(), id }) } else { Err(no_name()) }
    }
}

/// A word that names no parcel.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("no report `{text}` waits in the outbox")]
pub struct NoName {
    text: String,
}

/// The file that is written to try whether files can be written. It is no lane's name.
const PROBE: &str = ".writable";

/// Digits of a lane's name: two of 256 lanes have the same once in a hundred thousand outboxes.
const LANE_DIGITS: usize = 8;

impl Outbox {
    /// Names the outbox in a directory; nothing is touched yet.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Gives its directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Tries whether anything can be kept here.
    ///
    /// # Errors
    /// When a file cannot be written, as on a read-only disk.
    pub fn try_to_write(&self) -> Result<(), Error> {
        let path = self.directory.join(PROBE);
        let failed = |source| Error::Write { path: self.directory.clone(), source };
        private_file::write(&path, b"probe").map_err(failed)?;
        match fs::remove_file(&path) {
            // Another process tried at the same time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(failed),
        }
    }

    /// Gives the lane of a server. Another authority (`?ca=`), or another way to send the same, is the
    /// same server, so that what waits goes along.
    #[must_use]
    pub fn lane(&self, url: &str) -> Lane {
        self.lane_with(url, SETTINGS)
    }

    /// Gives the lane of a server, with its own bounds.
    #[must_use]
    pub fn lane_with(&self, url: &str, settings: Settings) -> Lane {
        let digest = Sha256::digest(receiver(url));
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.lane_in(digits.chars().take(LANE_DIGITS).collect(), settings)
    }

    fn lane_called(&self, name: String) -> Lane {
        self.lane_in(name, SETTINGS)
    }

    fn lane_in(&self, name: String, settings: Settings) -> Lane {
        let spool = Spool::in_directory(self.directory.join(&name), settings);
        Lane { name, spool }
    }

    /// Gives every lane that ever had something, in order of their names.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn lanes(&self) -> Result<Vec<Lane>, Error> {
        let failed = |source| Error::Read { path: self.directory.clone(), source };
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            // What is no lane of ours is left alone.
            names.extend(name.into_string().ok().filter(|name| name.len() == LANE_DIGITS));
        }
        names.sort();
        Ok(names.into_iter().take(LANES_MAX).map(|name| self.lane_called(name)).collect())
    }

    /// Gives everything that waits, oldest first within each lane.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn waiting(&self, now: Duration) -> Result<Vec<(Name, Stored)>, Error> {
        let mut waiting = Vec::new();
        for lane in self.lanes()? {
            waiting.extend(lane.waiting(now)?);
        }
        Ok(waiting)
    }

    /// Finds a parcel.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(&self, name: &Name, now: Duration) -> Result<Option<Stored>, Error> {
        let waiting = self.lane_called(name.lane.clone()).waiting(now)?;
        Ok(waiting.into_iter().find(|(known, _)| known == name).map(|(_, stored)| stored))
    }

    /// Drops a parcel; tells whether it waited.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn drop_one(&self, name: &Name) -> Result<bool, Error> {
        let lane = self.lane_called(name.lane.clone());
        Ok(lane.spool.drop_parcels(&[name.id], spool::Drop::Cleared)? > 0)
    }
}

impl Lane {
    /// Gives what waits, oldest first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn waiting(&self, now: Duration) -> Result<Vec<(Name, Stored)>, Error> {
        let mut cursor = Cursor::default();
        let mut waiting = Vec::new();
        while let Some(stored) = self.spool.next(&mut cursor, now)? {
            waiting.push((Name { lane: self.name.clone(), id: stored.id }, stored));
        }
        Ok(waiting)
    }
}

/// What has become of one report for one server.
#[derive(Debug)]
pub enum Fate {
    /// The server has it.
    Delivered,
    /// The server does not want it; it will not be tried again.
    Rejected {
        /// What the server says.
        message: String,
    },
    /// It waits in the outbox.
    Waits {
        /// What stood in the way last, if it was tried.
        message: Option<String>,
    },
    /// It was not delivered, and waits nowhere.
    Lost {
        /// What stood in the way.
        message: String,
    },
}

/// What a shipment to one server has come to.
#[derive(Debug)]
pub struct Shipment {
    /// The new report's fate.
    pub fate: Fate,
    /// How the parcels that waited before, and the new one, fared.
    pub account: Account,
    /// Why the report could not be kept on disk, if it should have been.
    pub not_kept: Option<spool::Error>,
}

fn paused(message: &str) -> String {
    let minutes = HELD_PAUSE.as_secs() / 60;
    format!("{message}; not tried again within {minutes} minutes, unless the configuration changes")
}

/// Ships a parcel to its server, behind what waits for it already, until the deadline; without an
/// outbox nothing is kept. What is held is left alone for a while ([`courier::deliver_due`]).
pub async fn ship(
    outbox: Option<&Outbox>,
    remote: &Remote,
    sender: &Sender,
    parcel: &Parcel,
    deadline: Instant,
    clock: Clock,
) -> Shipment {
    let now = (clock.now)();
    let lane = outbox.map(|outbox| outbox.lane(remote.url()).spool);
    let kept = lane.map(|spool| spool.push(parcel, now).map(|id| (spool, id)));
    let (kept, not_kept) = match kept {
        Some(Ok(kept)) => (Some(kept), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let on_disk = kept.is_some();
    let (spool, id) = kept.unwrap_or_else(|| {
        let spool = Spool::in_memory(SETTINGS);
        let id = spool.push(parcel, now).expect("a parcel that was made fits an empty spool");
        (spool, id)
    });
    let mut last = None;
    let mut fate = None;
    let account = match spool.deliver() {
        Ok(None) => {
            last = Some("another process delivers to this server at the moment".to_owned());
            Ok(Account::default())
        }
        Ok(Some(_delivering)) => {
            let observe = |stored: &Stored, verdict: &Verdict| {
                let mine = stored.id == id;
                match verdict {
                    Verdict::Rejected { message, .. } if mine => {
                        fate = Some(Fate::Rejected { message: message.clone() });
                    }
                    Verdict::Retry { message, .. } | Verdict::Held { message, .. } => {
                        last = Some(message.clone());
                    }
                    _ if mine => fate = Some(Fate::Delivered),
                    _ => {}
                }
            };
            courier::deliver_due(&spool, sender, deadline, clock, observe).await
        }
        Err(error) => Err(error),
    };
    let account = account.unwrap_or_else(|error| {
        last = Some(error.to_string());
        Account::default()
    });
    // Not tried: it is too early to try again what was held before.
    let last = last.or_else(|| account.held.as_ref().map(|held| paused(&held.message)));
    let message = last.unwrap_or_else(|| "no answer in time".to_owned());
    let fate = fate.unwrap_or(if on_disk {
        Fate::Waits { message: Some(message) }
    } else {
        Fate::Lost { message }
    });
    Shipment { fate, account, not_kept }
}
