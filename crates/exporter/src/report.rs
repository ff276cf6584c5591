//! What the engine says of an Exporter: the truth about delivery, for status, metrics and cursors.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::partition::Partition;
use crate::plan::ExporterId;
use crate::since::Since;
use crate::time::{Millis, Window};
use crate::widths::Widths;

mod audited;
mod reasons;

pub use audited::{Audited, Audits};
pub use reasons::{DropReason, SinkFault, SourceFault};

/// What the engine says of an Exporter.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Which.
    pub id: ExporterId,
    /// The generation of the plan that runs.
    pub generation: i64,
    /// The sources, in the order of the plan.
    pub sources: Vec<SourceReport>,
    /// The lanes: one for each sink and each of its sources.
    pub lanes: Vec<LaneReport>,
    /// The lanes that send older data beside the new, as source `name/backfill`. Their lag is what is left of it.
    pub backfills: Vec<LaneReport>,
    /// The lanes that send what came late, as source `name/late`. They have no cursor.
    pub repairs: Vec<LaneReport>,
}

impl Report {
    /// Gives all lanes, those of older and of late data too.
    pub fn all_lanes(&self) -> impl Iterator<Item = &LaneReport> {
        self.lanes.iter().chain(&self.backfills).chain(&self.repairs)
    }

    /// Says whether a lane waits until cursors are saved.
    #[must_use]
    pub fn waits_for_save(&self) -> bool {
        self.all_lanes().any(|lane| lane.waits_for_save)
    }
}

/// What the engine says of a source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceReport {
    /// Its name.
    pub name: String,
    /// The error of the last read; none if it succeeded.
    pub error: Option<Problem>,
    /// Series in the window that was read last.
    pub series: u64,
    /// Samples that came after their window was read.
    pub late: u64,
    /// What was read lately, for the audit of late samples.
    pub audits: Audits,
    /// How often it could not be read, by reason.
    pub errors: BTreeMap<SourceFault, u64>,
}

/// What the engine says of a lane: one source on its way to one sink.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LaneReport {
    /// The source's name.
    pub source: String,
    /// The sink's name.
    pub sink: String,
    /// All before this moment was acknowledged, rejected or dropped, and is not read again.
    pub cursor: Option<Millis>,
    /// How wide its windows are from there on.
    pub widths: Widths,
    /// How those are divided that are too large to be read at once.
    pub parts: Since<Partition>,
    /// It goes on when cursor, widths and parts are saved.
    pub waits_for_save: bool,
    /// How far behind the newest complete window it is.
    pub lag: Duration,
    /// What it is doing.
    pub state: LaneState,
    /// How many points went where, since the engine began.
    pub points: Points,
    /// The last error, until a request succeeds.
    pub error: Option<Problem>,
    /// When the next attempt is made, if it waits for one.
    pub next_attempt: Option<Millis>,
    /// What was not delivered, newest last, bounded.
    pub gaps: Vec<Gap>,
    /// Points that were dropped, by reason: their sum is [`Points::dropped`].
    pub drops: BTreeMap<DropReason, u64>,
    /// Requests that did not succeed, by reason.
    pub errors: BTreeMap<SinkFault, u64>,
}

/// What a lane is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LaneState {
    /// It has not sent yet.
    #[default]
    Starting,
    /// Requests are acknowledged.
    Delivering,
    /// The last request failed; it tries again.
    Retrying,
    /// The attempts are used up; it tries at the longest pause.
    Exhausted,
    /// Credentials or address are wrong; it waits for a change, or tries now and then.
    Held,
    /// The Exporter is suspended.
    Suspended,
}

/// How many points went where. `read = acknowledged + rejected + dropped + in_flight`, at all times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Points {
    /// Read from the store for this lane: points that were encoded, and samples that have no place in OTLP.
    pub read: u64,
    /// In requests that were sent, repeats included.
    pub sent: u64,
    /// In requests that the receiver acknowledged.
    pub acknowledged: u64,
    /// Rejected by the receiver.
    pub rejected: u64,
    /// Dropped here, by a rule of the plan or of the mapping.
    pub dropped: u64,
    /// Read and not settled yet.
    pub in_flight: u64,
}

impl Points {
    /// Gives by how much the account is off. It must be 0.
    #[must_use]
    pub fn conservation_error(&self) -> i128 {
        let settled = [self.acknowledged, self.rejected, self.dropped, self.in_flight];
        i128::from(self.read) - settled.iter().map(|&points| i128::from(points)).sum::<i128>()
    }
}

/// An error, as text that is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A word for machines, in the form of a condition's reason, such as `Unauthorized`.
    pub reason: &'static str,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The text, cleaned and cut.
    pub message: String,
    /// When.
    pub time: Millis,
}

/// Points that were not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Of which time.
    pub window: Window,
    /// Why, in the form of a condition's reason.
    pub reason: &'static str,
    /// How many.
    pub points: u64,
}

impl Problem {
    /// Makes one of a text that may come from a receiver or a store: it is cleaned and cut.
    #[must_use]
    pub fn new(reason: &'static str, status: Option<u16>, message: &str, time: Millis) -> Self {
        Self { reason, status, message: cleaned(message), time }
    }
}

/// Makes a text safe to show: without characters that control a terminal or the direction of text, and cut to
/// [`MESSAGE_BYTES_MAX`](crate::limits::MESSAGE_BYTES_MAX).
#[must_use]
pub fn cleaned(text: &str) -> String {
    let mut clean = String::new();
    for letter in text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter }) {
        if letter.is_control() || is_format(letter) {
            continue;
        }
        if clean.len() + letter.len_utf8() > crate::limits::MESSAGE_BYTES_MAX {
            break;
        }
        clean.push(letter);
    }
    clean
}

/// Whether a character is invisible and changes how others are shown.
const fn is_format(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
