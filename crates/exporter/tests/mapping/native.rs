//! Native histograms.

use ktel_exporter::mapping::MappingDrop;
use ktel_exporter::slice::{NativeHistogram, Slice, SliceBuilder, Span};
use ktel_exporter::time::Millis;
use ktel_testkit::otlp_series::{Labels, Sample, SampleValue, Samples};

use crate::support::{STALE, WINDOW, encoded, metadata, shape};

fn histogram(time: i64) -> NativeHistogram {
    NativeHistogram {
        time: Millis(WINDOW.start.0 + time),
        schema: 3,
        is_gauge: false,
        is_float: false,
        count: 11,
        sum: 7.5,
        zero_threshold: 1e-128,
        zero_count: 1,
        positive_spans: vec![Span { offset: -2, length: 2 }, Span { offset: 3, length: 1 }],
        positive: vec![2, 0, 5],
        negative_spans: vec![Span { offset: 4, length: 1 }],
        negative: vec![3],
        custom_bounds: vec![],
    }
}

fn slice(histograms: impl IntoIterator<Item = NativeHistogram>) -> Slice {
    let mut builder = SliceBuilder::new();
    builder.begin();
    builder.label("__name__", "n");
    builder.label("job", "j");
    histograms.into_iter().for_each(|histogram| builder.histogram(histogram));
    builder.end();
    builder.finish()
}

fn arrived(slice: &Slice) -> Vec<String> {
    let encoded = encoded(slice, &metadata(&[]), &shape());
    let samples: Vec<Sample> = encoded.arrived(&shape()).0.into_keys().collect();
    let shown = |sample: Sample| match sample.value {
        SampleValue::Native(words) => words,
        SampleValue::Bits(bits) => {
            let le = sample.labels.get("le").unwrap_or_default().to_owned();
            format!("{} {le} {}", sample.labels.get("__name__").unwrap(), f64::from_bits(bits))
        }
    };
    samples.into_iter().map(shown).collect()
}

#[test]
fn buckets_keep_their_numbers_and_the_place_of_one_less() {
    let stale = NativeHistogram { sum: STALE, ..histogram(15) };
    let encoded = encoded(&slice([histogram(0), stale]), &metadata(&[]), &shape());
    let mut expected = Samples::default();
    let labels = Labels::new([("__name__", "n"), ("job", "j")]);
    // 11: the buckets and the zeros. An empty bucket is none; the second span begins three after the first.
    let words = "schema 3 count 11 sum 401e000000000000 zero 1 up to 2571a2dc725864d1 \
                 positive [(-2, 2), (3, 5)] negative [(4, 3)]";
    let words = words.replace("2571a2dc725864d1", &format!("{:x}", 1e-128_f64.to_bits()));
    expected.add(labels.clone(), WINDOW.start.0, SampleValue::Native(words));
    expected.add(labels, WINDOW.start.0 + 15, SampleValue::Native("stale".into()));
    assert_eq!(encoded.arrived(&shape()).difference(&expected), [""; 0]);
}

#[test]
fn custom_bounds_become_a_histogram() {
    let custom = NativeHistogram {
        schema: -53,
        custom_bounds: vec![0.5, 10.0],
        positive_spans: vec![Span { offset: 0, length: 1 }, Span { offset: 1, length: 1 }],
        positive: vec![2, 5],
        negative_spans: vec![],
        negative: vec![],
        zero_count: 0,
        ..histogram(0)
    };
    let shown = arrived(&slice([custom]));
    let expected =
        ["n_bucket +Inf 7", "n_bucket 0.5 2", "n_bucket 10 2", "n_count  7", "n_sum  7.5"];
    assert_eq!(shown, expected);
}

#[test]
fn what_has_no_place_is_counted() {
    let far = vec![Span { offset: -1000, length: 1 }, Span { offset: i32::MAX - 10, length: 1 }];
    let wide = vec![Span { offset: -200_000, length: 1 }, Span { offset: 200_000, length: 1 }];
    let two =
        |positive_spans| NativeHistogram { positive_spans, positive: vec![1, 1], ..histogram(0) };
    let table = [
        (NativeHistogram { is_gauge: true, ..histogram(0) }, Some(MappingDrop::NoSuchKind)),
        (NativeHistogram { is_float: true, ..histogram(0) }, Some(MappingDrop::NoSuchKind)),
        (NativeHistogram { schema: 9, ..histogram(0) }, Some(MappingDrop::NoSuchKind)),
        (NativeHistogram { positive: vec![1], ..histogram(0) }, Some(MappingDrop::BadCounts)),
        (NativeHistogram { zero_count: u64::MAX, ..histogram(0) }, Some(MappingDrop::BadCounts)),
        (NativeHistogram { time: Millis(-1), ..histogram(0) }, Some(MappingDrop::NoTime)),
        // What is beyond the largest number is omitted, as the specification says.
        (two(far), None),
        (two(wide), Some(MappingDrop::TooLong)),
        (two(vec![Span { offset: i32::MAX, length: u32::MAX }]), Some(MappingDrop::BadCounts)),
    ];
    for (histogram, reason) in table {
        let encoded = encoded(&slice([histogram.clone()]), &metadata(&[]), &shape());
        let dropped = encoded.dropped().first().map(|(reason, _)| *reason);
        assert_eq!(dropped, reason, "{histogram:?}");
        assert_eq!(encoded.arrived(&shape()).0.len(), usize::from(reason.is_none()));
    }
}
