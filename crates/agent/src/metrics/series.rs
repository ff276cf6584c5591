//! What is made of an endpoint's text: coarse numbers of declared series. Pure.
//!
//! A gauge is a value; a counter is how much it grew between two readings, and per which time; a
//! histogram is a few quantiles of what was observed between two readings. Everything is added up
//! over labels, or by the words of one label. A counter that begins anew has grown by what it shows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use thiserror::Error;
use tokio::time::Instant;

use super::exposition::{Head, head, name, sample};
use crate::limits;

/// A series of the product's, and where it goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// Only samples with these labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// What a value is multiplied with: fields hold whole numbers.
    pub(crate) times: f64,
    pub(crate) measure: Measure,
}

/// What is made of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Measure {
    Gauge(Grouping),
    Counter { per_s: f64, into: Grouping },
    Histogram(Vec<(f64, Target)>),
}

/// Which field a sample goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grouping {
    All(Target),
    By { label: String, into: BTreeMap<String, Target>, other: Option<Target> },
}

/// A field, by its path in the schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    pub(crate) path: String,
    /// Whether it takes whole numbers.
    pub(crate) whole: bool,
}

/// What an endpoint showed of the declared series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    at: Instant,
    values: HashMap<String, f64>,
}

/// Why a text makes no reading.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Error {
    /// A line of a declared series.
    #[error("line {line} of the metrics cannot be read")]
    Malformed {
        /// The line, from 1.
        line: usize,
    },
    /// More than may be remembered.
    #[error("the metrics have more than {most} samples of the declared series")]
    TooMany {
        /// The limit.
        most: usize,
    },
}

impl Reading {
    /// Takes what is declared out of a text.
    pub(super) fn of(text: &[u8], series: &[Series], at: Instant) -> Result<Self, Error> {
        let wanted: BTreeSet<String> = series.iter().map(Series::sample_name).collect();
        let mut values = HashMap::new();
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            // Names are ASCII: a line that is no text is none of ours, unless its name says so.
            let lossy = String::from_utf8_lossy(line);
            let named = name(&lossy);
            if !wanted.contains(named) {
                continue;
            }
            let malformed = Error::Malformed { line: index + 1 };
            let read = sample(&lossy).and_then(|sample| Some((sample, head(sample.head)?)));
            let Some((sample, taken)) = read else { return Err(malformed) };
            if !series.iter().any(|series| series.takes(&taken)) {
                continue;
            }
            if values.len() == limits::SCRAPED_SAMPLES_MAX {
                return Err(Error::TooMany { most: limits::SCRAPED_SAMPLES_MAX });
            }
            values.insert(sample.head.to_owned(), sample.value);
        }
        Ok(Self { at, values })
    }
}

impl Series {
    fn sample_name(&self) -> String {
        match self.measure {
            Measure::Histogram(_) => format!("{}_bucket", self.name),
            Measure::Gauge(_) | Measure::Counter { .. } => self.name.clone(),
        }
    }

    fn takes(&self, head: &Head<'_>) -> bool {
        let name = match self.measure {
            Measure::Histogram(_) => head.name.strip_suffix("_bucket").unwrap_or_default(),
            Measure::Gauge(_) | Measure::Counter { .. } => head.name,
        };
        name == self.name && self.labels.iter().all(|(name, value)| head.label(name) == value)
    }
}

impl Grouping {
    fn target(&self, head: &Head<'_>) -> Option<&Target> {
        match self {
            Self::All(target) => Some(target),
            Self::By { label, into, other } => into.get(head.label(label)).or(other.as_ref()),
        }
    }

    fn all(&self) -> Vec<&Target> {
        match self {
            Self::All(target) => vec![target],
            Self::By { into, other, .. } => into.values().chain(other).collect(),
        }
    }
}

