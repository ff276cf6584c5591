//! What was read of a source, as it survives a restart.

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// What was read of a source, for the audit of late samples.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Audits {
    /// Says what the source selected: numbers about another selection are of no use.
    pub of: u64,
    /// The pieces of time, in order.
    pub pieces: Vec<Audited>,
}

/// How many samples were read of a piece of time. It is written as an array, since there are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Numbers", into = "Numbers")]
pub struct Audited {
    /// Where the piece begins.
    pub start: Millis,
    /// How long it is.
    pub seconds: u32,
    /// Until where it was read.
    pub until: Millis,
    /// Samples that were read, without stale markers.
    pub samples: u64,
    /// How many counts were made of it.
    pub counted: u8,
}

type Numbers = (Millis, u32, Millis, u64, u8);

impl From<Numbers> for Audited {
    fn from((start, seconds, until, samples, counted): Numbers) -> Self {
        Self { start, seconds, until, samples, counted }
    }
}

impl From<Audited> for Numbers {
    fn from(Audited { start, seconds, until, samples, counted }: Audited) -> Self {
        (start, seconds, until, samples, counted)
    }
}
