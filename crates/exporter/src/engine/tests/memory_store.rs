//! A store in memory.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktel_metricsql::Selector;
use tokio::time::sleep;

use super::{INTERVAL, now_millis};
use crate::engine::{Later, Query, Reads};
use crate::plan::Tenant;
use crate::slice::{Sample, Slice, SliceBuilder};
use crate::source::{Cuts, Evaluation, Metadata, Part, ReadError, Seen};
use crate::time::{Millis, Window};

/// A store that has a number of series, with a sample each 15 s since ever.
#[derive(Debug)]
pub(super) struct MemoryStore {
    pub(super) series: usize,
    /// How many names they share.
    pub(super) names: AtomicUsize,
    /// They differ by `le` only, as the buckets of one histogram.
    pub(super) alike: AtomicBool,
    /// Each lives for a minute, and another one follows.
    pub(super) churn: AtomicBool,
    /// Now many of them have samples, now few; they come in another order each time.
    pub(super) tide: AtomicBool,
    /// Types of metrics.
    pub(super) metadata: Mutex<Metadata>,
    /// What the next reads give instead.
    pub(super) faults: Mutex<Vec<ReadError>>,
    pub(super) is_down: Mutex<bool>,
    pub(super) reads: AtomicUsize,
    /// Samples that came late.
    pub(super) late: Mutex<Vec<Late>>,
}

/// The samples of a series in some time, which came at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Late {
    pub(super) series: usize,
    pub(super) window: Window,
    pub(super) came: Millis,
}

impl MemoryStore {
    pub(super) fn new(series: usize) -> Arc<Self> {
        Arc::new(Self {
            series,
            names: AtomicUsize::new(50),
            alike: AtomicBool::new(false),
            churn: AtomicBool::new(false),
            tide: AtomicBool::new(false),
            metadata: Mutex::default(),
            faults: Mutex::default(),
            is_down: Mutex::new(false),
            reads: AtomicUsize::new(0),
            late: Mutex::default(),
        })
    }

    /// Gives what was there at a moment. Above `bytes_max` it stops.
    pub(super) fn slice(
        &self,
        tenant: &str,
        wanted: Wanted<'_>,
        bytes_max: usize,
        at: Millis,
    ) -> SliceBuilder {
        let mut builder = SliceBuilder::new();
        let late = self.late.lock().unwrap().clone();
        let names: Vec<String> = (0..50).map(|index| self.name(index)).collect();
        for (index, life) in self.lives(wanted.window) {
            let name = &names[index % self.names.load(Ordering::Relaxed)];
            let instance = self.instance(index, life);
            if !wanted.has(name, &instance, tenant) {
                continue;
            }
            let is_there = |time: i64| life.contains(Millis(time)) && self.has(index, Millis(time));
            let first = life.start.0.div_euclid(INTERVAL) * INTERVAL;
            let times = (first..life.end.0).step_by(INTERVAL.unsigned_abs() as usize);
            if self.tide.load(Ordering::Relaxed) && !times.clone().any(is_there) {
                continue;
            }
            let own: Vec<&Late> = late.iter().filter(|late| late.series == index).collect();
            builder.begin();
            builder.label("__name__", name);
            let label = if self.alike.load(Ordering::Relaxed) { "le" } else { "instance" };
            builder.label(label, &instance);
            builder.label("tenant", tenant);
            for time in times.filter(|time| is_there(*time)).map(Millis) {
                let has_come =
                    own.iter().all(|late| !late.window.contains(time) || late.came <= at);
                if has_come {
                    builder.sample(Sample { time, value: value(index, time) });
                }
            }
            builder.end();
            if builder.bytes() > bytes_max {
                break;
            }
        }
        builder
    }

    /// Says whether a series has a sample at a time.
    pub(super) fn has(&self, index: usize, time: Millis) -> bool {
        let height = [7, 0, 3, 5, 1, 0, 6, 2, 4][(time.0 / 20_000 % 9) as usize];
        !self.tide.load(Ordering::Relaxed) || index % 8 <= height
    }

    /// Gives the series that there are in a window, and how much of it each lives in.
    fn lives(&self, window: Window) -> impl Iterator<Item = (usize, Window)> + use<> {
        let minute = Duration::from_secs(60);
        let mut starts = vec![window.start];
        if self.churn.load(Ordering::Relaxed) {
            let next = |start: &Millis| Some(start.align_down(minute) + minute);
            starts = std::iter::successors(Some(window.start), next)
                .take_while(|start| *start < window.end)
                .collect();
        }
        let ends: Vec<Millis> = starts.iter().skip(1).copied().chain([window.end]).collect();
        let series = self.series;
        let tide = self.tide.load(Ordering::Relaxed);
        let first = if tide { self.reads.load(Ordering::Relaxed) * 7919 } else { 0 };
        starts.into_iter().zip(ends).flat_map(move |(start, end)| {
            (0..series).map(move |index| ((index + first) % series, Window { start, end }))
        })
    }

