//! How fast is the export of VictoriaMetrics read beside `serde_json`? Prints ratios and writes them to `benches/export.md`.
//!
//! `serde_json` reads into borrowed, typed structs, as much as it can do without copies. Both add up values and times. The
//! second line of each shape is what an exporter does: parse, check the tenant and the selectors, collect, sort. Rounds
//! alternate, so that a busy machine slows both.

use std::borrow::Cow;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use ktel_exporter::plan::Tenant;
use ktel_exporter::source::check::Check;
use ktel_exporter::source::export::Collector;
use ktel_exporter::source::export::line::{Line, Scratch};
use ktel_exporter::source::export::lines::Lines;
use ktel_exporter::time::{Millis, Window};
use ktel_metricsql::{Matcher, Selector};
use serde::Deserialize;

/// How much text of each shape there is.
const BYTES: usize = 4 << 20;
/// How often each side is measured.
const ROUNDS: usize = 21;
/// How many times faster than `serde_json` the parser has to be, and all that follows it.
const BUDGETS: [f64; 2] = [1.5, 1.0];

/// A line as `serde_json` reads it.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow)]
    metric: indexmap::IndexMap<&'a str, Cow<'a, str>>,
    values: Vec<Option<f64>>,
    timestamps: Vec<i64>,
}

fn main() -> anyhow::Result<()> {
    let mut page = String::from(
        "# Bench of the export

Written by `make bench`. Times are of one machine with two cores on one day; what counts is the ratio, since both sides
took turns in one run. Medians. A line has nine labels; the samples are those of a counter, or floats of 17 digits.

| what | MB/s of `serde_json` | MB/s | million points a second | budget | measured | holds |
|---|---|---|---|---|---|---|
",
    );
    for (per_line, is_counter) in [(4, true), (4, false), (40, true), (40, false)] {
        let text = lines(per_line, is_counter)?;
        let points = text.lines().count() * per_line;
        ensure!(ours(&text)?.to_bits() == theirs(&text)?.to_bits(), "the sums differ");
        ensure!(collect(&text)? == points, "not all points are there");
        let kind = if is_counter { "counter" } else { "float" };
        let sides: [(&str, &dyn Fn() -> anyhow::Result<f64>); 2] = [
            ("parse", &|| ours(&text)),
            ("parse, check, collect, sort", &|| Ok(collect(&text)? as f64)),
        ];
        for ((what, side), budget) in sides.into_iter().zip(BUDGETS) {
            let (them, us) = compare(&|| theirs(&text), side)?;
            let rate = |time: Duration| text.len() as f64 / time.as_secs_f64() / 1e6;
            let faster = them.as_secs_f64() / us.as_secs_f64();
            writeln!(
                page,
                "| {what}, {per_line} {kind} samples a line | {:.0} | {:.0} | {:.1} | {budget} times as fast | {faster:.1} times | {} |",
                rate(them),
                rate(us),
                points as f64 / us.as_secs_f64() / 1e6,
                if faster >= budget { "yes" } else { "**no**" },
            )?;
        }
    }
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("export.md"), &page)?;
    show(&page);
    Ok(())
}

/// Writes lines as VictoriaMetrics does.
fn lines(per_line: usize, is_counter: bool) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut number = 0_u32;
    while text.len() < BYTES {
        number += 1;
        write!(
            text,
            "{{\"metric\":{{\"__name__\":\"gateway_transmit_bytes_{}_total\",\"job\":\"edge-proxy\",\
             \"instance\":\"192.0.2.{}:9{:03}\",\"resource_kind\":\"Gateway\",\"resource_name\":\"gateway-{number:07}\",\
             \"resource_namespace\":\"namespace-{:03}\",\"service_name\":\"networking.example.com\",\
             \"tenant\":\"acme\",\"zone\":\"zone-a\"}},\"values\":[",
            number % 200,
            number % 251,
            number / 251 % 997,
            number % 211
        )?;
        for index in 0..per_line {
            let comma = if index > 0 { "," } else { "" };
            let value = f64::from(number) * 1021.0 + index as f64 * 1500.0;
            write!(text, "{comma}{}", if is_counter { value } else { value / 7.0 })?;
        }
        text.push_str("],\"timestamps\":[");
        for index in 0..per_line {
            let comma = if index > 0 { "," } else { "" };
            write!(text, "{comma}{}", 1_700_000_000_000 + index as i64 * 15_000)?;
        }
        text.push_str("]}\n");
    }
    Ok(text)
}

fn theirs(text: &str) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for line in text.lines() {
        let line: Typed<'_> = serde_json::from_str(line)?;
        sum += line.metric.len() as f64;
        for (value, time) in line.values.iter().zip(&line.timestamps) {
            sum += value.context("a value")?.floor() + *time as f64;
        }
    }
    Ok(sum)
}

fn ours(text: &str) -> anyhow::Result<f64> {
    let (mut sum, mut scratch) = (0.0, Scratch::default());
    for line in text.lines() {
        let line = Line::read(line.as_bytes(), &mut scratch)?;
        sum += line.labels.iter().len() as f64;
        line.samples(|sample| sum += sample.value.floor() + sample.time.0 as f64)?;
    }
    Ok(sum)
}

fn collect(text: &str) -> anyhow::Result<usize> {
    let tenant = Tenant {
        name: "acme".to_owned(),
        matchers: vec![Matcher::equal("tenant", "acme")?],
        path: None,
    };
    let selector: Selector = "{service_name=\"networking.example.com\",tenant=\"acme\"}".parse()?;
    let check = Check::new(&tenant, &[selector]);
    let window = Window { start: Millis(1_700_000_000_000), end: Millis(1_700_000_600_000) };
    let (mut lines, mut collector) = (Lines::default(), Collector::new(&check, window, usize::MAX));
    for piece in text.as_bytes().chunks(64 << 10) {
        lines.feed(piece, |line| collector.take(line))?;
    }
    lines.end()?;
    Ok(collector.finish().finish().samples())
}

/// Gives the medians of both sides, which take turns.
fn compare(
    theirs: &dyn Fn() -> anyhow::Result<f64>,
    ours: &dyn Fn() -> anyhow::Result<f64>,
) -> anyhow::Result<(Duration, Duration)> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        first.push(time(theirs)?);
        second.push(time(ours)?);
    }
    Ok((median(first), median(second)))
}

fn time(what: &dyn Fn() -> anyhow::Result<f64>) -> anyhow::Result<Duration> {
    let began = Instant::now();
    black_box(what()?);
    Ok(began.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}
