//! VictoriaMetrics, by its export.

use std::fmt::Write;

use ktel_exporter::plan::Tenant;
use ktel_exporter::slice::STALE_NAN_BITS;
use ktel_exporter::source::{Part, ReadError, Reader, StoreKind};
use ktel_metricsql::{Matcher, Version};
use ktel_testkit::proxy::{Fault, Proxy};
use ktel_testkit::victoria_metrics::VictoriaMetrics;

use super::{Known, ROOM, everything, part, reader, run, samples, tenant, window};

/// A moment, in milliseconds, at the beginning of a minute.
const T: i64 = 1_700_000_040_000;

fn exporting(server: &VictoriaMetrics) -> Reader {
    at(&format!("http://{}", server.address()))
}

fn at(url: &str) -> Reader {
    reader(StoreKind::VictoriaMetrics(Version::new(1, 145)), url)
}

/// Writes a line of the import, and what is to be read of it.
fn line(labels: &[(&str, &str)], known: &[(i64, f64)]) -> (String, Vec<Known>) {
    let metric: serde_json::Map<String, serde_json::Value> =
        labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let value = |value: f64| match value {
        f64::INFINITY => "\"Infinity\"".to_owned(),
        f64::NEG_INFINITY => "\"-Infinity\"".to_owned(),
        value if value.is_nan() => "null".to_owned(),
        value => value.to_string(),
    };
    let values: Vec<String> = known.iter().map(|known| value(known.1)).collect();
    let times: Vec<i64> = known.iter().map(|known| known.0).collect();
    let metric = serde_json::Value::Object(metric);
    let text = format!(
        "{{\"metric\":{metric},\"values\":[{}],\"timestamps\":{times:?}}}\n",
        values.join(",")
    );
    let mut name = String::new();
    let mut sorted = labels.to_vec();
    sorted.sort_by_key(|(label, _)| (*label != "__name__", *label));
    for (label, value) in sorted {
        match label {
            "__name__" => name.push_str(value),
            _ => write!(name, ",{label}={value:?}").unwrap(),
        }
    }
    let known = known.iter().map(|(time, value)| (name.clone(), *time, value.to_bits())).collect();
    (text, known)
}

fn sorted(lists: impl IntoIterator<Item = Vec<Known>>) -> Vec<Known> {
    let mut all: Vec<Known> = lists.into_iter().flatten().collect();
    all.sort();
    all
}

#[test]
fn every_sample_of_a_window_is_read_bit_by_bit() {
    let server = VictoriaMetrics::start();
    let edge = [(T - 1, 1.0), (T, 2.0), (T + 59_999, 3.0), (T + 60_000, 4.0)];
    let strange = "a\"b\\c\n\r\t<>&'\u{1}\u{7f}\u{2028}äß😀{},\"values\":[";
    let table = [
        line(&[("__name__", "edge")], &edge),
        line(&[("__name__", "large")], &[(T, 1e300), (T + 1, -1e300), (T + 2, 1.5e308)]),
        line(&[("__name__", "small")], &[(T, 1e-300)]),
        line(&[("__name__", "zero")], &[(T, 0.0), (T + 1, 0.1), (T + 2, -0.3)]),
        line(
            &[("__name__", "infinite")],
            &[(T, f64::INFINITY), (T + 1, f64::NEG_INFINITY), (T + 2, 7.0)],
        ),
        line(&[("__name__", "strange"), ("label", strange), ("ünï", "ü")], &[(T + 5, 5.0)]),
        line(&[("__name__", "whole")], &[(T, 9_007_199_254_740_991.0), (T + 1, -1.0)]),
        line(&[("nameless", "yes")], &[(T + 7, 0.125)]),
    ];
    for (text, _) in &table {
        server.import(text);
    }
    let expected = sorted(table.map(|(_, known)| known));
    let expected: Vec<Known> =
        expected.into_iter().filter(|known| (T..T + 60_000).contains(&known.1)).collect();
    let all = part(&["{__name__=~\".*\"}", "{nameless=\"yes\"}"]);
    let slice = run(exporting(&server).read(&everything(), &all, window(T, T + 60_000), ROOM));
    assert_eq!(samples(&slice.unwrap()), expected);
    let nameless =
        Part { families: Some(vec![String::new()]), ..part(&["{nameless!=\"\"}", "{}"]) };
    let slice = run(exporting(&server).read(&everything(), &nameless, window(T, T + 60_000), ROOM));
    assert_eq!(samples(&slice.unwrap()), expected[..1], "series without a name are a family");
}

