//! A source as its plan wants it, and what of it stays when the plan changes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::auditing::fingerprint;
use super::{RoleName, Source};
use crate::engine::audit::Audit;
use crate::engine::memory::Room;
use crate::engine::read::Learned;
use crate::engine::width::Width;
use crate::engine::world::World;
use crate::partition::Partition;
use crate::plan::{LateData, Selection, SourcePlan};
use crate::report::Audits;

/// Gives the lanes that a source has to each sink.
pub(super) fn roles(plan: &SourcePlan) -> Vec<RoleName> {
    let is_repaired =
        plan.late_data == LateData::Repair && matches!(plan.selection, Selection::Raw(_));
    let mut roles = vec![RoleName::New];
    roles.extend(plan.backfill.map(|_| RoleName::Older));
    roles.extend(is_repaired.then_some(RoleName::Late));
    roles
}

impl Source {
    pub(super) fn new(plan: &SourcePlan, world: &World, audits: Option<&Audits>) -> Self {
        let selection = fingerprint(&plan.selection);
        let audits =
            audits.filter(|audits| audits.of == selection && plan.late_data != LateData::Off);
        Self {
            plan: plan.clone(),
            width: Width::new(world.settings.window, step(plan)),
            learned: Learned::default(),
            partition: Partition::default(),
            room: Room::new(world.source_bytes),
            side_room: Room::new(world.source_bytes / 4),
            states: Vec::new(),
            failures: 0,
            not_before: None,
            error: None,
            errors: BTreeMap::new(),
            series: 0,
            points_each: 0,
            audit: audits.map_or_else(Audit::default, |audits| Audit::restored(&audits.pieces)),
            selection,
            is_selection_new: false,
            audit_not_before: None,
            late: 0,
        }
    }

    pub(super) fn with(mut self, plan: &SourcePlan, world: &World) -> Self {
        if step(&self.plan) != step(plan) {
            self.width = Width::new(world.settings.window, step(plan));
        }
        self.is_selection_new = self.plan.selection != plan.selection;
        if self.is_selection_new {
            // The error was about another question.
            (self.not_before, self.failures) = (None, 0);
            self.states.clear();
            (self.audit, self.selection) = (Audit::default(), fingerprint(&plan.selection));
        }
        if plan.late_data == LateData::Off {
            self.audit = Audit::default();
        }
        self.plan = plan.clone();
        self
    }
}

fn step(plan: &SourcePlan) -> Option<Duration> {
    match &plan.selection {
        Selection::Raw(_) => None,
        Selection::Expression { step, .. } => Some(*step),
    }
}
