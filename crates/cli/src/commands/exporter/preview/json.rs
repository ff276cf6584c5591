//! The preview as JSON.

use ktel_exporter::plan::{Plan, SinkPlan, SourcePlan};
use ktel_exporter::preview::{SinkPreview, SourcePreview};
use ktel_exporter::source::Asked;
use ktel_exporter::time::Millis;
use serde_json::{Map, Value, json};

use super::previewed::{Previewed, Source, compression, temporality, time};

pub(super) fn write(shown: &[Previewed]) -> Value {
    json!({"exporters": shown.iter().map(exporter).collect::<Vec<_>>()})
}

fn exporter(shown: &Previewed) -> Value {
    let Plan { id, tenant, sources, is_suspended, .. } = &shown.exporter.plan;
    let sources = sources.iter().zip(&shown.sources).map(|(plan, one)| source(shown, plan, one));
    json!({
        "namespace": id.namespace, "name": id.name, "tenant": tenant.name,
        "suspended": is_suspended,
        "sources": sources.collect::<Vec<_>>(),
    })
}

fn source(shown: &Previewed, plan: &SourcePlan, source: &Source) -> Value {
    let mut value = json!({"name": plan.name});
    value["asked"] = source.asked.as_ref().map_or(Value::Null, asked);
    match &source.preview {
        Err(error) => value["error"] = error.to_string().into(),
        Ok(preview) => {
            let per_second = |count| preview.per_second(count);
            let figures = &preview.figures;
            let top = figures.top.iter().map(|metric| {
                json!({
                    "name": metric.name, "series": metric.series, "samples": metric.samples,
                    "samples_per_second": per_second(metric.samples),
                })
            });
            value["from"] = moment(preview.window.start);
            value["to"] = moment(preview.window.end);
            value["windows"] = preview.windows.into();
            value["cut"] = preview.cut.map_or(Value::Null, |cut| cut.to_string().into());
            value["series"] = figures.series.into();
            value["samples"] = figures.samples.into();
            value["samples_per_second"] = per_second(figures.samples).into();
            value["metrics"] = figures.metrics.into();
            value["top_metrics"] = top.collect();
            value["sinks"] = preview.sinks.iter().map(|one| sink(shown, preview, one)).collect();
        }
    }
    value
}

fn asked(asked: &Asked) -> Value {
    let parameters = asked.enforced.iter();
    let parameters = parameters.map(|(name, value)| json!({"name": name, "value": value}));
    json!({
        "path": asked.path, "queries": asked.queries, "enforced": parameters.collect::<Vec<_>>(),
    })
}

fn sink(shown: &Previewed, preview: &SourcePreview, sink: &SinkPreview) -> Value {
    let Some(plan) = shown.exporter.plan.sinks.get(sink.sink) else { return Value::Null };
    let SinkPlan { name, batch, .. } = plan;
    let encoded = &sink.encoded;
    let dropped: Map<String, Value> = encoded
        .tally
        .dropped
        .iter()
        .map(|(reason, samples)| (format!("{reason:?}"), (*samples).into()))
        .collect();
    let remarks = sink.remarks.iter().map(|remark| {
        json!({"reason": remark.reason, "samples": remark.samples, "message": remark.message})
    });
    let examples = encoded.examples.iter();
    // They were written as JSON by the library.
    let examples = examples.filter_map(|text| serde_json::from_str::<Value>(text).ok());
    json!({
        "name": name,
        "profile": shown.profile(name),
        "temporality": temporality(plan.temporality),
        "compression": compression(plan.compression),
        "max_size": batch.points_max,
        "max_bytes": batch.bytes_max,
        "points": encoded.points,
        "points_per_second": preview.per_second(encoded.points),
        "requests": encoded.requests,
        "requests_per_day": preview.per_day(encoded.requests).round(),
        "bytes": encoded.bytes,
        "bytes_per_day": preview.per_day(encoded.bytes).round(),
        "compressed_bytes": encoded.compressed_bytes,
        "compressed_bytes_per_day": preview.per_day(encoded.compressed_bytes).round(),
        "dropped_samples": dropped,
        "remarks": remarks.collect::<Vec<_>>(),
        "examples": examples.collect::<Vec<_>>(),
    })
}

fn moment(millis: Millis) -> Value {
    time(millis).into()
}
