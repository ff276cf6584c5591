//! What an Exporter that runs has: sources, sinks, lanes, and windows that are being read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::credentials::Credentials;
use crate::cursor::Cursors;
use crate::engine::audit::{Audit, Repair};
use crate::engine::kept::KeptState;
use crate::engine::memory::Room;
use crate::engine::read::Learned;
use crate::engine::seams::Sends;
use crate::engine::width::Width;
use crate::lane::{Bucket, Lane};
use crate::mapping::Shape;
use crate::partition::Partition;
use crate::plan::{SinkPlan, SourcePlan};
use crate::report::{Problem, SourceFault};
use crate::since::Since;
use crate::time::{Millis, Window};
use crate::widths::Widths;

/// A source and what was learned about it.
pub(super) struct Source {
    pub(super) plan: SourcePlan,
    pub(super) width: Width,
    pub(super) learned: Learned,
    /// How the window was divided that was read last, for repairs.
    pub(super) partition: Partition,
    /// Memory of the lanes that read together, and of those that are behind.
    pub(super) room: Room,
    pub(super) side_room: Room,
    pub(super) states: Vec<Differences>,
    pub(super) failures: u32,
    pub(super) not_before: Option<Instant>,
    pub(super) error: Option<Problem>,
    pub(super) errors: BTreeMap<SourceFault, u64>,
    pub(super) series: u64,
    /// Points of a window of the least width, as it was read last.
    pub(super) points_each: u64,
    pub(super) audit: Audit,
    /// Says what is selected: the audit is about that.
    pub(super) selection: u64,
    /// The last plan selects something else than the one before.
    pub(super) is_selection_new: bool,
    /// A count is under way, or failed: there is no other one before.
    pub(super) audit_not_before: Option<Instant>,
    pub(super) late: u64,
}

impl Source {
    /// Says how many windows a lane reads at once from a moment on though it is not behind.
    pub(super) fn collected(&self, route: &Route, from: Millis) -> u32 {
        match route.role {
            Role::New => {
                let now = route.widths.at(from, self.width.base());
                self.width.collected(&route.shape.batch, self.points_each, now)
            }
            Role::Older(_) | Role::Late(_) => 1,
        }
    }
}

/// What differences need, for lanes of a shape whose windows begin between two moments.
pub(super) struct Differences {
    pub(super) shape: Shape,
    pub(super) from: Millis,
    pub(super) until: Millis,
    /// The windows of that time that were read.
    pub(super) windows: Vec<Window>,
    /// None while a read has it.
    pub(super) state: Option<KeptState>,
}

/// A sink and how it is reached.
pub(super) struct Sink {
    pub(super) plan: SinkPlan,
    pub(super) credentials: Arc<Credentials>,
    pub(super) sends: Option<Arc<dyn Sends>>,
    /// Counts the senders that there were.
    pub(super) epoch: u64,
    pub(super) bucket: Bucket,
    /// The lane that sent last: the others are next.
    pub(super) last: u64,
}

/// A lane and where it leads.
pub(super) struct Route {
    pub(super) source: usize,
    pub(super) sink: usize,
    pub(super) shape: Shape,
    pub(super) role: Role,
    pub(super) lane: Lane,
    /// How wide its windows are, from its cursor on.
    pub(super) widths: Widths,
    /// How those are divided that are too large to be read at once.
    pub(super) parts: Since<Partition>,
    /// An earlier run may have sent windows that begin before this.
    pub(super) sent_until: Millis,
    /// It would read if its cursor and widths were saved.
    pub(super) waits_for_save: bool,
}

/// What a lane sends.
pub(super) enum Role {
    /// Data as it comes.
    New,
    /// Older data, beside the new.
    Older(Older),
    /// What came late.
    Late(Late),
}

impl Role {
    /// Names the lanes of a source that have this role, as cursors do.
    pub(super) fn lane_of(&self, source: &str) -> String {
        match self {
            Self::New => source.to_owned(),
            Self::Older(_) => Cursors::backfill(source),
            Self::Late(_) => Cursors::late(source),
        }
    }
}

/// Names a role, where lanes are compared with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RoleName {
    New,
    Older,
    Late,
}

impl Route {
    /// Gives how a window is divided that begins at a moment.
    pub(super) fn partition(&self, start: Millis) -> Partition {
        self.parts.at(start).cloned().unwrap_or_default()
    }

    pub(super) fn name(&self) -> RoleName {
        match self.role {
            Role::New => RoleName::New,
            Role::Older(_) => RoleName::Older,
            Role::Late(_) => RoleName::Late,
        }
    }

    pub(super) fn is_new(&self) -> bool {
        matches!(self.role, Role::New)
    }
}

/// What came late and is still to be sent.
#[derive(Default)]
pub(super) struct Late {
    pub(super) todo: VecDeque<Arc<Repair>>,
    /// The first of them is being sent.
    pub(super) is_begun: bool,
}

/// Older data: until when, and how fast.
pub(super) struct Older {
    pub(super) until: Millis,
    pub(super) bucket: Bucket,
}

/// A window that is being read.
pub(super) struct Read {
    pub(super) id: u64,
    pub(super) source: usize,
    pub(super) shape: Shape,
    pub(super) window: Window,
    pub(super) is_repair: bool,
    /// Says what is read, as [`Source::selection`] does.
    pub(super) selection: u64,
    pub(super) members: Vec<u64>,
    pub(super) blocked: Arc<Mutex<Option<Instant>>>,
    /// It waits until another partition is saved.
    pub(super) go_on: Option<oneshot::Sender<()>>,
    pub(super) task: AbortHandle,
}
