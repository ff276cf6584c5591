//! Parcels that left a spool without having been delivered, counted by reason.

use std::collections::BTreeMap;
use std::io;

use super::disk::Disk;
use crate::limits::DROPS_FILE_BYTES_MAX;

const FILE: &str = "drops";

/// Why a parcel was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drop {
    /// The spool was full.
    Full,
    /// It was too old.
    Expired,
    /// It cannot be read from the disk.
    Damaged,
    /// Its receiver rejected it.
    Rejected,
    /// The user cleared the spool.
    Cleared,
}

impl Drop {
    const ALL: [Self; 5] =
        [Self::Full, Self::Expired, Self::Damaged, Self::Rejected, Self::Cleared];

    /// Gives the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Expired => "expired",
            Self::Damaged => "damaged",
            Self::Rejected => "rejected",
            Self::Cleared => "cleared",
        }
    }
}

/// How many parcels were dropped, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drops(BTreeMap<Drop, u64>);

impl Drops {
    /// Gives the count for one reason.
    #[must_use]
    pub fn of(&self, why: Drop) -> u64 {
        self.0.get(&why).copied().unwrap_or_default()
    }

    /// Gives every reason that ever occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Drop, u64)> {
        self.0.iter().map(|(why, parcels)| (*why, *parcels))
    }

    pub(super) fn load(disk: &dyn Disk) -> io::Result<Self> {
        let bytes = match disk.read(FILE, 0, DROPS_FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        // A count that a crash garbled begins at 0 again. No parcel is affected.
        let text = String::from_utf8_lossy(&bytes);
        let count = |line: &str| {
            let (word, parcels) = line.split_once(' ')?;
            let why = Drop::ALL.into_iter().find(|why| why.word() == word)?;
            Some((why, parcels.parse().ok()?)) // garbled, as above
        };
        Ok(Self(text.lines().filter_map(count).collect()))
    }

    pub(super) fn add(disk: &dyn Disk, why: Drop, parcels: u64) -> io::Result<()> {
        if parcels == 0 {
            return Ok(());
        }
        let mut drops = Self::load(disk)?;
        *drops.0.entry(why).or_default() += parcels;
        let line = |(why, parcels): (Drop, u64)| format!("{} {parcels}\n", why.word());
        let text: String = drops.iter().map(line).collect();
        disk.replace(FILE, text.as_bytes())
    }
}
