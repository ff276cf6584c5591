//! Values that are omitted because the schema does not allow them, counted by reason.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// Why a value was omitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The schema does not declare it.
    Undeclared,
    /// It does not have the type of its field.
    WrongType,
    /// Its field has expired.
    Expired,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Undeclared, Self::WrongType, Self::Expired];

    /// Names the reason as envelopes and metrics do.
    pub fn word(self) -> &'static str {
        match self {
            Self::Undeclared => "undeclared",
            Self::WrongType => "wrong_type",
            Self::Expired => "expired",
        }
    }
}

/// How many values were omitted, by reason. Their names are not kept, since they could identify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Omitted {
    undeclared: u64,
    wrong_type: u64,
    expired: u64,
}

impl Omitted {
    /// How many values were omitted for a reason.
    pub fn count(&self, reason: Reason) -> u64 {
        match reason {
            Reason::Undeclared => self.undeclared,
            Reason::WrongType => self.wrong_type,
            Reason::Expired => self.expired,
        }
    }

    /// Counts one more value.
    pub fn note(&mut self, reason: Reason) {
        let count = match reason {
            Reason::Undeclared => &mut self.undeclared,
            Reason::WrongType => &mut self.wrong_type,
            Reason::Expired => &mut self.expired,
        };
        *count = count.saturating_add(1);
    }

    /// Adds the counts of another section.
    pub fn add(&mut self, other: &Self) {
        self.undeclared = self.undeclared.saturating_add(other.undeclared);
        self.wrong_type = self.wrong_type.saturating_add(other.wrong_type);
        self.expired = self.expired.saturating_add(other.expired);
    }

    /// Whether no value was omitted.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The reasons that occurred and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        let counts = Reason::ALL.into_iter().map(|reason| (reason, self.count(reason)));
        counts.filter(|(_, count)| *count > 0)
    }
}

impl Serialize for Omitted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (reason, count) in self.iter() {
            map.serialize_entry(reason.word(), &count)?;
        }
        map.end()
    }
}
