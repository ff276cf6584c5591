//! Prometheus, by remote read; and what knows nothing but queries.

use ktel_exporter::slice::{STALE_NAN_BITS, Slice};
use ktel_exporter::source::{Part, ReadError, Reader, StoreKind};
use ktel_testkit::prometheus::Prometheus;
use ktel_testkit::proxy::{Fault, Proxy};

use super::{Known, ROOM, everything, part, reader, remote_write, run, samples, tenant, window};

/// A moment, in milliseconds, at the beginning of a minute.
const T: i64 = 1_700_000_040_000;

fn chunks(server: &Prometheus) -> Reader {
    reader(StoreKind::Prometheus, &format!("http://{}", server.address()))
}

fn queries(server: &Prometheus) -> Reader {
    reader(StoreKind::Other, &format!("http://{}", server.address()))
}

/// Writes series of two tenants over ten minutes; gives the samples of one of them within the window of the tests.
fn two_tenants(server: &Prometheus) -> Vec<Known> {
    let mut expected = Vec::new();
    for owner in ["me", "other"] {
        for number in 0..15_i32 {
            let metric = ["a_bucket", "a_sum", "a_count", "b", "c_total"][number as usize % 5];
            let number_text = number.to_string();
            let strange = "a\"b\\c\n\t<>&'\u{1}\u{2028}äß😀{}";
            let labels = [
                ("__name__", metric),
                ("number", number_text.as_str()),
                ("strange", strange),
                ("tenant", owner),
            ];
            let known: Vec<(i64, f64)> = (-60..540)
                .map(|second: i32| {
                    let value = match second % 11 {
                        0 => f64::from(number),
                        1 => f64::INFINITY,
                        2 => f64::NEG_INFINITY,
                        3 => -1e-300,
                        4 => f64::from_bits(STALE_NAN_BITS),
                        5 => f64::from(second) / 3.0,
                        6 => 9_007_199_254_740_993.0,
                        _ => 17.25,
                    };
                    // Scrapes are late by some milliseconds, and sometimes by many.
                    let late = i64::from(second % 7 * 3 + (second % 50 == 0) as i32 * 700);
                    (T + i64::from(second) * 1000 + late, value)
                })
                .chain([(T + 599_999, 1.0), (T + 600_000, 2.0)])
                .collect();
            server.write(&remote_write(&[(&labels, &known)]));
            if owner == "me" {
                let name =
                    format!("{metric},number={number_text:?},strange={strange:?},tenant={owner:?}");
                let inside = known.iter().filter(|known| (T..T + 600_000).contains(&known.0));
                expected.extend(inside.map(|(time, value)| (name.clone(), *time, value.to_bits())));
            }
        }
    }
    expected.sort();
    expected
}

fn overlapping() -> Part {
    part(&[
        r#"{tenant="me"}"#,
        r#"{__name__="b",tenant="me" or number=~"1.*",tenant="me"}"#,
        r#"{__name__=~"a.*",tenant="me",strange=~"a\"b.*ä.+",number!="",number!~"x.*"}"#,
    ])
}

#[test]
fn chunks_give_every_sample_once_bit_by_bit() {
    let server = Prometheus::start();
    let expected = two_tenants(&server);
    let reader = chunks(&server);
    let all = window(T, T + 600_000);
    let slice = run(reader.read(&tenant("me"), &overlapping(), all, ROOM)).unwrap();
    assert_eq!(samples(&slice), expected);
    assert_eq!(
        run(reader.families(&tenant("me"), &overlapping(), all)).unwrap(),
        ["", "a", "b", "c_total"]
    );
    let no_marker = |known: &&Known| known.2 != STALE_NAN_BITS;
    let count = expected.iter().filter(no_marker).count() as u64;
    assert_eq!(run(reader.count(&tenant("me"), &overlapping(), all)).unwrap(), count);
    assert_eq!(run(reader.series(&tenant("me"), &overlapping(), all)).unwrap(), 15);
    assert_eq!(run(reader.series(&tenant("me"), &super::part(&["nothing"]), all)).unwrap(), 0);
    let part = Part { families: Some(vec!["a".to_owned()]), ..overlapping() };
    let a = run(reader.read(&tenant("me"), &part, all, ROOM)).unwrap();
    assert_eq!(a.len(), 9);
    let careless = run(reader.read(&tenant("me"), &super::part(&["b"]), all, ROOM)).unwrap_err();
    assert!(matches!(&careless, ReadError::Violation { series } if series == "b"), "{careless:?}");
    let too_large =
        run(reader.read(&tenant("me"), &overlapping(), all, expected.len() * 8)).unwrap_err();
    assert!(matches!(too_large, ReadError::TooLarge { .. }), "{too_large:?}");
}

