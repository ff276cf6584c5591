//! What is rejected or changed on the way to a sink, as far as its profile and the figures tell. Pure.

use super::measure::Encoded;
use crate::mapping::MappingDrop;
use crate::plan::{SinkPlan, Temporality};

/// Something that is rejected or changed on the way to a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// A word for machines.
    pub reason: &'static str,
    /// How many samples it is about; none if it is about all.
    pub samples: Option<u64>,
    /// What happens, for people.
    pub message: String,
}

/// Says what is rejected or changed on the way to a sink that would get so many points a second.
#[must_use]
pub fn remarks(sink: &SinkPlan, encoded: &Encoded, points_per_second: f64) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut say = |reason: &'static str, samples: Option<u64>, message: String| {
        remarks.push(Remark { reason, samples, message });
    };
    if sink.temporality == Temporality::Delta {
        let message =
            "counters and histograms are sent as differences to the sample before (delta)";
        say("Delta", None, message.to_owned());
    }
    let tally = &encoded.tally;
    for (reason, &samples) in &tally.dropped {
        let (word, why) = drop(*reason, sink);
        let message = format!("{} not sent: {why}", counted(samples));
        say(word, Some(samples), message);
    }
    if tally.shortened > 0 {
        let accepts = &sink.accepts;
        let limit = |what: &str, bytes: Option<usize>| {
            bytes.map(|bytes| format!("{what} to {bytes} bytes"))
        };
        let limits = [
            limit("names", accepts.attribute_name_bytes_max),
            limit("values", accepts.attribute_value_bytes_max),
        ];
        let limits: Vec<String> = limits.into_iter().flatten().collect();
        let samples = tally.shortened;
        let message =
            format!("attributes of {} shortened: {}", counted(samples), limits.join(", "));
        say("Shortened", Some(samples), message);
    }
    if tally.described > 0 {
        let message = "samples of `target_info` become attributes of resources";
        say("Described", Some(tally.described), format!("{} {message}", tally.described));
    }
    if let Some(most) = sink.rate.points_per_second
        && points_per_second > most as f64
    {
        let message = format!(
            "the sink falls behind: {points_per_second:.0} points a second come, and {most} are sent"
        );
        say("TooFast", None, message);
    }
    if let Some(age) = sink.rate.age_max {
        let message = format!("points older than {} s are dropped and counted", age.as_secs());
        say("MaxAge", None, message);
    }
    if let Some(late) = sink.accepts.out_of_order {
        let message = match late.as_secs() {
            0 => {
                "the receiver rejects points that are older than the newest of their series".into()
            }
            seconds => format!(
                "the receiver rejects points that are {seconds} s older than the newest of their series"
            ),
        };
        say("OutOfOrder", None, message);
    }
    remarks
}

/// Says why samples are not sent.
fn drop(reason: MappingDrop, sink: &SinkPlan) -> (&'static str, String) {
    let (word, why) = match reason {
        MappingDrop::NoCount => ("NoCount", "of a histogram or summary without `_count`"),
        MappingDrop::BadCounts => ("BadCounts", "the counts of a histogram contradict each other"),
        MappingDrop::PartEnded => ("PartEnded", "a part of a histogram or summary ended alone"),
        MappingDrop::NoSuchKind => {
            ("NoSuchKind", "OTLP has no gauge histograms, and no histograms of floats")
        }
        MappingDrop::TooLong => ("TooLong", "the point is longer than a request may be"),
        MappingDrop::NoSummaries => ("NoSummaries", "the receiver takes no summaries"),
        MappingDrop::SameSecond => ("SameSecond", "the receiver keeps one point a second"),
        MappingDrop::NoStart => ("NoStart", "the first sample of a series gives no difference"),
        MappingDrop::Covered => ("Covered", "a newer sample was sent, whose difference covers it"),
        MappingDrop::NoTime => ("NoTime", "OTLP cannot write the time"),
        MappingDrop::TooManyAttributes => {
            let most = sink.accepts.attributes_max.unwrap_or(usize::MAX);
            let why =
                format!("the series has more than {most} attributes, which the receiver rejects");
            return ("TooManyAttributes", why);
        }
    };
    (word, why.to_owned())
}