    fn instance(&self, index: usize, life: Window) -> String {
        if self.churn.load(Ordering::Relaxed) {
            return format!("instance-{index}-{}", life.start.align_down(Duration::from_secs(60)));
        }
        format!("instance-{index}")
    }

    fn name(&self, index: usize) -> String {
        format!("metric_{:03}", index % self.names.load(Ordering::Relaxed))
    }
}

/// The value of a series at a time. It begins anew now and then.
pub(super) fn value(index: usize, time: Millis) -> f64 {
    (time.0 / INTERVAL % 1000) as f64 + index as f64
}

/// What a read of the store in memory wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) selectors: Option<&'w [Selector]>,
    pub(super) families: Option<&'w [String]>,
    pub(super) cuts: Option<&'w Cuts>,
    pub(super) window: Window,
}

impl<'w> Wanted<'w> {
    fn of(part: &'w Part, cuts: Option<&'w Cuts>, window: Window) -> Self {
        let Part { selectors, families } = part;
        Self { selectors: Some(selectors), families: families.as_deref(), cuts, window }
    }

    /// Wants everything.
    pub(super) fn all(window: Window) -> Self {
        Self { selectors: None, families: None, cuts: None, window }
    }

    fn has(&self, name: &str, instance: &str, tenant: &str) -> bool {
        let value = |label: &str| if label == "instance" { instance } else { "" };
        let labels = [("__name__", name), ("instance", instance), ("tenant", tenant)];
        let selects = |selectors: &[Selector]| selectors.iter().any(|one| one.matches(&labels));
        self.selectors.is_none_or(selects)
            && self.families.is_none_or(|families| families.iter().any(|family| family == name))
            && self.cuts.is_none_or(|cuts| cuts.hold(value))
    }
}

impl Reads for MemoryStore {
    fn read<'a>(
        &'a self,
        tenant: &'a Tenant,
        query: Query<'a>,
        window: Window,
        bytes_max: usize,
    ) -> Later<'a, Result<Slice, ReadError>> {
        Box::pin(async move {
            self.reads.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(20)).await;
            assert!(window.end <= now_millis() - Duration::from_secs(15), "it was read too early");
            if *self.is_down.lock().unwrap() {
                return Err(ReadError::Unavailable { message: "down".into() });
            }
            if let Some(fault) = self.faults.lock().unwrap().pop() {
                return Err(fault);
            }
            let (part, cuts) = match query {
                Query::Raw(part) => (part, None),
                Query::Cut(part, cuts) => (part, Some(cuts)),
                Query::Expression(evaluation) => {
                    return Ok(evaluated(&tenant.name, evaluation, window));
                }
            };
            let wanted = Wanted::of(part, cuts, window);
            let builder = self.slice(&tenant.name, wanted, bytes_max, now_millis());
            if builder.bytes() > bytes_max {
                return Err(ReadError::TooLarge { bytes_max, seen: Seen::of(&builder) });
            }
            Ok(builder.finish())
        })
    }

    fn families<'a>(
        &'a self,
        _: &'a Tenant,
        _: &'a Part,
        _: Window,
    ) -> Later<'a, Result<Vec<String>, ReadError>> {
        let names = self.series.min(self.names.load(Ordering::Relaxed));
        let names = (0..names).map(|index| self.name(index)).collect();
        Box::pin(std::future::ready(Ok(names)))
    }

    fn metadata<'a>(&'a self, _: &'a Tenant, _: usize) -> Later<'a, Result<Metadata, ReadError>> {
        Box::pin(std::future::ready(Ok(self.metadata.lock().unwrap().clone())))
    }

    fn count<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        cuts: &'a Cuts,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        let wanted = Wanted::of(part, Some(cuts), window);
        let found = self.slice(&tenant.name, wanted, usize::MAX, now_millis());
        let count = found.finish().samples() as u64;
        Box::pin(std::future::ready(Ok(count)))
    }

    fn series<'a>(
        &'a self,
        tenant: &'a Tenant,
        part: &'a Part,
        window: Window,
    ) -> Later<'a, Result<u64, ReadError>> {
        let wanted = Wanted::of(part, None, window);
        let found = self.slice(&tenant.name, wanted, usize::MAX, now_millis());
        Box::pin(std::future::ready(Ok(found.finish().len() as u64)))
    }

    fn now(&self) -> Later<'_, Result<Millis, ReadError>> {
        let down = *self.is_down.lock().unwrap();
        let error = ReadError::Unavailable { message: "down".into() };
        Box::pin(std::future::ready(if down { Err(error) } else { Ok(now_millis()) }))
    }
}

/// The sum of two series that an expression may want, at its instants.
fn evaluated(tenant: &str, evaluation: &Evaluation, window: Window) -> Slice {
    let mut builder = SliceBuilder::new();
    builder.begin();
    builder.label("tenant", tenant);
    let step = i64::try_from(evaluation.step.as_millis()).unwrap();
    let instants = (window.start.0..window.end.0).filter(|time| time % step == 0);
    for time in instants.map(Millis) {
        builder.sample(Sample { time, value: value(0, time) + value(1, time) });
    }
    builder.end();
    builder.finish()
}
