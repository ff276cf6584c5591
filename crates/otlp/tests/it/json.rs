//! JSON, against the one of `opentelemetry-proto`, and where the specification is more exact than it.

use ktel_otlp::{
    AnyValue, Error, ExponentialHistogramDataPoint, KeyValue, Limits, LogRecord, LogsData,
    MetricsData, NumberDataPoint, NumberValue, TracesData, json,
};
use opentelemetry_proto::tonic::{logs, metrics, trace};
use proptest::prelude::*;
use prost::Message;
use serde_json::Value;

use crate::ours::ToOurs;
use crate::random::Entropy;
use crate::round_trip::entropy;

fn finite(bytes: &[u8]) -> Entropy<'_> {
    // Its JSON writes null for what is no number.
    Entropy::finite(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn their_json_is_read(bytes in entropy()) {
        let logs = finite(&bytes).logs();
        let text = serde_json::to_vec(&logs).unwrap();
        let read = json::to_protobuf::<LogsData<'_>>(&text).unwrap();
        prop_assert_eq!(logs::v1::LogsData::decode(&read[..]).unwrap(), logs);
        let metrics = finite(&bytes).metrics();
        let text = serde_json::to_vec(&metrics).unwrap();
        let read = json::to_protobuf::<MetricsData<'_>>(&text).unwrap();
        prop_assert_eq!(metrics::v1::MetricsData::decode(&read[..]).unwrap(), metrics);
        let traces = finite(&bytes).traces();
        let text = serde_json::to_vec(&traces).unwrap();
        let read = json::to_protobuf::<TracesData<'_>>(&text).unwrap();
        prop_assert_eq!(trace::v1::TracesData::decode(&read[..]).unwrap(), traces);
    }

    #[test]
    fn our_json_is_theirs(bytes in entropy()) {
        let logs = finite(&bytes).logs();
        prop_assert_eq!(present(&logs.ours().to_json()), present(&serde_json::to_string(&logs).unwrap()));
        let metrics = finite(&bytes).metrics();
        let theirs = present(&serde_json::to_string(&metrics).unwrap());
        prop_assert_eq!(present(&metrics.ours().to_json()), theirs);
        let traces = finite(&bytes).traces();
        let theirs = present(&serde_json::to_string(&traces).unwrap());
        prop_assert_eq!(present(&traces.ours().to_json()), theirs);
    }

    #[test]
    fn our_json_says_all_that_our_bytes_say(bytes in entropy()) {
        let metrics = Entropy::new(&bytes).metrics().encode_to_vec();
        let text = MetricsData::read(&metrics, &Limits::default()).unwrap().to_json();
        let read = json::to_protobuf::<MetricsData<'_>>(text.as_bytes()).unwrap();
        let read = metrics::v1::MetricsData::decode(&read[..]).unwrap();
        // All NaNs are one in JSON.
        let nan = |text: &str| text.contains("\"NaN\"");
        if !nan(&text) {
            prop_assert_eq!(read.encode_to_vec(), metrics);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<Vec<u8>>()) {
        drop(json::to_protobuf::<LogsData<'_>>(&text));
        let quoted = serde_json::Value::from(String::from_utf8_lossy(&text)).to_string();
        drop(json::to_protobuf::<LogRecord<'_>>(format!("{{\"traceId\":{quoted}}}").as_bytes()));
    }
}

/// Reads JSON without what is absent in protobuf: they write it, and we do not.
fn present(text: &str) -> Value {
    fn prune(value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, prune(value)));
                fields.filter(|(_, value)| !absent(value)).collect()
            }
            Value::Array(items) => items.into_iter().map(prune).collect(),
            other => other,
        }
    }
    fn absent(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(truth) => !truth,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty() || text == "0",
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
        }
    }
    prune(serde_json::from_str(text).expect("it is JSON"))
}

fn number(json: &str) -> Result<NumberValue, Error> {
    let bytes = json::to_protobuf::<NumberDataPoint<'_>>(json.as_bytes())?;
    NumberDataPoint::read(&bytes, &Limits::default()).map(|point| point.value)
}

