//! Reads a time again of which samples came late, and hands out those that were not delivered.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use super::hand_out::note;
use super::{Failure, Job, Progress};
use crate::engine::audit::{Found, Repair};
use crate::engine::memory::Memory;
use crate::engine::seams::Query;
use crate::engine::sketch::{Keys, Missing};
use crate::mapping::{Infos, Targets};
use crate::partition::Piece;
use crate::plan::LateData;
use crate::slice::{Series, Slice, SliceBuilder};
use crate::source::families::{TARGET_INFO, family};
use crate::source::{Part, ReadError, Seen};
use crate::time::Millis;

/// What of a store is read at once, for a repair.
#[derive(Debug)]
enum Step {
    All,
    Piece(Piece),
}

impl Job {
    /// Looks what there is, finds out what is missing, and hands that out. It is read twice unless it fits into memory.
    pub(super) async fn repair(
        &mut self,
        all: &Part,
        repair: &Arc<Repair>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let mut found = Found::default();
        let mut steps = Vec::new();
        let mut only = None;
        let mut todo = self.first_steps(all).await?;
        while let Some(step) = todo.pop() {
            match self.step(all, &step).await {
                Ok(slice) => {
                    note(&slice.0, LateData::Repair, &Infos::Own, &mut found);
                    only = matches!(step, Step::All).then_some(slice);
                    steps.push(step);
                }
                Err(ReadError::TooLarge { seen, .. }) => match step {
                    Step::All => todo = self.all_pieces(all, &seen).await?,
                    Step::Piece(piece) => {
                        // What cannot be divided was omitted before, too.
                        let smaller = self.partition.split(piece, &seen);
                        todo.extend(smaller.into_iter().flatten().rev().map(Step::Piece));
                    }
                },
                Err(error) => return Err(error.into()),
            }
        }
        let (count, sketch) = found.sum();
        let delivered = repair.delivered.as_ref().map(|kept| &kept.sketch);
        let missing = Missing::of(&sketch, delivered);
        let mut targets = Targets::default();
        for step in steps {
            let (slice, memory) = match only.take() {
                Some(slice) => slice,
                None => self.step(all, &step).await?,
            };
            let late = only_missing(&slice, &missing);
            drop(slice);
            if !late.is_empty() {
                self.hand_out((late, memory), &mut Infos::Borrowed(&mut targets), progress).await?;
            }
        }
        progress.summary.repaired = Some((count, sketch));
        Ok(())
    }

    async fn first_steps(&mut self, all: &Part) -> Result<Vec<Step>, ReadError> {
        if self.partition.is_whole() {
            return Ok(vec![Step::All]);
        }
        self.all_pieces(all, &Seen::default()).await
    }

    /// Gives all pieces, the first one last.
    async fn all_pieces(&mut self, all: &Part, seen: &Seen) -> Result<Vec<Step>, ReadError> {
        let world = Arc::clone(&self.world);
        let families = world.store.families(&self.tenant, all, self.window).await?;
        Ok(self.pieces(families, seen).into_iter().rev().map(Step::Piece).collect())
    }

    async fn step(&mut self, all: &Part, step: &Step) -> Result<(Slice, Memory), ReadError> {
        match step {
            Step::All => self.slice(Query::Raw(all), self.window).await,
            Step::Piece(piece) => self.piece(all, piece, false, self.window).await,
        }
    }
}

/// Keeps the samples that are missing, with those that belong to the same data point, and what describes their targets.
fn only_missing(slice: &Slice, missing: &Missing) -> Slice {
    let mut points: HashSet<u64> = HashSet::new();
    let mut targets: HashSet<(&str, &str)> = HashSet::new();
    for series in slice.series().filter(|series| series.name() != TARGET_INFO) {
        let keys = Keys::of(series);
        let missing = times(series).filter(|time| missing.has(keys.at(*time)));
        let point = point_of(series);
        let before = points.len();
        points.extend(missing.map(|time| at(point, time)));
        if points.len() > before {
            targets.insert(target(series));
        }
    }
    let mut builder = SliceBuilder::new();
    for series in slice.series() {
        let is_info = series.name() == TARGET_INFO;
        if is_info && !targets.contains(&target(series)) {
            continue;
        }
        let point = point_of(series);
        let is_wanted = |time: Millis| is_info || points.contains(&at(point, time));
        if !times(series).any(&is_wanted) {
            continue;
        }
        builder.begin();
        builder.label("__name__", series.name());
        series.labels().for_each(|(name, value)| builder.label(name, value));
        let samples = series.samples.iter().filter(|sample| is_wanted(sample.time));
        samples.for_each(|sample| builder.sample(*sample));
        let histograms = series.histograms.iter().filter(|one| is_wanted(one.time));
        histograms.for_each(|histogram| builder.histogram(histogram.clone()));
        builder.end();
    }
    builder.finish()
}