#[test]
fn queries_give_the_same_but_stale_markers() {
    let server = Prometheus::start();
    let expected = two_tenants(&server);
    let slice =
        run(queries(&server).read(&tenant("me"), &overlapping(), window(T, T + 600_000), ROOM))
            .unwrap();
    let expected: Vec<Known> =
        expected.into_iter().filter(|known| known.2 != STALE_NAN_BITS).collect();
    assert_eq!(samples(&slice), expected);
}

#[test]
fn windows_meet_and_do_not_overlap() {
    let server = Prometheus::start();
    let expected = two_tenants(&server);
    let (me, overlapping) = (tenant("me"), overlapping());
    for reader in [chunks(&server), queries(&server)] {
        let mut all: Vec<Known> = Vec::new();
        for minute in 0..10 {
            let start = T + minute * 60_000;
            let read = reader.read(&me, &overlapping, window(start, start + 60_000), ROOM);
            all.extend(samples(&run(read).unwrap()));
        }
        all.sort();
        let markers = all.iter().any(|known| known.2 == STALE_NAN_BITS);
        let expected = expected.iter().filter(|known| markers || known.2 != STALE_NAN_BITS);
        assert_eq!(all, expected.cloned().collect::<Vec<_>>());
    }
}

#[test]
fn a_stream_that_breaks_off_anywhere_gives_nothing() {
    let server = Prometheus::start();
    let expected = two_tenants(&server);
    let proxy = Proxy::to_port(server.address().port());
    let url = format!("http://{}", proxy.address());
    for kind in [StoreKind::Prometheus, StoreKind::Other] {
        proxy.set(Fault::None);
        let selectors = part(&["b{tenant=\"me\",number=\"3\"}"]);
        let read = || {
            run(reader(kind, &url).read(&tenant("me"), &selectors, window(T, T + 600_000), ROOM))
        };
        let before = proxy.traffic().received;
        let count = read().unwrap().samples();
        assert!(count > 400 && count < expected.len());
        let whole = proxy.traffic().received - before;
        for bytes in (0..whole).step_by(101).chain(whole - 10..whole) {
            proxy.set(Fault::CutAfter(bytes));
            let broken = read();
            assert!(
                matches!(broken, Err(ReadError::Unavailable { .. })),
                "{bytes} of {whole}: {broken:?}"
            );
        }
    }
}