/// Gives the fields that two readings fill, or the gauges of one.
///
/// A series that the endpoint does not have leaves its field out: that is not the same as 0.
pub(super) fn fields(
    series: &[Series],
    before: Option<&Reading>,
    now: &Reading,
) -> BTreeMap<String, Value> {
    let heads: Vec<(Head<'_>, &str, f64)> = now
        .values
        .iter()
        .filter_map(|(text, value)| Some((head(text)?, text.as_str(), *value)))
        .collect();
    let window = before.map(|before| (before, now.at.duration_since(before.at).as_secs_f64()));
    // Two readings at once give no rate.
    let window = window.filter(|(_, seconds)| *seconds >= limits::SCRAPE_WINDOW_MIN.as_secs_f64());
    let growth = |text: &str, value: f64| {
        let (before, _) = window?;
        let known = before.values.get(text).copied().filter(|known| *known <= value);
        Some(value - known.unwrap_or(0.0)).filter(|growth| growth.is_finite())
    };
    let mut fields: BTreeMap<&Target, f64> = BTreeMap::new();
    for one in series {
        let mine = || heads.iter().filter(|(head, ..)| one.takes(head));
        let add_up = |into: &Grouping, of: &dyn Fn(&str, f64) -> Option<f64>| {
            let mut sums: BTreeMap<Target, f64> = BTreeMap::new();
            if mine().next().is_some() {
                sums.extend(into.all().into_iter().map(|target| (target.clone(), 0.0)));
            }
            for (head, text, value) in mine() {
                let Some(target) = into.target(head) else { continue };
                *sums.entry(target.clone()).or_default() += of(text, *value)?;
            }
            Some(sums)
        };
        match &one.measure {
            Measure::Gauge(into) => {
                let value = |_: &str, value: f64| Some(value).filter(|value| value.is_finite());
                let sums = add_up(into, &value).unwrap_or_default();
                place(&mut fields, into, &sums, one.times);
            }
            Measure::Counter { per_s, into } => {
                let Some((_, seconds)) = window else { continue };
                let sums = add_up(into, &growth).unwrap_or_default();
                place(&mut fields, into, &sums, one.times * per_s / seconds);
            }
            Measure::Histogram(quantiles) => {
                let mut buckets: Vec<(f64, f64)> = Vec::new();
                for (head, text, value) in mine() {
                    let end = head.label("le").parse::<f64>().ok(); // a bucket without an end is none
                    buckets.extend(end.zip(growth(text, *value)));
                }
                let buckets = merged(buckets);
                for (share, target) in quantiles {
                    let found = quantile(&buckets, *share);
                    fields.extend(found.map(|value| (target, value * one.times)));
                }
            }
        }
    }
    let number =
        |(target, value): (&Target, f64)| Some((target.path.clone(), number(value, target.whole)?));
    fields.into_iter().filter_map(number).collect()
}

fn place<'t>(
    fields: &mut BTreeMap<&'t Target, f64>,
    into: &'t Grouping,
    sums: &BTreeMap<Target, f64>,
    times: f64,
) {
    for target in into.all() {
        if let Some(sum) = sums.get(target) {
            *fields.entry(target).or_default() = sum * times;
        }
    }
}

/// Makes a number that a field can hold; below 0 there is none.
fn number(value: f64, whole: bool) -> Option<Value> {
    let value = Some(value).filter(|value| value.is_finite() && *value >= 0.0)?;
    Some(if whole { Value::from(value.round() as u64) } else { Value::from(value) })
}

/// Adds up the buckets of all series by their ends, lowest first.
fn merged(mut buckets: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    buckets.retain(|(end, _)| !end.is_nan());
    buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (end, count) in buckets {
        match merged.last_mut() {
            Some((last, sum)) if *last == end => *sum += count,
            _ => merged.push((end, count)),
        }
    }
    // Counts are those below each end; a bucket that began anew on its own would break that.
    let mut most: f64 = 0.0;
    for (_, count) in &mut merged {
        most = most.max(*count);
        *count = most;
    }
    merged
}

/// Finds a quantile as Prometheus does: in a straight line within the bucket that holds it.
fn quantile(buckets: &[(f64, f64)], share: f64) -> Option<f64> {
    let ((last, total), finite) = buckets.split_last()?;
    if !(last.is_infinite() && *last > 0.0 && *total > 0.0) {
        return None;
    }
    let rank = share * total;
    let Some(index) = finite.iter().position(|(_, count)| *count >= rank) else {
        return finite.last().map(|(end, _)| *end); // all that is known: it is longer than that
    };
    let (end, count) = finite.get(index)?;
    let (start, below) = match index.checked_sub(1).and_then(|index| finite.get(index)) {
        Some((start, below)) => (*start, *below),
        None if *end <= 0.0 => return Some(*end),
        None => (0.0, 0.0),
    };
    if *count <= below {
        return Some(start);
    }
    Some(start + (end - start) * ((rank - below) / (count - below)))
}

#[cfg(test)]
mod tests;
