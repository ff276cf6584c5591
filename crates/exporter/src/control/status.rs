//! What the control plane says of itself: to the health endpoint and to metrics.

use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::Engine;

/// What this replica does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// It has not asked for the lease yet.
    #[default]
    Starting,
    /// Another replica leads.
    StandingBy,
    /// It leads.
    Leading,
}

/// What the control plane says of itself. Clones say the same.
#[derive(Debug, Clone, Default)]
pub struct Status(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    engine: Option<Arc<Engine>>,
}

impl Status {
    /// Gives what this replica does.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.lock().phase
    }

    /// Gives the engine, while it leads.
    #[must_use]
    pub fn engine(&self) -> Option<Arc<Engine>> {
        self.lock().engine.clone()
    }

    pub(super) fn stands_by(&self) {
        *self.lock() = State { phase: Phase::StandingBy, engine: None };
    }

    pub(super) fn leads(&self, engine: &Arc<Engine>) {
        *self.lock() = State { phase: Phase::Leading, engine: Some(Arc::clone(engine)) };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // What panicked did not leave the state half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
