//! Which metrics belong together: `x_bucket`, `x_sum` and `x_count` are one histogram, and what becomes of each name.

use std::collections::HashMap;

use crate::source::{Metadata, MetricKind, MetricMetadata};

/// A metric as OTLP has it: one name and one kind of data points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family<'a> {
    pub(super) name: &'a str,
    /// The type in Prometheus, which is passed on.
    pub(super) kind: MetricKind,
    pub(super) form: Form,
    pub(super) metadata: Option<&'a MetricMetadata>,
}

/// The form of a family's data points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// A sample is a point: a gauge or a sum.
    Number,
    /// Buckets with bounds, put together of many series.
    Histogram,
    /// Quantiles, put together of many series.
    Summary,
    /// Native histograms with exponential buckets.
    Exponential,
    /// Native histograms with custom bounds.
    Custom,
}

/// What a series is to its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Part {
    #[default]
    Whole,
    Count,
    Sum,
    /// A bucket or a quantile.
    Bound,
}

/// What the series of one name are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Each belongs to this family.
    Part(u32, Part),
    /// Those with a bound or quantile belong to the first family; the others are numbers of the second.
    BoundOr(u32, u32),
    /// There is no place for them in OTLP.
    None,
}

/// All families of a slice, in the order in which their first names come.
#[derive(Debug)]
pub(super) struct Families<'a> {
    metadata: &'a Metadata,
    pub(super) all: Vec<Family<'a>>,
    known: HashMap<(&'a str, Form), u32>,
}

impl<'a> Families<'a> {
    pub(super) fn new(metadata: &'a Metadata) -> Self {
        Self { metadata, all: Vec::new(), known: HashMap::new() }
    }

    /// Says what the series of a name are. Names have to come in their order: `_bucket` comes before `_count` and `_sum`.
    ///
    /// Without metadata, `has_bound` decides whether `x_bucket` is part of a histogram: whether any of its series has `le`
    /// or `vmrange`. It is only asked then.
    pub(super) fn role(&mut self, name: &'a str, has_bound: impl FnOnce() -> bool) -> Role {
        let kind = self.kind(name);
        if let Some(base) = name.strip_suffix("_bucket") {
            let is_histogram = match self.kind(base) {
                MetricKind::GaugeHistogram => return Role::None,
                MetricKind::Histogram => true,
                MetricKind::Unknown => kind == MetricKind::Unknown && has_bound(),
                _ => false,
            };
            if is_histogram {
                let histogram = self.family(base, MetricKind::Histogram, Form::Histogram);
                return Role::BoundOr(histogram, self.number(name, kind));
            }
        }
        for (suffix, part) in [("_sum", Part::Sum), ("_count", Part::Count)] {
            let Some(base) = name.strip_suffix(suffix) else { continue };
            match self.kind(base) {
                MetricKind::GaugeHistogram => return Role::None,
                MetricKind::Summary => {
                    return Role::Part(self.family(base, MetricKind::Summary, Form::Summary), part);
                }
                of if of == MetricKind::Histogram
                    || self.known.contains_key(&(base, Form::Histogram)) =>
                {
                    let family = self.family(base, MetricKind::Histogram, Form::Histogram);
                    return Role::Part(family, part);
                }
                _ => {}
            }
        }
        for suffix in ["_gsum", "_gcount"] {
            let base = name.strip_suffix(suffix);
            if base.is_some_and(|base| self.kind(base) == MetricKind::GaugeHistogram) {
                return Role::None;
            }
        }
        match kind {
            MetricKind::GaugeHistogram => Role::None,
            MetricKind::Summary => {
                let summary = self.family(name, kind, Form::Summary);
                Role::BoundOr(summary, self.number(name, MetricKind::Unknown))
            }
            // The name of a histogram has no samples of its own, but native ones.
            MetricKind::Histogram => {
                Role::Part(self.number(name, MetricKind::Unknown), Part::Whole)
            }
            _ => Role::Part(self.number(name, kind), Part::Whole),
        }
    }

    /// Gives the family of the native histograms of a name.
    pub(super) fn native(&mut self, name: &'a str, form: Form) -> u32 {
        self.family(name, MetricKind::Histogram, form)
    }

    /// Gives the family of the numbers of a name.
    ///
    /// OpenMetrics names the family `x` whose counters are `x_total` and whose infos are `x_info`.
    pub(super) fn number(&mut self, name: &'a str, kind: MetricKind) -> u32 {
        let suffixed = [("_total", MetricKind::Counter), ("_info", MetricKind::Info)];
        let of_base = suffixed.into_iter().find_map(|(suffix, kind)| {
            let base = name.strip_suffix(suffix)?;
            self.metadata.get(base).filter(|metadata| metadata.kind == kind)
        });
        match of_base {
            Some(metadata) if kind == MetricKind::Unknown => {
                let family = self.family(name, metadata.kind, Form::Number);
                self.all[family as usize].metadata = Some(metadata);
                family
            }
            _ => self.family(name, kind, Form::Number),
        }
    }

    fn family(&mut self, name: &'a str, kind: MetricKind, form: Form) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        *self.known.entry((name, form)).or_insert_with(|| {
            self.all.push(Family { name, kind, form, metadata: self.metadata.get(name) });
            next
        })
    }

    /// Gives the type of a series that describes something: `x_info` is `x` in OpenMetrics.
    pub(super) fn info_kind(&self, name: &str) -> MetricKind {
        match self.kind(name) {
            MetricKind::Unknown => MetricKind::Info,
            known => known,
        }
    }

    fn kind(&self, name: &str) -> MetricKind {
        self.metadata.get(name).map_or(MetricKind::Unknown, |metadata| metadata.kind)
    }
}

/// Gives the type as it stands in the metadata of an OTLP metric.
pub(super) const fn type_word(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Unknown => "unknown",
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
        MetricKind::GaugeHistogram => "gaugehistogram",
        MetricKind::Summary => "summary",
        MetricKind::Info => "info",
        MetricKind::StateSet => "stateset",
    }
}
