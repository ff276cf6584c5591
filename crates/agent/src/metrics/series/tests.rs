//! What becomes of counters, gauges and histograms between two readings.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::{any, proptest};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Error, Grouping, Measure, Reading, Series, Target, fields};

fn target(path: &str) -> Target {
    Target { path: path.into(), whole: true }
}

fn all(path: &str) -> Grouping {
    Grouping::All(target(path))
}

fn series(name: &str, measure: Measure) -> Series {
    Series { name: name.into(), labels: BTreeMap::new(), times: 1.0, measure }
}

fn requests(per_s: f64) -> Series {
    series("requests_total", Measure::Counter { per_s, into: all("requests") })
}

fn seconds() -> Series {
    let quantiles = [(0.5, "p50"), (0.9, "p90"), (0.99, "p99")];
    let quantiles = quantiles.map(|(share, path)| (share, target(path))).into();
    Series { times: 1000.0, ..series("seconds", Measure::Histogram(quantiles)) }
}

/// Reads two texts, ten seconds apart.
#[track_caller]
fn check(series: &[Series], before: Option<&str>, now: &str, expected: &Value) {
    let start = Instant::now();
    let read = |text: &str, at| Reading::of(text.as_bytes(), series, at).unwrap();
    let before = before.map(|text| read(text, start));
    let now = read(now, start + Duration::from_secs(10));
    let got: Value = fields(series, before.as_ref(), &now).into_iter().collect();
    assert_eq!(&got, expected);
}

#[test]
fn a_gauge_is_a_value_added_up_over_labels_or_chosen_by_them() {
    let text =
        "lamps{room=\"hall\",state=\"lit\"} 3\nlamps{room=\"attic\",state=\"dark\"} 4\nother 9\n";
    check(&[series("lamps", Measure::Gauge(all("n")))], None, text, &json!({"n": 7}));
    let hall = Series {
        labels: [("room".into(), "hall".into())].into(),
        ..series("lamps", Measure::Gauge(all("n")))
    };
    check(&[hall], None, text, &json!({"n": 3}));
    let into = [("lit".to_owned(), target("lit")), ("broken".into(), target("broken"))];
    let by = |other: Option<Target>| Grouping::By {
        label: "state".into(),
        into: into.clone().into(),
        other,
    };
    let grouped = [series("lamps", Measure::Gauge(by(None)))];
    check(&grouped, None, text, &json!({"lit": 3, "broken": 0}));
    let grouped = [series("lamps", Measure::Gauge(by(Some(target("other")))))];
    check(&grouped, None, text, &json!({"lit": 3, "broken": 0, "other": 4}));
}

#[test]
fn a_counter_is_its_growth_over_time_and_survives_a_restart() {
    let before = "requests_total{code=\"200\"} 100\nrequests_total{code=\"500\"} 50\n";
    let now = "requests_total{code=\"200\"} 400\nrequests_total{code=\"500\"} 50\n";
    check(&[requests(1.0)], Some(before), now, &json!({"requests": 30}));
    check(&[requests(60.0)], Some(before), now, &json!({"requests": 1800}));
    check(&[requests(1.0)], None, now, &json!({}));
    // Begun anew: 20 since then, and what was before is not taken off.
    let anew = "requests_total{code=\"200\"} 20\nrequests_total{code=\"500\"} 50\n";
    check(&[requests(1.0)], Some(before), anew, &json!({"requests": 2}));
    // A series that was not there has grown from 0.
    let more = "requests_total{code=\"200\"} 100\nrequests_total{code=\"404\"} 10\n";
    check(&[requests(1.0)], Some(before), more, &json!({"requests": 1}));
}

#[test]
fn a_histogram_is_the_quantiles_of_what_came_since() {
    let text = |counts: [u32; 4]| {
        let ends = ["0.1", "0.5", "1", "+Inf"];
        let line = |(end, count)| format!("seconds_bucket{{verb=\"GET\",le=\"{end}\"}} {count}\n");
        ends.into_iter().zip(counts).map(line).collect::<String>()
            + "seconds_sum 1\nseconds_count 1\n"
    };
    // 100 came since: 50 below 0.1 s, 40 below 0.5 s, 10 below 1 s.
    let (before, now) = (text([1000, 1000, 1000, 1000]), text([1050, 1090, 1100, 1100]));
    check(&[seconds()], Some(&before), &now, &json!({"p50": 100, "p90": 500, "p99": 950}));
    // What is longer than the last end counts as that.
    let now = text([1000, 1000, 1000, 1100]);
    check(&[seconds()], Some(&before), &now, &json!({"p50": 1000, "p90": 1000, "p99": 1000}));
    check(&[seconds()], Some(&before), &before, &json!({}));
    check(&[seconds()], None, &before, &json!({}));
    // Two series are added up before.
    let doubled = |text: &str| text.to_owned() + &text.replace("GET", "LIST");
    let now = text([1050, 1090, 1100, 1100]);
    let expected = json!({"p50": 100, "p90": 500, "p99": 950});
    check(&[seconds()], Some(&doubled(&before)), &doubled(&now), &expected);
}

#[test]
fn what_the_endpoint_does_not_have_is_absent_and_not_0() {
    let all = [series("lamps", Measure::Gauge(all("n"))), requests(1.0), seconds()];
    check(&all, Some("up 1\n"), "up 1\n", &json!({}));
    check(&all[..1], None, "lamps NaN\n", &json!({}));
    check(&all[..1], None, "lamps -1\n", &json!({}));
}

#[test]
fn two_readings_at_once_are_no_time() {
    let (start, text) = (Instant::now(), b"requests_total 5\n");
    let series = [requests(1.0)];
    let read = |at| Reading::of(text, &series, at).unwrap();
    let (one, other) = (read(start), read(start + Duration::from_millis(10)));
    assert!(fields(&series, Some(&one), &other).is_empty());
}

#[test]
fn a_broken_line_of_a_declared_series_says_where_it_stands_and_others_do_not_matter() {
    let series = [requests(1.0)];
    let read = |text: &[u8]| Reading::of(text, &series, Instant::now()).map(|_| ());
    assert_eq!(read(b"up{ 1\n\xff\xfe 2\n# requests_total\nrequests_total 1\n"), Ok(()));
    assert_eq!(read(b"up 1\nrequests_total{code=\"2 7\n"), Err(Error::Malformed { line: 2 }));
    assert_eq!(read(b"requests_total seven\n"), Err(Error::Malformed { line: 1 }));
}

#[test]
fn an_endpoint_with_too_many_series_is_not_remembered() {
    let most = crate::limits::SCRAPED_SAMPLES_MAX;
    let lines = |count: usize| -> String {
        (0..count).map(|index| format!("requests_total{{user=\"{index}\"}} 1\n")).collect()
    };
    let read =
        |text: &str| Reading::of(text.as_bytes(), &[requests(1.0)], Instant::now()).map(|_| ());
    assert_eq!(read(&lines(most)), Ok(()));
    assert_eq!(read(&lines(most + 1)), Err(Error::TooMany { most }));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(before in any::<Vec<u8>>(), tail in "(requests_total|seconds_bucket)[{}le=\"+Inf0-9., \n]*") {
        let series = [requests(1.0), seconds()];
        let start = Instant::now();
        let read = |bytes: &[u8], at| Reading::of(bytes, &series, at).ok();
        let one = read(&before, start);
        let other = read(tail.as_bytes(), start + Duration::from_secs(10));
        if let (Some(one), Some(other)) = (one, other) {
            fields(&series, Some(&one), &other);
        }
    }
}
