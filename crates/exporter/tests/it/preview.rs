//! A preview of the real store: what it counts, and where it ends.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ktel_exporter::compile::{Input, compile};
use ktel_exporter::offline;
use ktel_exporter::plan::{ExporterId, Plan};
use ktel_exporter::preview::{Budget, Cut, Failure, SourcePreview, source};
use ktel_exporter::resource::{ExporterSpec, normalise};
use ktel_exporter::settings::Settings;
use ktel_exporter::source::Reader;
use ktel_exporter::time::Millis;
use ktel_testkit::victoria_metrics::VictoriaMetrics;
use serde_json::json;

/// Metrics in the store, with so many series each, and a sample each 5 s of the last ten minutes.
const METRICS: usize = 60;
const SERIES: usize = 20;

fn filled() -> VictoriaMetrics {
    let store = VictoriaMetrics::start();
    #[expect(clippy::disallowed_methods, reason = "a preview looks at the newest samples")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64;
    let times: Vec<i64> = (0..120).map(|step| now - 5000 * step).rev().collect();
    let values: Vec<f64> = (0..120).map(f64::from).collect();
    let mut lines = String::new();
    for metric in 0..METRICS {
        for series in 0..SERIES {
            let labels = json!({"__name__": format!("metric_{metric}_total"), "series": series.to_string(),
                "padding": "x".repeat(400)});
            let line = json!({"metric": labels, "values": values, "timestamps": times});
            lines.push_str(&format!("{line}\n"));
        }
    }
    store.import(&lines);
    store
}

fn settings(store: &VictoriaMetrics, more: &str) -> Settings {
    let text = format!(
        "ktel: 1\nstore: {{kind: victoria-metrics, version: '1.145', url: 'http://{}'}}\n\
         tenancy: {{single_tenant: true}}\nreading: {{window: 30s, lag: 5s, lag_min: 1s}}\n{more}",
        store.address()
    );
    Settings::parse(&text, "settings.yaml").expect("valid settings")
}

fn plan(settings: &Settings) -> Plan {
    let written = json!({
        "sources": [{"name": "all", "metrics": {"metricsql": ""}}],
        "sinks": [
            {"name": "delta", "profile": "newrelic", "otlp_http": {"endpoint": "https://otlp.example.com"}},
            {"name": "other", "otlp_http": {"endpoint": "https://otlp.example.com"}},
        ],
    });
    let written: ExporterSpec = serde_json::from_value(written).expect("a spec");
    let (spec, _) = normalise(&written);
    let id = ExporterId { namespace: "shop".into(), name: "e".into(), uid: "1".into() };
    let added = BTreeMap::new();
    let input = Input { id: &id, generation: 1, spec: &spec, created: Millis(0), added: &added };
    compile(input, settings, &offline::cluster("shop", &BTreeMap::new()))
        .plan
        .expect("it can be compiled")
}

fn preview(settings: &Settings, budget: &Budget) -> Result<SourcePreview, Failure> {
    let (plan, reader) = (
        plan(settings),
        Reader::new(&settings.store.open().expect("no file is needed")).expect("a reader"),
    );
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(source(&reader, &plan, &plan.sources[0], settings, budget))
}

const LONG: Duration = Duration::from_secs(120);

#[test]
fn all_windows_are_read_and_differences_know_the_samples_before() {
    let store = filled();
    let settings = settings(&store, "");
    let shown =
        preview(&settings, &Budget { over: Duration::from_secs(100), ..Budget::within(LONG) });
    let shown = shown.expect("a preview");
    assert_eq!((shown.windows, shown.cut), (4, None), "rounded up to whole windows");
    assert_eq!(shown.window.millis(), 120_000);
    let series = (METRICS * SERIES) as u64;
    assert_eq!((shown.figures.series, shown.figures.metrics), (series, METRICS as u64));
    assert_eq!(shown.figures.samples, series * 24);
    assert_eq!(shown.figures.top.len(), 10);
    assert_eq!(shown.per_second(shown.figures.samples), series as f64 / 5.0);
    assert_eq!(shown.per_day(shown.figures.samples), series as f64 / 5.0 * 86_400.0);
    let [delta, other] = &shown.sinks[..] else { panic!("two sinks") };
    for sink in [delta, other] {
        assert_eq!(sink.encoded.points, series * 24, "{:?}", sink.encoded.tally);
        assert_eq!(sink.encoded.tally.dropped, BTreeMap::new());
        assert_eq!(sink.encoded.examples.len(), 3);
        assert!(sink.encoded.compressed_bytes < sink.encoded.bytes / 2);
    }
    // 500 points a request, as the resource says by default.
    assert!(other.encoded.requests >= series * 24 / 500, "{}", other.encoded.requests);
}

#[test]
fn it_ends_between_two_windows_when_a_bound_is_met() {
    let store = filled();
    let settings = settings(&store, "");
    let whole =
        preview(&settings, &Budget { over: Duration::from_secs(30), ..Budget::within(LONG) });
    let whole = whole.expect("a preview");
    let mut cut = None;
    // The bytes of two windows and a half, whatever a window has.
    for bytes_max in (1..64).map(|mib| mib << 20) {
        let shown = preview(&settings, &Budget { bytes_max, ..Budget::within(LONG) });
        match shown {
            Err(Failure::TooMuch { cut: Cut::Bytes(bytes), .. }) => assert_eq!(bytes, bytes_max),
            Ok(shown) if shown.windows < 10 => {
                cut = Some(shown);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let cut = cut.expect("there is a bound between one and ten windows");
    assert!(matches!(cut.cut, Some(Cut::Bytes(_))), "{:?}", cut.cut);
    assert_eq!(cut.window.millis(), 30_000 * i64::from(cut.windows));
    let windows = u64::from(cut.windows);
    assert_eq!(cut.figures.samples, whole.figures.samples * windows, "whole windows only");
    assert_eq!(cut.sinks[1].encoded.points, whole.sinks[1].encoded.points * windows);

    let long = Budget { over: Duration::from_secs(86_400), ..Budget::within(LONG) };
    let shown = preview(&settings, &long).expect("a preview");
    assert_eq!((shown.windows, shown.cut), (120, Some(Cut::Windows(120))));

    let few = Budget { series_max: METRICS * SERIES - 1, ..Budget::within(LONG) };
    let failure = preview(&settings, &few).unwrap_err();
    assert!(matches!(failure, Failure::TooMuch { cut: Cut::Series(_), .. }), "{failure:?}");
    let short = preview(&settings, &Budget::within(Duration::from_millis(1))).unwrap_err();
    assert!(matches!(short, Failure::TooMuch { cut: Cut::Time(_), .. }), "{short:?}");
    let text = short.to_string();
    assert_eq!(text, "a window of 30 s is more than a preview reads: it ends after 0.001 s");
}

#[test]
fn more_series_than_the_operator_allows_are_a_failure_as_for_the_engine() {
    let store = filled();
    let settings = settings(&store, "limits: {tenant: {series_max: 100}}\n");
    let failure = preview(&settings, &Budget::within(LONG)).unwrap_err();
    assert!(matches!(failure, Failure::TooManySeries { series_max: 100 }), "{failure:?}");
}