#[test]
fn numbers_are_read_as_numbers_and_as_texts() {
    for (text, expected) in [
        ("{\"asInt\":\"-9223372036854775808\"}", NumberValue::Int(i64::MIN)),
        ("{\"asInt\":-7}", NumberValue::Int(-7)),
        ("{\"asInt\":1e3}", NumberValue::Int(1000)),
        ("{\"asInt\":null}", NumberValue::Empty),
        ("{\"asDouble\":7}", NumberValue::Double(7.0)),
        ("{\"asDouble\":\"7.5\"}", NumberValue::Double(7.5)),
        ("{\"asDouble\":\"-Infinity\"}", NumberValue::Double(f64::NEG_INFINITY)),
        ("{\"asDouble\":1,\"asInt\":2}", NumberValue::Int(2)),
    ] {
        assert_eq!(number(text), Ok(expected), "{text}");
    }
    let Ok(NumberValue::Double(nan)) = number("{\"asDouble\":\"NaN\"}") else { panic!("a number") };
    assert!(nan.is_nan());
    for wrong in [
        "{\"asInt\":\"9223372036854775808\"}",
        "{\"asInt\":0.5}",
        "{\"asInt\":\"x\"}",
        "{\"asInt\":true}",
        "{\"asInt\":[1]}",
        "{\"asInt\":{}}",
        "{\"asDouble\":\"inf\"}",
        "{\"asDouble\":\"\"}",
        "{\"flags\":-1}",
        "{\"flags\":4294967296}",
        "{\"attributes\":{}}",
        "{\"attributes\":[null]}",
        "{\"attributes\":[1]}",
        "{\"attributes\":\"x\"}",
    ] {
        assert!(matches!(number(wrong), Err(Error::Json { .. })), "{wrong}: {:?}", number(wrong));
    }
    assert_eq!(
        number("{\n\"asInt\":0.5}").unwrap_err().to_string(),
        "not OTLP in JSON: `as_int` cannot be 0.5, at line 2 column 11"
    );
}

#[test]
fn a_record_looks_as_the_specification_says() {
    let attributes = [
        KeyValue { key: "bytes", value: Some(AnyValue::Bytes(&[0xfb, 0xff])) },
        KeyValue { key: "int", value: Some(AnyValue::Int(-1)) },
        KeyValue { key: "none", value: Some(AnyValue::Empty) },
        KeyValue { key: "\"\\\n\u{1}ä", value: None },
    ];
    let record = LogRecord {
        time_unix_nano: 1_790_000_000_500_000_000,
        severity_number: ktel_otlp::SeverityNumber::WARN,
        attributes: (&attributes).into(),
        flags: 1,
        trace_id: &[0xAB; 16],
        body: Some(AnyValue::Double(2.0)),
        ..LogRecord::default()
    };
    let text = record.to_json();
    assert_eq!(
        text,
        concat!(
            r#"{"timeUnixNano":"1790000000500000000","severityNumber":13,"body":{"doubleValue":2.0},"#,
            r#""attributes":[{"key":"bytes","value":{"bytesValue":"+/8="}},"#,
            r#"{"key":"int","value":{"intValue":"-1"}},{"key":"none","value":{}},"#,
            r#"{"key":"\"\\\n\u0001ä"}],"flags":1,"traceId":"abababababababababababababababab"}"#
        )
    );
    let unknown = text.replacen('{', r#"{"newField":[{"x":[1,{}]}],"time_unix_nano":"5","#, 1);
    for text in [&text, &text.replace("abab", "ABab"), &unknown] {
        let bytes = json::to_protobuf::<LogRecord<'_>>(text.as_bytes()).unwrap();
        assert_eq!(LogRecord::read(&bytes, &Limits::default()), Ok(record));
    }
    let buckets = r#"{"scale":-3,"positive":{"offset":-2,"bucketCounts":["300","0"]}}"#;
    let bytes = json::to_protobuf::<ExponentialHistogramDataPoint<'_>>(buckets.as_bytes()).unwrap();
    let point = ExponentialHistogramDataPoint::read(&bytes, &Limits::default()).unwrap();
    assert_eq!(point.to_json(), buckets);
    assert_eq!(point.positive.unwrap().bucket_counts.iter().collect::<Vec<_>>(), [300, 0]);
}

#[test]
fn values_are_plain_json_and_back() {
    let value = serde_json::json!({
        "text": "x", "list": [1, 2.5, true, null, {"deep": ["y"]}], "minus": -1, "none": {}, "large": u64::MAX,
    });
    let mut attributes = ktel_otlp::Attributes::new();
    attributes.push("all", |out: ktel_otlp::ValueWriter<'_>| json::write_plain(&value, 8, out));
    attributes.push("flat", |out: ktel_otlp::ValueWriter<'_>| json::write_plain(&value, 1, out));
    let plain = json::plain_map(attributes.view());
    // Whole numbers of OTLP have 63 bits and a sign.
    let mut expected = value.clone();
    expected["large"] = (u64::MAX as f64).into();
    assert_eq!(plain["all"], expected);
    assert_eq!(plain["flat"]["list"], value["list"].to_string());
    assert_eq!(json::plain(AnyValue::Bytes(b"foo")), "Zm9v");
    assert_eq!(json::plain(AnyValue::Double(f64::NAN)), serde_json::Value::Null);
}
