//! The answers of `/api/v1/query` and `/api/v1/query_range`. Pure.

use std::borrow::Cow;
use std::fmt;

use ktel_metricsql::Labels;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::error::ReadError;
use super::text;
use crate::slice::{Sample, SliceBuilder};
use crate::time::{Millis, Window};

/// The answer to a query.
#[derive(Debug, Deserialize)]
struct Answer<'a> {
    status: &'a str,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    result_type: &'a str,
    #[serde(borrow)]
    result: Vec<Found<'a>>,
}

/// A series of an answer.
#[derive(Debug, Deserialize)]
struct Found<'a> {
    #[serde(borrow, default)]
    metric: Metric<'a>,
    /// Of a range, or raw samples.
    #[serde(default)]
    values: Vec<Point>,
    /// Of one instant.
    value: Option<Point>,
}

/// The labels of a series.
#[derive(Debug, Default)]
pub(super) struct Metric<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// A time in seconds, and a value as text.
#[derive(Debug, Clone, Copy)]
struct Point(Sample);

impl Labels for Metric<'_> {
    fn value(&self, label: &str) -> Option<&str> {
        self.0.as_slice().value(label)
    }
}

/// Adds the series of an answer to a slice. `check` says whether a series may be there.
pub(super) fn collect(
    document: &[u8],
    window: Window,
    bytes_max: usize,
    builder: &mut SliceBuilder,
    check: impl Fn(&Metric<'_>) -> bool,
) -> Result<(), ReadError> {
    for found in read(document)? {
        if !check(&found.metric) {
            return Err(ReadError::stranger(&found.metric));
        }
        let points = || found.values.iter().chain(&found.value).map(|point| point.0);
        let mut inside = points().filter(|sample| window.contains(sample.time)).peekable();
        if inside.peek().is_none() {
            continue;
        }
        builder.begin();
        for (name, value) in &found.metric.0 {
            builder.label(name, value);
        }
        inside.for_each(|sample| builder.sample(sample));
        builder.end();
        if builder.bytes() > bytes_max {
            return Err(ReadError::too_large(bytes_max, builder));
        }
    }
    Ok(())
}

/// Gives the sum of the values of an answer about one instant.
pub(super) fn sum(document: &[u8]) -> Result<f64, ReadError> {
    Ok(read(document)?.iter().filter_map(|found| found.value).map(|point| point.0.value).sum())
}

fn read(document: &[u8]) -> Result<Vec<Found<'_>>, ReadError> {
    let malformed = |message: String| ReadError::Malformed { message };
    let answer: Answer<'_> = serde_json::from_slice(document)
        .map_err(|error| malformed(text::clean(error.to_string().as_bytes())))?;
    let data = answer.data.filter(|_| answer.status == "success");
    let data = data.ok_or_else(|| malformed("an answer without data".to_owned()))?;
    match data.result_type {
        "matrix" | "vector" => Ok(data.result),
        other => Err(malformed(format!("an answer of type `{}`", text::clean(other.as_bytes())))),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Metric<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        /// A text, borrowed where it has no escapes.
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

        impl<'de> Visitor<'de> for Pairs {
            type Value = Metric<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("labels")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut labels = Vec::new();
                while let Some((Text(name), Text(value))) = map.next_entry()? {
                    labels.push((name, value));
                }
                Ok(Metric(labels))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;

        impl<'de> Visitor<'de> for Pair {
            type Value = Point;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a time and a value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Self::Value, A::Error> {
                let seconds: f64 = pair.next_element()?.ok_or_else(|| Error::custom("no time"))?;
                let value: Cow<'de, str> =
                    pair.next_element()?.ok_or_else(|| Error::custom("no value"))?;
                // Rust reads `+Inf`, `-Inf` and `NaN` as Go writes them.
                let value = value.parse().map_err(Error::custom)?;
                #[expect(clippy::cast_possible_truncation, reason = "a cast ends at the largest")]
                let time = Millis((seconds * 1000.0).round() as i64);
                Ok(Point(Sample { time, value }))
            }
        }

        deserializer.deserialize_seq(Pair)
    }
}

#[cfg(test)]
mod tests {
    use super::{collect, sum};
    use crate::slice::SliceBuilder;
    use crate::source::ReadError;
    use crate::time::{Millis, Window};
    use ktel_metricsql::Labels;

    const ANSWER: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"up","a":"\"ä\u003c"},"values":[[1700000000,"1"],[1700000000.123,"+Inf"],[1700000001.5,"NaN"]]},
        {"metric":{"__name__":"x"},"values":[[1,"2"]]}]},"stats":{"a":1}}"#;

    fn window() -> Window {
        Window { start: Millis(1_700_000_000_000), end: Millis(1_700_000_001_501) }
    }

    #[test]
    fn series_of_the_window_are_taken() {
        let mut builder = SliceBuilder::new();
        collect(ANSWER.as_bytes(), window(), 10_000, &mut builder, |_| true).unwrap();
        let slice = builder.finish();
        assert_eq!(slice.len(), 1);
        let series = slice.get(0).unwrap();
        assert_eq!(series.label("a"), Some("\"ä<"));
        let times: Vec<i64> =
            series.samples.iter().map(|sample| sample.time.0 - 1_700_000_000_000).collect();
        assert_eq!(times, [0, 123, 1500]);
        assert_eq!(series.samples[1].value, f64::INFINITY);
        assert!(series.samples[2].value.is_nan());
    }

    #[test]
    fn a_stranger_too_much_and_nonsense_are_errors() {
        let read = |document: &str, bytes_max| {
            let check = |metric: &super::Metric<'_>| metric.value("__name__") != Some("x");
            collect(document.as_bytes(), window(), bytes_max, &mut SliceBuilder::new(), check)
        };
        assert!(
            matches!(read(ANSWER, 10_000), Err(ReadError::Violation { series }) if series == "x")
        );
        assert!(matches!(read(ANSWER, 10), Err(ReadError::TooLarge { bytes_max: 10, .. })));
        for document in [
            "",
            "{}",
            r#"{"status":"error","error":"x"}"#,
            r#"{"status":"success","data":{"resultType":"scalar","result":[]}}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}}"#,
        ] {
            assert!(
                matches!(read(document, 10_000), Err(ReadError::Malformed { .. })),
                "{document}"
            );
        }
    }

    #[test]
    fn a_sum_of_nothing_is_nothing() {
        let of = |result: &str| {
            let document = format!(
                r#"{{"status":"success","data":{{"resultType":"vector","result":{result}}}}}"#
            );
            sum(document.as_bytes()).unwrap()
        };
        assert!(of("[]").abs() < 1e-9);
        assert!(
            (of(r#"[{"metric":{},"value":[1,"3"]},{"metric":{},"value":[1,"4"]}]"#) - 7.0).abs()
                < 1e-9
        );
    }
}
