use std::collections::BTreeMap;

use super::{Line, Scratch};
use crate::slice::STALE_NAN_BITS;
use proptest::prelude::{any, proptest};

type Read = (Vec<(String, String)>, Vec<(i64, u64)>);

fn read(line: &[u8]) -> Result<Read, &'static str> {
    let mut scratch = Scratch::default();
    let line = Line::read(line, &mut scratch).map_err(|error| error.what)?;
    let labels = line.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let labels = labels.collect();
    let mut samples = Vec::new();
    line.samples(|sample| samples.push((sample.time.0, sample.value.to_bits())))
        .map_err(|error| error.what)?;
    Ok((labels, samples))
}

fn labels(line: &str) -> Vec<(String, String)> {
    read(line.as_bytes()).unwrap().0
}

#[test]
fn a_line_gives_labels_values_and_times() {
    let line = br#"{"metric":{"__name__":"up","job":"a b"},"values":[1,null,"-Infinity",0.5],"timestamps":[1,-2,1700000000003,4]}"#;
    let (labels, samples) = read(line).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(labels, [pair("__name__", "up"), pair("job", "a b")]);
    let bits = f64::to_bits;
    let expected = [
        (1, bits(1.0)),
        (-2, STALE_NAN_BITS),
        (1_700_000_000_003, bits(f64::NEG_INFINITY)),
        (4, bits(0.5)),
    ];
    assert_eq!(samples, expected);
    assert_eq!(read(br#"{"metric":{},"values":[],"timestamps":[]}"#), Ok((vec![], vec![])));
}

#[test]
fn labels_come_sorted_with_the_name_first() {
    for value in ["plain", r"\n"] {
        let all = labels(&format!(
            r#"{{"metric":{{"__name__":"m","job":"j","instance":"i","B":"{value}","a":"c"}},"values":[],"timestamps":[]}}"#
        ));
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["__name__", "B", "a", "instance", "job"]);
    }
}

#[test]
fn escapes_and_bytes_that_are_no_text_are_read() {
    let rest = r#","values":[],"timestamps":[]}"#;
    let of = |value: &str| labels(&format!(r#"{{"metric":{{"a":"{value}"}}{rest}"#))[0].1.clone();
    assert_eq!(of(r#"\"\\\/\n\r\t\b\f\u003c\u00E4"#), "\"\\/\n\r\t\u{8}\u{c}<ä");
    assert_eq!(of(r"\ud83d\ude00"), "😀");
    assert_eq!(of(r"\ud83dx\ude00\ud83d\u0041"), "\u{fffd}x\u{fffd}\u{fffd}A");
    assert_eq!(of("a\tb\u{1}"), "a\tb\u{1}", "control characters come as they are");
    let value = r#"x\"},\"values\":[1],\"timestamps\":[1]}"#;
    assert_eq!(of(value), r#"x"},"values":[1],"timestamps":[1]}"#);
    let (labels, _) =
        read(b"{\"metric\":{\"a\":\"\xff\xc3\",\"b\":\"c\"},\"values\":[],\"timestamps\":[]}")
            .unwrap();
    assert_eq!(labels[0].1, "\u{fffd}\u{fffd}");
    assert_eq!(labels[1].1, "c");
}

#[test]
fn what_is_no_line_is_rejected() {
    for line in [
        "",
        "{",
        r#"{"metric":{"a":"b"},"values":[1]}"#,
        r#"{"metric":{"a":"b"},"values":[1,2],"timestamps":[1]}"#,
        r#"{"metric":{"a":"b"},"values":[1],"timestamps":[1,2]}"#,
        r#"{"metric":{"a":"b"},"values":[1],"timestamps":[]}"#,
        r#"{"metric":{"a":"b"},"values":[],"timestamps":[1]}"#,
        r#"{"metric":{"a":"b"},"values":[1,],"timestamps":[1,]}"#,
        r#"{"metric":{"a":"b"},"values":[1],"timestamps":[1.5]}"#,
        r#"{"metric":{"a":"b"},"values":[1],"timestamps":[1]"#,
        r#"{"metric":{"a":"b"},"values":[1],"timestamps":[1]}x"#,
        r#"{"metric":{"a":"b",},"values":[1],"timestamps":[1]}"#,
        r#"{"metric":{"a":1},"values":[1],"timestamps":[1]}"#,
        r#"{"metric":{"a"},"values":[1],"timestamps":[1]}"#,
        r#"{"metric":{"a":"\x"},"values":[1],"timestamps":[1]}"#,
        r#"{"metric":{"a":"\u12"},"values":[1],"timestamps":[1]}"#,
        "the connection has been aborted",
    ] {
        assert!(read(line.as_bytes()).is_err(), "{line}");
    }
}

proptest! {
    #[test]
    fn whatever_is_written_as_json_is_read(
        labels in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..5),
        samples in proptest::collection::vec((any::<i32>(), any::<i64>()), 0..20),
    ) {
        let values: Vec<f64> = samples.iter().map(|(value, _)| f64::from(*value) / 8.0).collect();
        let times: Vec<i64> = samples.iter().map(|(_, time)| (*time).max(-i64::MAX)).collect();
        let line = serde_json::json!({"metric": labels, "values": values, "timestamps": times});
        // Our own form has whole numbers without a point, as the store writes them.
        let line = line.to_string().replace(".0,", ",").replace(".0]", "]");
        let expected: Vec<(i64, u64)> =
            times.into_iter().zip(values.into_iter().map(|value| if value == 0.0 { 0 } else { value.to_bits() })).collect();
        let labels_hold_numbers = labels.iter().any(|(name, value)| format!("{name}{value}").contains(".0"));
        if !labels_hold_numbers {
            let (read_labels, read_samples) = read(line.as_bytes()).unwrap();
            assert_eq!(read_labels.into_iter().collect::<BTreeMap<_, _>>(), labels);
            assert_eq!(read_samples, expected);
        }
    }

    #[test]
    fn no_bytes_break_the_reader(bytes: Vec<u8>) {
        // An error is as good as a line.
        drop(read(&bytes));
        drop(read(&[br#"{"metric":{"#.as_slice(), &bytes].concat()));
    }
}
