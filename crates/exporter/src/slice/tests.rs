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