fn counted(samples: u64) -> String {
    if samples == 1 { "1 sample is".to_owned() } else { format!("{samples} samples are") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{Encoded, MappingDrop, SinkPlan, remarks};
    use crate::compile::{Input, compile};
    use crate::mapping::Tally;
    use crate::offline;
    use crate::plan::ExporterId;
    use crate::resource::{ExporterSpec, normalise};
    use crate::settings::Settings;
    use crate::time::Millis;

    fn sink(profile: &str, limits: &serde_json::Value) -> SinkPlan {
        let written = json!({
            "sources": [{"name": "a", "metrics": {"metricsql": ""}}],
            "sinks": [{"name": "b", "profile": profile, "limits": limits,
                "otlp_http": {"endpoint": "https://otlp.example.com"}}],
        });
        let written: ExporterSpec = serde_json::from_value(written).unwrap();
        let (spec, _) = normalise(&written);
        let text = "ktel: 1\nstore: {kind: prometheus, url: 'http://store.example.com'}\n\
                    tenancy: {single_tenant: true}\n";
        let settings = Settings::parse(text, "settings.yaml").unwrap();
        let id = ExporterId { namespace: "n".into(), name: "e".into(), uid: "1".into() };
        let added = BTreeMap::new();
        let (created, spec) = (Millis(0), &spec);
        let input = Input { id: &id, generation: 1, spec, created, added: &added };
        let cluster = offline::cluster("n", &BTreeMap::new());
        compile(input, &settings, &cluster).plan.unwrap().sinks.remove(0)
    }

    fn said(sink: &SinkPlan, tally: Tally, points_per_second: f64) -> Vec<String> {
        let encoded = Encoded { tally, ..Encoded::default() };
        let remarks = remarks(sink, &encoded, points_per_second).into_iter();
        remarks.map(|remark| format!("{}: {}", remark.reason, remark.message)).collect()
    }

    #[test]
    fn a_sink_that_takes_everything_has_no_remark() {
        assert_eq!(said(&sink("generic", &json!({})), Tally::default(), 1.0), [""; 0]);
    }

    #[test]
    fn what_a_profile_rejects_or_changes_is_named_with_its_count() {
        let dropped = [(MappingDrop::TooManyAttributes, 7), (MappingDrop::NoSuchKind, 1)];
        let tally =
            Tally { dropped: dropped.into(), shortened: 2, described: 3, ..Tally::default() };
        assert_eq!(
            said(&sink("newrelic", &json!({})), tally, 1.0),
            [
                "Delta: counters and histograms are sent as differences to the sample before (delta)",
                "NoSuchKind: 1 sample is not sent: OTLP has no gauge histograms, and no histograms of floats",
                "TooManyAttributes: 7 samples are not sent: the series has more than 64 attributes, which the receiver rejects",
                "Shortened: attributes of 2 samples are shortened: names to 255 bytes, values to 4095 bytes",
                "Described: 3 samples of `target_info` become attributes of resources",
            ]
        );
    }

    #[test]
    fn what_is_too_fast_or_too_old_is_named_before_it_happens() {
        assert_eq!(
            said(&sink("grafana-cloud", &json!({"maxAge": "1h"})), Tally::default(), 10_001.0),
            [
                "TooFast: the sink falls behind: 10001 points a second come, and 10000 are sent",
                "MaxAge: points older than 3600 s are dropped and counted",
                "OutOfOrder: the receiver rejects points that are 7200 s older than the newest of their series",
            ]
        );
        assert_eq!(
            said(&sink("prometheus", &json!({})), Tally::default(), 10_000.0),
            [
                "OutOfOrder: the receiver rejects points that are older than the newest of their series"
            ]
        );
    }
}
