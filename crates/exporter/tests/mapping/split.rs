//! Batches that are cut in two.

use ktel_exporter::batch::Batch;
use ktel_exporter::mapping::split;
use ktel_testkit::otlp_series::Samples;
use proptest::prelude::*;

use crate::random::lines;
use crate::support::{encoded, metadata, shape, slice};

/// Cuts until all have a single point.
fn cut(batch: Batch, out: &mut Vec<Batch>) {
    match split(&batch) {
        None => out.push(batch),
        Some((one, other)) => {
            assert!(one.points.abs_diff(other.points) <= 1);
            assert_eq!(one.points + other.points, batch.points);
            assert!(one.body.len() < batch.body.len() && other.body.len() < batch.body.len());
            cut(one, out);
            cut(other, out);
        }
    }
}

fn read<'a>(batches: impl IntoIterator<Item = &'a Batch>) -> Samples {
    let mut samples = Samples::default();
    for batch in batches {
        assert_eq!(samples.read(&batch.body).unwrap() as u64, batch.points);
    }
    samples
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn halves_have_the_points_of_the_whole(lines in lines()) {
        for batch in encoded(&slice(&lines), &metadata(&[]), &shape()).batches {
            let whole = read([&batch]);
            let points = batch.points;
            let mut single = Vec::new();
            cut(batch, &mut single);
            prop_assert_eq!(single.len() as u64, points);
            prop_assert_eq!(read(&single).difference(&whole), [""; 0]);
        }
    }
}

#[test]
fn what_is_no_request_is_not_cut() {
    let window = crate::support::WINDOW;
    assert_eq!(split(&Batch { body: "garbage".into(), points: 9, window, number: 0 }), None);
}
