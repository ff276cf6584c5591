//! What was made of a slice, sample by sample.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// What was made of a slice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Samples that were mapped: each is in a data point, or describes a resource.
    pub samples: u64,
    /// Those of them that describe a resource. They are in no data point.
    pub described: u64,
    /// Those of them whose attributes had to be shortened.
    pub shortened: u64,
    /// Data points that came of them.
    pub points: u64,
    /// Samples that were omitted, by reason.
    pub dropped: BTreeMap<MappingDrop, u64>,
}

/// Why a sample has no place in OTLP, or in what the receiver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MappingDrop {
    /// A histogram or summary without `_count`.
    NoCount,
    /// Counts of a histogram that are no whole numbers, fall from one bucket to the next, or differ from `_count`; or, where
    /// only differences are sent, a counter that is no number.
    BadCounts,
    /// A part of a histogram or summary that ended, or did not, while the others did not, or did.
    PartEnded,
    /// A gauge histogram, or a native histogram of floats.
    NoSuchKind,
    /// A data point that is longer than a request may be.
    TooLong,
    /// The receiver takes no summaries.
    NoSummaries,
    /// The receiver keeps one point a second.
    SameSecond,
    /// The first sample of a series, where only differences are sent.
    NoStart,
    /// An older sample, where only differences are sent: what was sent covers it.
    Covered,
    /// OTLP cannot write its time: it is not after 1970, or beyond the year 2554.
    NoTime,
    /// The series has more attributes than the receiver takes.
    TooManyAttributes,
}

impl MappingDrop {
    /// Gives the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoCount => "NoCount",
            Self::BadCounts => "BadCounts",
            Self::PartEnded => "PartEnded",
            Self::NoSuchKind => "NoSuchKind",
            Self::TooLong => "TooLong",
            Self::NoSummaries => "NoSummaries",
            Self::SameSecond => "SameSecond",
            Self::NoStart => "NoStart",
            Self::Covered => "Covered",
            Self::NoTime => "NoTime",
            Self::TooManyAttributes => "TooManyAttributes",
        }
    }
}

impl Tally {
    /// Adds what was made of another part.
    pub(crate) fn add(&mut self, other: Self) {
        self.samples += other.samples;
        self.points += other.points;
        self.described += other.described;
        self.shortened += other.shortened;
        for (reason, samples) in other.dropped {
            *self.dropped.entry(reason).or_default() += samples;
        }
    }

    pub(super) fn drop(&mut self, reason: MappingDrop, samples: usize) {
        if samples > 0 {
            *self.dropped.entry(reason).or_default() += samples as u64;
        }
    }

    pub(super) fn describe(&mut self, samples: usize) {
        self.samples += samples as u64;
        self.described += samples as u64;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.samples += other.samples;
        self.points += other.points;
        self.described += other.described;
        self.shortened += other.shortened;
        for (reason, samples) in other.dropped {
            *self.dropped.entry(reason).or_default() += samples;
        }
    }
}