#[test]
fn stale_markers_are_read() {
    let server = VictoriaMetrics::start();
    // Prometheus' remote write of a stale marker, since the import takes no NaN.
    let marker = f64::from_bits(STALE_NAN_BITS);
    let body = super::remote_write(&[(&[("__name__", "up")], &[(T, 1.0), (T + 1000, marker)])]);
    drop(server.posted("/api/v1/write", "Content-Encoding: snappy\r\n", &body));
    server.flush();
    let slice =
        run(exporting(&server).read(&everything(), &part(&["up"]), window(T, T + 60_000), ROOM));
    let expected =
        [("up".to_owned(), T, 1_f64.to_bits()), ("up".to_owned(), T + 1000, STALE_NAN_BITS)];
    assert_eq!(samples(&slice.unwrap()), expected);
}

/// Series of two tenants.
fn two_tenants(server: &VictoriaMetrics) -> Vec<Known> {
    let mut text = String::new();
    let mut expected = Vec::new();
    for owner in ["me", "other"] {
        for number in 0..40 {
            let metric = ["a_bucket", "a_sum", "a_count", "b", "c_total"][number % 5];
            let number = number.to_string();
            let labels = [("__name__", metric), ("number", number.as_str()), ("tenant", owner)];
            let values: Vec<(i64, f64)> =
                (0..20).map(|index| (T + index * 1000, index as f64 / 4.0)).collect();
            let (line, known) = line(&labels, &values);
            text.push_str(&line);
            if owner == "me" {
                expected.extend(known);
            }
        }
    }
    server.import(&text);
    expected.sort();
    expected
}

