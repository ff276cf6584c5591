use std::collections::BTreeMap;

use proptest::prelude::{Strategy, proptest};

use super::{STALE_NAN_BITS, Sample, Series, Slice, SliceBuilder};
use crate::time::Millis;

type Line<'a> = (&'a [(&'a str, &'a str)], &'a [(i64, f64)]);

fn slice(lines: &[Line<'_>]) -> Slice {
    let mut builder = SliceBuilder::new();
    for (labels, samples) in lines {
        builder.begin();
        for (name, value) in *labels {
            builder.label(name, value);
        }
        for &(time, value) in *samples {
            builder.sample(Sample { time: Millis(time), value });
        }
        builder.end();
    }
    builder.finish()
}

fn shown(slice: &Slice) -> Vec<String> {
    let sample = |sample: &Sample| format!("{}@{}", sample.value, sample.time);
    let show = |series: Series<'_>| {
        let labels: Vec<String> = series.labels().map(|(n, v)| format!("{n}={v}")).collect();
        let samples: Vec<String> = series.samples.iter().map(sample).collect();
        format!("{}{{{}}} {}", series.name(), labels.join(","), samples.join(" "))
    };
    slice.series().map(show).collect()
}

#[test]
fn pieces_in_any_order_give_the_same_slice() {
    let a: Line<'_> = (&[("__name__", "b"), ("x", "1"), ("y", "2")], &[(30, 3.0), (10, 1.0)]);
    let b: Line<'_> = (&[("y", "2"), ("x", "1"), ("__name__", "b")], &[(20, 2.0), (10, 1.0)]);
    let c: Line<'_> = (&[("__name__", "ab"), ("empty", "")], &[(10, 5.0)]);
    let expected = ["ab{} 5@10", "b{x=1,y=2} 1@10 2@20 3@30"];
    for lines in [[a, b, c], [c, b, a], [b, c, a]] {
        assert_eq!(shown(&slice(&lines)), expected);
    }
}

#[test]
fn of_two_samples_at_one_time_the_larger_is_kept() {
    let labels: &[(&str, &str)] = &[("__name__", "up")];
    for samples in [[(1, 1.0), (1, 2.0)], [(1, 2.0), (1, 1.0)]] {
        assert_eq!(shown(&slice(&[(labels, &samples)])), ["up{} 2@1"]);
    }
}

#[test]
fn a_stale_marker_keeps_its_bits() {
    let stale = f64::from_bits(STALE_NAN_BITS);
    let slice = slice(&[(&[("__name__", "up")], &[(2, stale), (1, 1.0)])]);
    let series = slice.series().next().unwrap();
    assert!(!series.samples[0].is_stale());
    assert!(series.samples[1].is_stale());
}

#[test]
fn what_is_cancelled_leaves_nothing() {
    let mut builder = SliceBuilder::new();
    builder.begin();
    builder.label("__name__", "up");
    builder.sample(Sample { time: Millis(1), value: 1.0 });
    builder.cancel();
    assert_eq!(builder.bytes(), 0);
    assert!(builder.finish().is_empty());
}

/// A piece of a series as it comes: labels in any order, samples in any order.
type Piece = (Vec<(String, String)>, Vec<(i64, i8)>);

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let label = ("[a-c]|__name__", "[xy]{0,2}");
    let labels = proptest::collection::btree_map(label.0, label.1, 0..4);
    let labels = labels.prop_map(|labels| labels.into_iter().collect::<Vec<_>>()).prop_shuffle();
    let samples = proptest::collection::vec((0..4_i64, 0..3_i8), 1..4);
    proptest::collection::vec((labels, samples), 0..12)
}

proptest! {
    #[test]
    fn a_slice_is_a_map_of_maps(pieces in pieces()) {
        let mut expected: BTreeMap<(String, BTreeMap<String, String>), BTreeMap<i64, i8>> = BTreeMap::new();
        let mut builder = SliceBuilder::new();
        for (index, (labels, samples)) in pieces.iter().enumerate() {
            builder.begin();
            for (name, value) in labels {
                builder.label(name, value);
            }
            for &(time, value) in samples {
                builder.sample(Sample { time: Millis(time), value: f64::from(value) });
            }
            if index % 5 == 4 {
                builder.cancel();
                continue;
            }
            builder.end();
            let mut labels: BTreeMap<String, String> = labels.iter().cloned().collect();
            let name = labels.remove("__name__").unwrap_or_default();
            labels.retain(|_, value| !value.is_empty());
            let known = expected.entry((name, labels)).or_default();
            for &(time, value) in samples {
                let kept = known.entry(time).or_insert(value);
                *kept = (*kept).max(value);
            }
        }
        let slice = builder.finish();
        let names: Vec<&str> = slice.series().map(|series| series.name()).collect();
        assert!(names.is_sorted(), "{names:?}");
        let mut found = BTreeMap::new();
        for series in slice.series() {
            let labels: Vec<(&str, &str)> = series.labels().collect();
            assert!(labels.is_sorted());
            let labels = labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert!(series.samples.is_sorted_by_key(|sample| sample.time));
            let samples = series.samples.iter().map(|sample| (sample.time.0, sample.value as i8));
            let before = found.insert((series.name().to_owned(), labels.collect()), samples.collect());
            assert!(before.is_none(), "a series is there twice");
        }
        assert_eq!(found, expected);
    }
}