fn times<'s>(series: Series<'s>) -> impl Iterator<Item = Millis> + use<'s> {
    let samples = series.samples.iter().map(|sample| sample.time);
    samples.chain(series.histograms.iter().map(|histogram| histogram.time))
}

fn target<'s>(series: Series<'s>) -> (&'s str, &'s str) {
    let of = |label| series.label(label).unwrap_or_default();
    (of("job"), of("instance"))
}

/// Hashes what all parts of a histogram or summary have in common.
fn point_of(series: Series<'_>) -> u64 {
    let mut hasher = foldhash::quality::FixedState::with_seed(2).build_hasher();
    let mut write = |text: &str| {
        hasher.write_usize(text.len());
        hasher.write(text.as_bytes());
    };
    write(family(series.name()));
    for (name, value) in series.labels() {
        if !["le", "quantile", "vmrange"].contains(&name) {
            write(name);
            write(value);
        }
    }
    hasher.finish()
}

fn at(point: u64, time: Millis) -> u64 {
    foldhash::quality::FixedState::with_seed(3).hash_one((point, time))
}

#[cfg(test)]
mod tests {
    use super::only_missing;
    use crate::engine::sketch::{Keys, Missing, Sketch};
    use crate::slice::{Sample, Slice, SliceBuilder};
    use crate::time::Millis;

    /// Labels and times.
    type Written<'w> = (&'w [(&'w str, &'w str)], &'w [i64]);

    fn slice(series: &[Written<'_>]) -> Slice {
        let mut builder = SliceBuilder::new();
        for (labels, times) in series {
            builder.begin();
            labels.iter().for_each(|(name, value)| builder.label(name, value));
            for time in *times {
                builder.sample(Sample { time: Millis(*time), value: 1.0 });
            }
            builder.end();
        }
        builder.finish()
    }

    fn sketch(slice: &Slice) -> Sketch {
        let mut sketch = Sketch::default();
        for series in slice.series() {
            let keys = Keys::of(series);
            series.samples.iter().for_each(|sample| sketch.add(keys.at(sample.time)));
        }
        sketch
    }

    #[test]
    fn a_late_part_brings_its_data_point_and_its_target_and_nothing_else() {
        let info: &[(&str, &str)] = &[("__name__", "target_info"), ("job", "a"), ("v", "1")];
        let other_info: &[(&str, &str)] = &[("__name__", "target_info"), ("job", "b")];
        let bucket: &[(&str, &str)] = &[("__name__", "h_bucket"), ("job", "a"), ("le", "1")];
        let count: &[(&str, &str)] = &[("__name__", "h_count"), ("job", "a")];
        let gauge: &[(&str, &str)] = &[("__name__", "g"), ("job", "a")];
        let other: &[(&str, &str)] = &[("__name__", "g"), ("job", "b")];
        let delivered = slice(&[
            (info, &[10, 20]),
            (other_info, &[10, 20]),
            (bucket, &[10, 20]),
            (count, &[10]),
            (gauge, &[10, 20]),
            (other, &[10, 20]),
        ]);
        let now = slice(&[
            (info, &[10, 20]),
            (other_info, &[10, 20]),
            (bucket, &[10, 20]),
            (count, &[10, 20]),
            (gauge, &[10, 15, 20]),
            (other, &[10, 20]),
        ]);
        let missing = Missing::of(&sketch(&now), Some(&sketch(&delivered)));
        let late = only_missing(&now, &missing);
        let shown: Vec<(&str, Vec<i64>)> = late
            .series()
            .map(|one| (one.name(), one.samples.iter().map(|sample| sample.time.0).collect()))
            .collect();
        let expected = [
            ("g", vec![15]),
            ("h_bucket", vec![20]),
            ("h_count", vec![20]),
            ("target_info", vec![10, 20]),
        ];
        assert_eq!(shown, expected);
    }
}