#[test]
fn native_histograms_come_with_their_buckets() {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use prost::Message;
    let server = Prometheus::start();
    let point = |index: u64| {
        serde_json::json!({
            "timeUnixNano": ((T as u64 + index * 15_000) * 1_000_000).to_string(),
            "count": (13 + 10 * index).to_string(), "sum": 50.5 + index as f64, "scale": 1,
            "zeroCount": (1 + index).to_string(),
            "positive": {"offset": -2, "bucketCounts": [(2 + index).to_string(), "0", "0", "0", "0", (5 + 8 * index).to_string(), "1"]},
            "negative": {"offset": 3, "bucketCounts": ["4"]},
        })
    };
    let points: Vec<_> = (0..40).map(point).collect();
    let request = serde_json::json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{
        "name": "native", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": points},
    }]}]}]});
    let request: ExportMetricsServiceRequest = serde_json::from_value(request).unwrap();
    drop(server.posted(
        "/api/v1/otlp/v1/metrics",
        "Content-Type: application/x-protobuf\r\n",
        &request.encode_to_vec(),
    ));
    let slice =
        run(chunks(&server).read(&everything(), &part(&["native"]), window(T, T + 600_000), ROOM))
            .unwrap();
    let series = slice.get(0).expect("there is one series");
    assert!(series.samples.is_empty());
    assert_eq!(series.histograms.len(), 40);
    for (index, histogram) in series.histograms.iter().enumerate() {
        let index = index as u64;
        assert_eq!(histogram.time.0, T + index as i64 * 15_000);
        assert_eq!((histogram.schema, histogram.is_gauge, histogram.is_float), (1, false, false));
        assert_eq!((histogram.count, histogram.zero_count), (13 + 10 * index, 1 + index));
        assert_eq!(histogram.sum.to_bits(), (50.5 + index as f64).to_bits());
        // What Prometheus takes for every histogram of OTLP.
        assert_eq!(histogram.zero_threshold.to_bits(), 1e-128_f64.to_bits());
        let counts = |spans: &[ktel_exporter::slice::Span], counts: &[u64]| {
            let (mut at, mut found, mut counts) = (0, Vec::new(), counts.iter());
            for span in spans {
                at += span.offset;
                for _ in 0..span.length {
                    found.push((at, *counts.next().unwrap()));
                    at += 1;
                }
            }
            assert_eq!(counts.next(), None);
            found.retain(|bucket| bucket.1 > 0);
            found
        };
        // An index of Prometheus is the upper bound's, which is one more.
        let positive = counts(&histogram.positive_spans, &histogram.positive);
        assert_eq!(positive, [(-1, 2 + index), (4, 5 + 8 * index), (5, 1)]);
        assert_eq!(counts(&histogram.negative_spans, &histogram.negative), [(4, 4)]);
    }
}

#[test]
fn expressions_and_the_clock_come_by_queries() {
    let server = Prometheus::start();
    two_tenants(&server);
    let evaluation = ktel_exporter::source::Evaluation {
        expr: "count by (tenant) (b{tenant=\"me\"})".parse().unwrap(),
        step: std::time::Duration::from_secs(10),
    };
    let reader = chunks(&server);
    let slice: Slice =
        run(reader.evaluate(&tenant("me"), &evaluation, window(T + 1, T + 25_000), ROOM)).unwrap();
    let name = ",tenant=\"me\"".to_owned();
    let value = 3_f64.to_bits();
    assert_eq!(samples(&slice), [(name.clone(), T + 10_000, value), (name, T + 20_000, value)]);
    let stranger = run(reader.evaluate(&tenant("other"), &evaluation, window(T, T + 15_000), ROOM))
        .unwrap_err();
    assert!(matches!(stranger, ReadError::Violation { .. }), "{stranger:?}");
    assert!(run(reader.now()).unwrap().0 > T);
    assert!(run(reader.metadata(&everything())).unwrap().is_empty());
}

#[test]
fn metadata_of_what_is_scraped_has_types_and_descriptions() {
    let target = Prometheus::start();
    let configuration = format!(
        "{{scrape_configs: [{{job_name: it, scrape_interval: 200ms, static_configs: [{{targets: ['{}']}}]}}]}}",
        target.address()
    );
    let server = Prometheus::start_with(&configuration, &[]);
    let reader = chunks(&server);
    let mut found = ktel_exporter::source::Metadata::new();
    ktel_testkit::wait::until("it is scraped", std::time::Duration::from_secs(30), || {
        found = run(reader.metadata(&everything())).unwrap();
        // It is there once the target has answered its first scrape.
        found.contains_key("prometheus_http_request_duration_seconds")
    });
    use ktel_exporter::source::MetricKind::{Counter, Gauge, Histogram, Summary};
    for (name, kind) in [
        ("go_goroutines", Gauge),
        ("prometheus_http_requests_total", Counter),
        ("prometheus_http_request_duration_seconds", Histogram),
        ("go_gc_duration_seconds", Summary),
    ] {
        assert_eq!(found[name].kind, kind, "{name}");
        assert!(!found[name].help.is_empty());
    }
}
