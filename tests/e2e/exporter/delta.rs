//! A sink that takes differences only, across kills: what arrives adds up to what the store itself calls the increase.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use ktel_testkit::capture::Http;
use ktel_testkit::otlp_series::{SampleValue, Samples};
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use ktel_testkit::wait;
use serde_json::{Value, json};

use super::local::{AN_HOUR, SOON, arrived, now_ms, start, stop, write_files};

const KILLS: u64 = 12;
const COUNTERS: i64 = 40;
const STEP_MS: i64 = 15_000;

/// Writes an hour of counters that begin anew now and then, and a minute before it: the first sample has one to be compared
/// with.
fn fill(store: &VictoriaMetrics, begin: i64) {
    drop(store.posted("/api/v1/import/prometheus", "", b"# TYPE load_total counter\n"));
    let mut lines = String::new();
    for counter in 0..COUNTERS {
        let metric = json!({"__name__": "load_total", "project": "mine",
            "instance": format!("instance-{counter}")});
        let steps = -4..AN_HOUR;
        let times: Vec<i64> =
            steps.clone().map(|step| begin + step * STEP_MS + counter % 997).collect();
        let values: Vec<i64> =
            steps.map(|step| (step + counter + 100) % (37 + counter) * (counter + 3)).collect();
        let line = json!({"metric": metric, "values": values, "timestamps": times});
        lines += &format!("{line}\n");
    }
    store.import(&lines);
}

/// What the store says of each counter: how much it went up in a time.
fn increases(store: &VictoriaMetrics, from: i64, until: i64) -> BTreeMap<String, f64> {
    let query = format!("increase(load_total{{project=\"mine\"}}[{}ms])", until - from);
    let time = format!("{}.{:03}", until / 1000, until % 1000);
    let text = store.ask("/api/v1/query", &[("query", &query), ("time", &time), ("nocache", "1")]);
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let found = answer["data"]["result"].as_array().expect("a vector").iter().map(|series| {
        let instance = series["metric"]["instance"].as_str().expect("a label").to_owned();
        let value = series["value"][1].as_str().expect("a value").parse().expect("a number");
        (instance, value)
    });
    found.collect()
}

/// Adds up the differences of each counter. The same one may arrive again; two at the same time that are not equal are a
/// mistake.
fn sums(arrived: &Samples) -> BTreeMap<String, f64> {
    let mut each: BTreeMap<(String, i64), f64> = BTreeMap::new();
    for sample in arrived.0.keys() {
        let SampleValue::Bits(bits) = sample.value else { panic!("no number: {sample:?}") };
        let instance = sample.labels.get("instance").expect("a label").to_owned();
        let before = each.insert((instance, sample.time), f64::from_bits(bits));
        assert_eq!(before, None, "another difference at the same time: {sample:?}");
    }
    let mut sums = BTreeMap::new();
    for ((instance, _), difference) in each {
        *sums.entry(instance).or_default() += difference;
    }
    sums
}

fn cursors(place: &Path) -> String {
    std::fs::read_to_string(place.join("state/cursors.json")).unwrap_or_default()
}

#[test]
fn killed_again_and_again_what_arrives_adds_up_to_the_increase_of_the_store() {
    let (store, receiver) = (VictoriaMetrics::start(), Http::start());
    let place = tempfile::tempdir().expect("a place");
    let begin = now_ms() - 4_000_000;
    fill(&store, begin);
    // Slow enough to be killed before its end.
    let slow = json!({"temporality": "delta", "limits": {"pointsPerSecond": 300, "burst": 300}});
    write_files(place.path(), &store, &receiver.url(), begin, &slow);
    let log = place.path().join("log");
    for round in 0..KILLS {
        let before = cursors(place.path());
        let mut running = start(place.path(), &log);
        // Each at another instant: while it starts, reads, sends, or saves its cursors.
        std::thread::sleep(Duration::from_millis(100 + round * 619 % 900));
        // Every third has come further for certain, so that the next one rebuilds what it has to compare with.
        if round % 3 == 1 {
            wait::until("a cursor moves", SOON, || cursors(place.path()) != before);
        }
        running.kill().expect("it runs");
        running.wait().expect("it ends");
    }
    let all = usize::try_from(AN_HOUR * COUNTERS).expect("a number");
    let so_far = arrived(&receiver).0.len();
    assert!(so_far > 0 && so_far < all, "{so_far} of {all}: the kills stand between");
    let quick = json!({"temporality": "delta"});
    write_files(place.path(), &store, &receiver.url(), begin, &quick);
    let running = start(place.path(), &log);
    wait::until("everything arrives", SOON, || arrived(&receiver).0.len() >= all);
    stop(running);
    let expected = increases(&store, begin - 1000, begin + AN_HOUR * STEP_MS);
    assert_eq!(expected.len() as i64, COUNTERS);
    assert!(expected.values().all(|increase| *increase > 0.0), "{expected:?}");
    assert_eq!(sums(&arrived(&receiver)), expected);
}
