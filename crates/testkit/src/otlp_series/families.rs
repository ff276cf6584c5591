//! Histograms and summaries, as the series that they were.

use anyhow::{Context, ensure};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, SummaryDataPoint,
};

use super::labels::Labels;
use super::{STALE, SampleValue, Samples, millis, pairs};

/// Writes the series of a family: all values are stale, or none.
struct Family<'a> {
    samples: &'a mut Samples,
    labels: Labels,
    name: &'a str,
    time: i64,
    is_stale: bool,
}

impl Family<'_> {
    fn add(&mut self, suffix: &str, label: Option<(&str, String)>, value: f64) {
        let mut labels = self.labels.named(self.name, suffix);
        if let Some((name, value)) = label {
            labels = labels.with(name, &value);
        }
        let bits = if self.is_stale { STALE } else { value.to_bits() };
        self.samples.add(labels, self.time, SampleValue::Bits(bits));
    }
}

impl Samples {
    pub(super) fn histogram(
        &mut self,
        name: &str,
        point: &HistogramDataPoint,
        base: &Labels,
        is_ranges: bool,
    ) -> anyhow::Result<()> {
        let HistogramDataPoint { bucket_counts, explicit_bounds, count, sum, .. } = point;
        ensure!(
            bucket_counts.len() == explicit_bounds.len() + 1
                || bucket_counts.is_empty() && explicit_bounds.is_empty(),
            "{} buckets and {} bounds",
            bucket_counts.len(),
            explicit_bounds.len(),
        );
        ensure!(explicit_bounds.is_sorted_by(|one, other| one < other), "bounds are not sorted");
        let all: u64 = bucket_counts.iter().sum();
        ensure!(bucket_counts.is_empty() || all == *count, "{all} in buckets, {count} in all");
        let is_stale = point.flags & 1 == 1;
        let labels = base.with_attributes(&pairs(&point.attributes)?)?;
        let time = millis(point.time_unix_nano)?;
        let mut family = Family { samples: self, labels, name, time, is_stale };
        family.add("_count", None, *count as f64);
        if let Some(sum) = sum {
            family.add("_sum", None, *sum);
        }
        let upper = explicit_bounds.iter().copied().chain([f64::INFINITY]);
        let (mut cumulative, mut lower) = (0, f64::NEG_INFINITY);
        for (count, upper) in bucket_counts.iter().zip(upper) {
            cumulative += count;
            if !is_ranges {
                family.add("_bucket", Some(("le", upper.to_string())), cumulative as f64);
            } else if *count > 0 {
                let range = format!("{lower}...{upper}");
                family.add("_bucket", Some(("vmrange", range)), *count as f64);
            }
            lower = upper;
        }
        Ok(())
    }

    pub(super) fn summary(
        &mut self,
        name: &str,
        point: &SummaryDataPoint,
        base: &Labels,
    ) -> anyhow::Result<()> {
        let labels = base.with_attributes(&pairs(&point.attributes)?)?;
        let (time, is_stale) = (millis(point.time_unix_nano)?, point.flags & 1 == 1);
        let mut family = Family { samples: self, labels, name, time, is_stale };
        family.add("_count", None, point.count as f64);
        family.add("_sum", None, point.sum);
        for at in &point.quantile_values {
            family.add("", Some(("quantile", at.quantile.to_string())), at.value);
        }
        Ok(())
    }

    pub(super) fn exponential(
        &mut self,
        name: &str,
        point: &ExponentialHistogramDataPoint,
        base: &Labels,
    ) -> anyhow::Result<()> {
        let labels = base.with_attributes(&pairs(&point.attributes)?)?.named(name, "");
        let time = millis(point.time_unix_nano)?;
        if point.flags & 1 == 1 {
            self.add(labels, time, SampleValue::Native("stale".into()));
            return Ok(());
        }
        let (positive, positive_count) = buckets(point.positive.as_ref())?;
        let (negative, negative_count) = buckets(point.negative.as_ref())?;
        let all = positive_count + negative_count + point.zero_count;
        ensure!(all == point.count, "{all} in buckets, {} in all", point.count);
        let sum = point.sum.context("it has no sum")?;
        let words = format!(
            "schema {} count {} sum {:x} zero {} up to {:x} positive {positive} negative {negative}",
            point.scale,
            point.count,
            sum.to_bits(),
            point.zero_count,
            point.zero_threshold.to_bits(),
        );
        self.add(labels, time, SampleValue::Native(words));
        Ok(())
    }
}

/// Gives the buckets that hold something, numbered as Prometheus does: by their upper bound.
fn buckets(buckets: Option<&Buckets>) -> anyhow::Result<(String, u64)> {
    let Some(Buckets { offset, bucket_counts }) = buckets else { return Ok(("[]".into(), 0)) };
    let mut full = Vec::new();
    for (place, &count) in bucket_counts.iter().enumerate() {
        let index = offset.checked_add(i32::try_from(place)? + 1).context("an index")?;
        if count > 0 {
            full.push((index, count));
        }
    }
    Ok((format!("{full:?}"), bucket_counts.iter().sum()))
}
