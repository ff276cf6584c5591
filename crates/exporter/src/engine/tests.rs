//! The engine beside a store and sinks in memory, in simulated time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ktel_delivery::courier::Clock;
use ktel_delivery::verdict::{Trouble, Verdict};
use ktel_testkit::otlp_series::{Labels, Samples};
use tokio::time::{Instant, sleep};

use super::{Engine, Settings};
use crate::credentials::Credentials;
use crate::cursor::Cursors;
use crate::plan::{
    Authentication, LateData, Plan, RatePlan, Selection, SinkPlan, SourcePlan, Temporality,
};
use crate::report::LaneState;
use crate::sink::Judgement;
use crate::source::ReadError;
use crate::time::{Millis, Window};

use memory_sinks::{MemorySink, held, retry};
use memory_store::{Late, value};
use planned::{plan, sink, source};
use scene::{Scene, settings};

mod differences;
mod kills;
mod late;
mod memory_sinks;
mod memory_store;
mod outage;
mod planned;
mod plans;
mod scene;
mod sinks;
mod size;
mod too_many_series;

/// The simulation begins at a minute.
const BEGIN: i64 = 1_800_000_000_000;
const HOUR: Duration = Duration::from_secs(3600);
/// Each series has a sample each 15 s.
const INTERVAL: i64 = 15_000;

thread_local! {
    static STARTED: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
}

/// The time of day, as far as the simulation has come.
fn now() -> Duration {
    let started = STARTED.with(|started| match started.get() {
        Some(at) => at,
        None => {
            started.set(Some(Instant::now()));
            Instant::now()
        }
    });
    Duration::from_millis(BEGIN.unsigned_abs()) + started.elapsed()
}

fn now_millis() -> Millis {
    Millis(i64::try_from(now().as_millis()).unwrap())
}

fn clock() -> Clock {
    Clock { now, jitter: || 0.5 }
}