#[test]
fn selectors_that_overlap_give_each_sample_once() {
    let server = VictoriaMetrics::start();
    let expected = two_tenants(&server);
    let overlapping = part(&[
        r#"{tenant="me"}"#,
        r#"{__name__="b",tenant="me" or number=~"1.*",tenant="me"}"#,
        r#"{__name__=~"a.*",tenant="me"}"#,
    ]);
    let reader = exporting(&server);
    let all = window(T, T + 60_000);
    assert_eq!(
        samples(&run(reader.read(&tenant("me"), &overlapping, all, ROOM)).unwrap()),
        expected
    );
    assert_eq!(run(reader.count(&tenant("me"), &overlapping, all)).unwrap(), expected.len() as u64);
    assert_eq!(run(reader.series(&tenant("me"), &overlapping, all)).unwrap(), 40);
    assert_eq!(
        run(reader.families(&tenant("me"), &overlapping, all)).unwrap(),
        ["", "a", "b", "c_total"]
    );
    let mut in_parts = Vec::new();
    for family in ["a", "b", "c_total"] {
        let part = Part { families: Some(vec![family.to_owned()]), ..overlapping.clone() };
        let slice = run(reader.read(&tenant("me"), &part, all, ROOM)).unwrap();
        assert!(
            slice
                .series()
                .all(|series| series.name().starts_with(family.trim_end_matches("_total")))
        );
        in_parts.extend(samples(&slice));
    }
    assert_eq!(sorted([in_parts]), expected);
    // They differ in nothing but their names.
    for name in ["alike_1", "alike_2"] {
        server.import(&line(&[("__name__", name), ("tenant", "me")], &[(T, 1.0)]).0);
    }
    assert_eq!(run(reader.series(&tenant("me"), &part(&[r#"{tenant="me"}"#]), all)).unwrap(), 42);
    let of_alike = part(&[r#"{__name__=~"alike_."}"#]);
    assert_eq!(run(reader.series(&tenant("me"), &of_alike, all)).unwrap(), 2);
    assert_eq!(run(reader.series(&tenant("me"), &part(&["nothing"]), all)).unwrap(), 0);
}

#[test]
fn a_series_of_another_tenant_or_that_nobody_asked_for_is_a_violation() {
    let server = VictoriaMetrics::start();
    two_tenants(&server);
    let reader = exporting(&server);
    let all = window(T, T + 60_000);
    // A selector without the tenant's label: the store enforces it by the parameters of the URL.
    let careless = part(&["{number=\"1\"}"]);
    let read = run(reader.read(&tenant("me"), &careless, all, ROOM)).unwrap();
    assert_eq!(read.len(), 1);
    let several = Tenant {
        matchers: vec![Matcher::one_of("tenant", ["me", "mine"]).unwrap()],
        ..tenant("me")
    };
    assert_eq!(run(reader.read(&several, &careless, all, ROOM)).unwrap().len(), 1);
    // A store that does not: the label is checked here.
    let prefix = format!("http://{}/prometheus/", server.address());
    let other = super::reader(StoreKind::Other, &prefix);
    let violation = run(other.read(&tenant("me"), &careless, all, ROOM)).unwrap_err();
    assert!(
        matches!(&violation, ReadError::Violation { series } if series == "a_sum"),
        "{violation:?}"
    );
}

#[test]
fn a_slice_is_bounded() {
    let server = VictoriaMetrics::start();
    let expected = two_tenants(&server);
    let reader = exporting(&server);
    let read = |bytes| {
        run(reader.read(&tenant("me"), &part(&["{tenant=\"me\"}"]), window(T, T + 60_000), bytes))
    };
    let samples_alone = expected.len() * 16;
    assert!(matches!(read(samples_alone), Err(ReadError::TooLarge { .. })));
    assert!(read(2 * samples_alone).is_ok());
}

#[test]
fn a_stream_that_breaks_off_anywhere_gives_nothing() {
    let server = VictoriaMetrics::start();
    let expected = two_tenants(&server);
    let proxy = Proxy::to_port(server.address().port());
    let url = format!("http://{}", proxy.address());
    let selectors = part(&["{tenant=\"me\",number=~\"1|2|3\"}"]);
    let wanted = |known: &Known| {
        ["1", "2", "3"].iter().any(|number| known.0.contains(&format!("number=\"{number}\"")))
    };
    let expected: Vec<Known> = expected.into_iter().filter(wanted).collect();
    let read = || run(at(&url).read(&tenant("me"), &selectors, window(T, T + 60_000), ROOM));
    assert_eq!(samples(&read().unwrap()), expected);
    let whole = proxy.traffic().received;
    for bytes in (0..whole).step_by(13).chain(whole - 10..whole) {
        proxy.set(Fault::CutAfter(bytes));
        let broken = read();
        assert!(
            matches!(broken, Err(ReadError::Unavailable { .. })),
            "{bytes} of {whole}: {broken:?}"
        );
    }
    proxy.set(Fault::None);
    assert_eq!(samples(&read().unwrap()), expected);
}

#[test]
fn errors_say_what_to_do() {
    let server = VictoriaMetrics::start();
    let nobody = at("http://127.0.0.1:1");
    let all = window(T, T + 60_000);
    let unavailable = run(nobody.read(&everything(), &part(&["up"]), all, ROOM)).unwrap_err();
    assert!(matches!(unavailable, ReadError::Unavailable { .. }), "{unavailable:?}");
    let elsewhere = at(&format!("http://{}/nowhere/", server.address()));
    let rejected = run(elsewhere.read(&everything(), &part(&["up"]), all, ROOM)).unwrap_err();
    assert!(matches!(rejected, ReadError::Rejected { status: 400, .. }), "{rejected:?}");
    let with_tenant = at(&format!("http://{}/select/{{tenant}}/", server.address()));
    let unsendable = run(with_tenant.read(&everything(), &part(&["up"]), all, ROOM)).unwrap_err();
    assert!(matches!(unsendable, ReadError::Unsendable { .. }), "{unsendable:?}");
}

#[test]
fn the_clock_of_the_store_is_read_from_its_answers() {
    let server = VictoriaMetrics::start();
    let reader = exporting(&server);
    let millis = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let time = run(reader.now()).unwrap().0;
    let now = millis();
    assert!(time <= now && now - time < 10_000, "{time} at {now}");
}

#[test]
fn an_expression_is_evaluated_at_multiples_of_its_step() {
    let server = VictoriaMetrics::start();
    two_tenants(&server);
    let reader = exporting(&server);
    let evaluation = ktel_exporter::source::Evaluation {
        expr: "sum(b{tenant=\"me\"}) by (tenant)".parse().unwrap(),
        step: std::time::Duration::from_secs(5),
    };
    let slice =
        run(reader.evaluate(&tenant("me"), &evaluation, window(T + 1, T + 15_000), ROOM)).unwrap();
    let name = ",tenant=\"me\"".to_owned();
    // 8 series of `b`, each a quarter more every second.
    let expected =
        [(name.clone(), T + 5000, 10_f64.to_bits()), (name, T + 10_000, 20_f64.to_bits())];
    assert_eq!(samples(&slice), expected);
    let nothing =
        run(reader.evaluate(&tenant("me"), &evaluation, window(T + 1, T + 5000), ROOM)).unwrap();
    assert!(nothing.is_empty());
    let stranger = run(reader.evaluate(&tenant("other"), &evaluation, window(T, T + 15_000), ROOM));
    assert!(stranger.unwrap().is_empty(), "the store enforces it too");
}
