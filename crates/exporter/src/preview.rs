//! Says what an Exporter would deliver. Nothing is sent, and nothing that could send is made.
//!
//! ```text
//! store --windows, part by part--> Reading --Slice--> Measure: series and samples by metric, and for each sink
//!                                                     what the engine's mapping, batches and codecs make of them
//! ```
//!
//! *Guarantees.* All figures are of windows that were read whole. What is read is bounded by bytes, series, windows and time;
//! memory by one part of a window, its batches, and a hash of each series.

use std::time::Duration;

use crate::engine::Reads;
use crate::engine::width::Width;
use crate::limits::{PREVIEW_BYTES_MAX, PREVIEW_OVER, PREVIEW_SERIES_MAX, PREVIEW_WINDOWS_MAX};
use crate::mapping::Shape;
use crate::plan::{Plan, Selection, SinkPlan, SourcePlan};
use crate::settings::Settings;
use crate::slice::Slice;
use crate::time::Window;

mod examples;
mod measure;
mod reading;
mod remarks;
mod stop;

pub use measure::{Encoded, Figures, MetricFigures};
pub use remarks::{Remark, remarks};
pub use stop::{Cut, Failure};

use measure::Measure;
use reading::Reading;
use stop::Stop;

/// How much a preview may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The time that it looks at; rounded up to whole windows.
    pub over: Duration,
    /// How long it may take for a source.
    pub within: Duration,
    /// Bytes of series and samples that are read of a source.
    pub bytes_max: u64,
    /// Series of a source that are told apart.
    pub series_max: usize,
}

impl Budget {
    /// Takes at most so long for a source.
    #[must_use]
    pub const fn within(within: Duration) -> Self {
        Self {
            over: PREVIEW_OVER,
            within,
            bytes_max: PREVIEW_BYTES_MAX,
            series_max: PREVIEW_SERIES_MAX,
        }
    }
}

/// What a source would deliver.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePreview {
    /// The windows that were read, joined.
    pub window: Window,
    /// How many they are.
    pub windows: u32,
    /// Why there are not more, if there should be.
    pub cut: Option<Cut>,
    /// Series and samples.
    pub figures: Figures,
    /// What each sink would get of them.
    pub sinks: Vec<SinkPreview>,
}

/// What a sink would get of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkPreview {
    /// Its index in the plan.
    pub sink: usize,
    /// The requests.
    pub encoded: Encoded,
    /// What is rejected or changed on the way to it.
    pub remarks: Vec<Remark>,
}

impl SourcePreview {
    /// Gives how much a second what was counted in the windows is.
    #[must_use]
    pub fn per_second(&self, count: u64) -> f64 {
        let millis = self.window.millis().max(1);
        count as f64 * 1000.0 / millis as f64
    }

    /// Gives how much a day what was counted in the windows is.
    #[must_use]
    pub fn per_day(&self, count: u64) -> f64 {
        self.per_second(count) * 86_400.0
    }
}

/// Reads the newest windows of a source, as the engine would, and says what it would deliver of them.
///
/// # Errors
/// When the store cannot be read, or one window is more than the operator or the budget allows.
pub async fn source(
    store: &dyn Reads,
    plan: &Plan,
    source: &SourcePlan,
    settings: &Settings,
    budget: &Budget,
) -> Result<SourcePreview, Failure> {
    let sinks: Vec<(usize, &SinkPlan)> = plan
        .sinks
        .iter()
        .enumerate()
        .filter(|(_, sink)| sink.sources.iter().any(|&at| plan.sources.get(at) == Some(source)))
        .collect();
    let step = match &source.selection {
        Selection::Raw(_) => None,
        Selection::Expression { step, .. } => Some(*step),
    };
    let width = Width::new(settings.reading.window, step).base();
    let series_max = settings.limits.tenant.series_max;
    let mut reading = Reading::new(store, &plan.tenant, source, budget.within, budget.bytes_max);
    let mut measure = Measure::new(
        sinks.iter().map(|(_, sink)| (Shape::of(sink), sink.compression)),
        budget.series_max,
    );
    let too_much = |stop| failure(stop, width);
    let now = reading.now().await.map_err(too_much)?;
    let metadata = reading.metadata().await.map_err(too_much)?;
    reading.complete(&metadata, settings.limits.tenant.query_bytes_max);
    let end = (now - source.lag_min).align_down(width);
    let wanted = budget.over.as_millis().div_ceil(width.as_millis().max(1));
    let wanted = u32::try_from(wanted).unwrap_or(u32::MAX).max(1);
    let mut cut = (wanted > PREVIEW_WINDOWS_MAX).then_some(Cut::Windows(PREVIEW_WINDOWS_MAX));
    let wanted = wanted.min(PREVIEW_WINDOWS_MAX);
    let start = end - width.saturating_mul(wanted);
    if let Some(before) = measure.needs(start, &source.selection) {
        let mut take = |slice: &Slice| {
            measure.warm(slice, before, &metadata);
            Ok(())
        };
        reading.window(before, u64::MAX, &mut take).await.map_err(too_much)?;
    }
    let mut windows = 0;
    let mut figures = measure.figures();
    while windows < wanted {
        let start = start + width.saturating_mul(windows);
        let window = Window { start, end: start + width };
        let mut take = |slice: &Slice| measure.take(slice, window, &metadata);
        match reading.window(window, series_max, &mut take).await {
            Ok(()) => {}
            Err(Stop::Cut(reason)) if windows > 0 => {
                cut = Some(reason);
                break;
            }
            Err(stop) => return Err(failure(stop, width)),
        }
        measure.settle(window);
        figures = measure.figures();
        windows += 1;
    }
    let window = Window { start, end: start + width.saturating_mul(windows) };
    let (figures, encoded) = figures;
    let mut preview = SourcePreview { window, windows, cut, figures, sinks: Vec::new() };
    preview.sinks = sinks
        .iter()
        .zip(encoded)
        .map(|(&(index, sink), encoded)| {
            let remarks = remarks(sink, &encoded, preview.per_second(encoded.points));
            SinkPreview { sink: index, encoded, remarks }
        })
        .collect();
    Ok(preview)
}

fn failure(stop: Stop, width: Duration) -> Failure {
    match stop {
        Stop::Failed(failure) => failure,
        Stop::Cut(cut) => Failure::TooMuch { width, cut },
    }
}
