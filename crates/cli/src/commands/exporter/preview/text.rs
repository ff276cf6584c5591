//! The preview as text.

use std::fmt::Write;

use ktel_exporter::plan::{Compression, Selection, SinkPlan, SourcePlan};
use ktel_exporter::preview::{Encoded, SinkPreview, SourcePreview};
use ktel_exporter::source::Asked;

use super::figures::{bytes, count};
use super::previewed::{Previewed, Source, compression, temporality, time};
use crate::table::table;

pub(super) fn write(shown: &[Previewed]) -> String {
    let mut out = String::new();
    for one in shown {
        let plan = &one.exporter.plan;
        let suspended =
            if plan.is_suspended { "; suspended, so nothing is delivered now" } else { "" };
        let (key, tenant) = (&one.exporter.key, &plan.tenant.name);
        line(&mut out, 0, &format!("{key}, tenant `{tenant}`{suspended}"));
        for (plan, source) in plan.sources.iter().zip(&one.sources) {
            self::source(&mut out, one, plan, source);
        }
    }
    out
}

fn source(out: &mut String, shown: &Previewed, plan: &SourcePlan, source: &Source) {
    line(out, 0, "");
    line(out, 1, &format!("source `{}`", plan.name));
    if let Ok(asked) = &source.asked {
        self::asked(out, plan, asked);
    }
    let preview = match &source.preview {
        Ok(preview) => preview,
        Err(error) => return line(out, 2, &format!("cannot be read: {error}")),
    };
    let figures = &preview.figures;
    let (from, to) = (time(preview.window.start), time(preview.window.end));
    let windows = if preview.windows == 1 { "window" } else { "windows" };
    let cut = preview.cut.map(|cut| format!("; {cut}")).unwrap_or_default();
    line(out, 2, &format!("looks at {from} to {to}, {} {windows}{cut}", preview.windows));
    let rate = preview.per_second(figures.samples);
    let text = format!(
        "has {} series of {} metrics, {} samples a second",
        figures.series,
        figures.metrics,
        count(rate)
    );
    line(out, 2, &text);
    if !figures.top.is_empty() {
        let rows = figures.top.iter().map(|metric| {
            let rate = count(preview.per_second(metric.samples));
            [metric.name.clone(), metric.series.to_string(), rate]
        });
        block(out, 2, &table(["METRIC", "SERIES", "SAMPLES/S"], rows));
    }
    for sink in &preview.sinks {
        self::sink(out, shown, preview, sink);
    }
}

fn asked(out: &mut String, plan: &SourcePlan, asked: &Asked) {
    let step = match &plan.selection {
        Selection::Raw(_) => String::new(),
        Selection::Expression { step, .. } => format!(" every {} s", step.as_secs_f64()),
    };
    line(out, 2, &format!("asks {}{step}", asked.path));
    for query in &asked.queries {
        line(out, 3, query);
    }
    if asked.queries.is_empty() {
        line(out, 3, "nothing: it selects nothing at the moment");
    }
    for (name, value) in &asked.enforced {
        line(out, 3, &format!("with {name}={value}"));
    }
}

fn sink(out: &mut String, shown: &Previewed, preview: &SourcePreview, sink: &SinkPreview) {
    let Some(plan) = shown.exporter.plan.sinks.get(sink.sink) else { return };
    let SinkPlan { name, batch, .. } = plan;
    let Encoded { points, requests, bytes: raw, compressed_bytes, examples, .. } = &sink.encoded;
    line(out, 0, "");
    let text = format!(
        "sink `{name}`, profile {}: {}, {}, at most {} points or {} a request",
        shown.profile(name),
        temporality(plan.temporality),
        compression(plan.compression),
        batch.points_max,
        bytes(batch.bytes_max as f64)
    );
    line(out, 2, &text);
    let text = format!(
        "would get {} points a second; a day: {} points, {} requests, {}{}",
        count(preview.per_second(*points)),
        count(preview.per_day(*points)),
        count(preview.per_day(*requests)),
        bytes(preview.per_day(*raw)),
        match plan.compression {
            Compression::None => String::new(),
            codec => format!(
                ", {} with {}",
                bytes(preview.per_day(*compressed_bytes)),
                compression(codec)
            ),
        }
    );
    line(out, 3, &text);
    if sink.remarks.is_empty() {
        line(out, 3, "nothing is rejected or changed");
    }
    for remark in &sink.remarks {
        line(out, 3, &format!("note: {}", remark.message));
    }
    for example in examples {
        line(out, 3, &format!("e.g. {example}"));
    }
}

fn line(out: &mut String, depth: usize, text: &str) {
    writeln!(out, "{}{text}", "  ".repeat(if text.is_empty() { 0 } else { depth }))
        .expect("a string takes everything");
}

fn block(out: &mut String, depth: usize, text: &str) {
    for one in text.lines() {
        line(out, depth, one);
    }
}
