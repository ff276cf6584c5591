//! A recorder that is off takes the same calls and no memory.

use std::alloc::System;

use jiff::Timestamp;
use ktel_usage::event::{Ending, Outcome, Version, Vocabulary};
use ktel_usage::recorder::{Fate, Recorder};
use ktel_usage::sink::NoSink;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn command(recorder: &Recorder) -> Fate {
    recorder.set_command("acme get apis");
    let ending = Ending { outcome: Outcome::Success, error_category: None, duration: None };
    recorder.finalize(ending, Timestamp::UNIX_EPOCH);
    recorder.disable();
    recorder.close()
}

fn allocations(recorder: impl FnOnce() -> Recorder) -> usize {
    let before = Region::new(ALLOCATOR);
    assert_eq!(command(&recorder()), Fate::None);
    before.change().allocations
}

fn main() {
    let vocabulary = Vocabulary::new("acme", ["get apis"]).expect("two words");
    let on = || Recorder::begin(vocabulary, "1.2.3", Version::One, Box::new(NoSink));
    assert!(allocations(on) > 0, "the counter counts nothing");
    assert_eq!(allocations(Recorder::off), 0);
}
