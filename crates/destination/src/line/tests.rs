//! The dialects, byte by byte, and what can be forged in none of them.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Dialect, LineError};

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[track_caller]
fn check(dialect: Dialect, signal: &str, report: &Value, expected: &str) {
    let line = dialect.line(signal, &map(report)).unwrap();
    assert_eq!(line, format!("{expected}\n"), "{dialect}");
}

#[track_caller]
fn rejected(dialect: Dialect, signal: &str, report: &Value) -> LineError {
    let rejected = dialect.line(signal, &map(report)).expect_err(&report.to_string());
    assert!(dialect != Dialect::Safe, "{rejected}");
    Dialect::Safe.line(signal, &map(report)).unwrap();
    rejected
}

fn ingress_controller() -> Value {
    json!({
        "cluster-state": {"k8s_pods_count": 1, "k8s_services_count": 2},
        "identify-platform": {
            "k8s_arch": "linux/arm64",
            "k8sv": "v1.2.3-gke-a1fdc32f",
            "k8sv_semver": "v1.2.3",
            "k8s_provider": "GKE",
        },
    })
}

fn event() -> Value {
    json!({
        "schema_version": 1,
        "timestamp": "2026-05-12T14:30:45Z",
        "version": "0.4.0",
        "os": "darwin",
        "arch": "arm64",
        "command_path": "get apis",
    })
}

#[test]
fn kong_is_what_the_ingress_controllers_send() {
    let expected = "<14>signal=kic-ping;k8s_arch=linux/arm64;k8s_provider=GKE;\
                    k8sv=v1.2.3-gke-a1fdc32f;k8sv_semver=v1.2.3;k8s_pods_count=1;k8s_services_count=2;";
    check(Dialect::Kong, "kic-ping", &ingress_controller(), expected);
}

#[test]
fn kong_sorts_pairs_in_sections_and_sections_by_content() {
    let table = [
        (json!({}), "<14>signal=s;"),
        (json!({"a": {}}), "<14>signal=s;"),
        (json!({"z": {"b": 1}, "a": {"c": 2, "a": 3}}), "<14>signal=s;a=3;c=2;b=1;"),
        // As whole texts: `ab=…` stands before `a=…`, for `b` does not stand before `=`.
        (json!({"x": {"ab": 1, "a": 1, "a-": 1}}), "<14>signal=s;a-=1;a=1;ab=1;"),
        // An object in a section is one text among its pairs.
        (json!({"x": {"b": 1, "n": {"c": 1, "a": 1}}}), "<14>signal=s;a=1;c=1;b=1;"),
        (json!({"z": 1, "a": {"k": true}}), "<14>signal=s;k=true;z=1;"),
        (
            json!({"x": {"mdep": "a3,c3", "e": "", "l": ["a", "b"]}}),
            "<14>signal=s;e=;l=[a b];mdep=a3,c3;",
        ),
    ];
    for (report, expected) in table {
        check(Dialect::Kong, "s", &report, expected);
    }
}

#[test]
fn kong_rejects_what_would_forge_a_field_or_a_line() {
    for bad in ["v;signal=evil", "a=b", "a\nX=1", "a\r", "\0", "\t", "\u{85}", "\u{2028}"] {
        let found = bad.chars().find(|c| !c.is_ascii_alphanumeric()).unwrap();
        let value = rejected(Dialect::Kong, "s", &json!({"x": {"k": bad}}));
        assert_eq!(value, LineError::Value { dialect: Dialect::Kong, field: "k".into(), found });
        let list = rejected(Dialect::Kong, "s", &json!({"x": {"k": ["fine", bad]}}));
        assert!(matches!(list, LineError::Value { .. }), "{list}");
        let name = rejected(Dialect::Kong, "s", &json!({"x": {bad: 1}}));
        assert!(matches!(name, LineError::Name { .. }), "{name}");
        let top = rejected(Dialect::Kong, "s", &json!({bad: 1}));
        assert!(matches!(top, LineError::Name { .. }), "{top}");
        let signal = rejected(Dialect::Kong, bad, &json!({}));
        assert_eq!(signal, LineError::Signal { dialect: Dialect::Kong, found });
    }
    for name in ["signal", ""] {
        let reserved = rejected(Dialect::Kong, "s", &json!({"x": {name: 1}}));
        assert!(matches!(reserved, LineError::Reserved { .. }), "{reserved}");
    }
    // A section's name is not sent, so it forges nothing.
    check(Dialect::Kong, "s", &json!({"a;b=c": {"k": 1}}), "<14>signal=s;k=1;");
}

#[test]
fn kongctl_is_what_the_command_line_sends() {
    let expected = "<14>signal=kongctl;arch=arm64;command_path=\"get apis\";os=darwin;\
                    schema_version=1;timestamp=2026-05-12T14:30:45Z;version=0.4.0";
    check(Dialect::Kongctl, "kongctl", &event(), expected);
}

#[test]
fn kongctl_quotes_what_needs_quotes() {
    let table = [
        (json!({"v": ""}), r#"v="""#),
        (json!({"v": null}), r#"v="""#),
        (json!({"v": "a;b"}), r#"v="a;b""#),
        (json!({"v": "weird \"value\", with spaces"}), r#"v="weird \"value\", with spaces""#),
        (json!({"v": "line1\nline2\rline3"}), r#"v="line1\nline2\rline3""#),
        (json!({"v": "a\rb"}), r#"v="a\rb""#),
        (json!({"v": "a=b\\"}), r"v=a=b\"),
        (json!({"v": ["a", 1, null]}), "v=a|1|"),
        (json!({"v": true, "B": 1, "a": 1.50}), "B=1;a=1.5;v=true"),
        (json!({"s": {"f": 1}, "s-": 2}), "s-=2;s.f=1"),
        (json!({"s": {}}), "s={}"),
    ];
    for (report, expected) in table {
        check(Dialect::Kongctl, "s", &report, &format!("<14>signal=s;{expected}"));
    }
    check(Dialect::Kongctl, "a b", &json!({}), r#"<14>signal="a b""#);
}

#[test]
fn kongctl_rejects_what_its_quotes_cannot_hold() {
    for bad in ["a \\", "\\\"; x=1", " \\\" "] {
        rejected(Dialect::Kongctl, "s", &json!({"k": bad}));
        rejected(Dialect::Kongctl, bad, &json!({}));
    }
    for name in ["a;b", "a=b", "a b", "a\nb", "signal", "", "\"", "a\u{2028}"] {
        rejected(Dialect::Kongctl, "s", &json!({ name: 1 }));
    }
}

#[test]
fn safe_is_readable_where_nothing_is_at_stake() {
    let expected = "<14>signal=kic-ping;cluster-state.k8s_pods_count=1;\
        cluster-state.k8s_services_count=2;identify-platform.k8s_arch=linux/arm64;\
        identify-platform.k8s_provider=GKE;identify-platform.k8sv=v1.2.3-gke-a1fdc32f;\
        identify-platform.k8sv_semver=v1.2.3";
    check(Dialect::Safe, "kic-ping", &ingress_controller(), expected);
    let expected = "<14>signal=kongctl;arch=arm64;command_path=\"get apis\";os=darwin;\
                    schema_version=1;timestamp=2026-05-12T14:30:45Z;version=0.4.0";
    check(Dialect::Safe, "kongctl", &event(), expected);
}

#[test]
fn safe_escapes_whatever_means_something() {
    let table = [
        (json!({"v": "1.23"}), r#"v="1.23""#),
        (json!({"v": 1.23}), "v=1.23"),
        (json!({"v": "true"}), r#"v="true""#),
        (json!({"v": ""}), r#"v="""#),
        (json!({"v": null}), "v=null"),
        (json!({"v": "a;signal=evil\nX=1"}), r#"v="a\u003bsignal\u003devil\nX\u003d1""#),
        (json!({"v": "a \\"}), r#"v="a \\""#),
        (json!({"v": "\t\0\u{7f}\u{85}\u{2028}"}), r#"v="\t\u0000\u007f\u0085\u2028""#),
        (json!({"v": "é😀"}), r#"v="\u00e9\ud83d\ude00""#),
        (json!({"v": ["a;b", {"c=d": 1}]}), r#"v=["a\u003bb",{"c\u003dd":1}]"#),
        (json!({"a": {"b.c": {"d": 1}, "e": {}}}), r"a.b\u002ec.d=1;a.e={}"),
        (json!({"signal": "evil"}), r"\u0073ignal=evil"),
        (json!({"a": {"signal": 1}}), "a.signal=1"),
        (json!({"a b": 1, "": 2}), r"=2;a\u0020b=1"),
    ];
    for (report, expected) in table {
        check(Dialect::Safe, "s", &report, &format!("<14>signal=s;{expected}"));
    }
    check(Dialect::Safe, "a;b", &json!({}), r#"<14>signal="a\u003bb""#);
}

#[test]
fn a_dialect_is_called_by_its_word() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.to_string().parse(), Ok(dialect));
    }
    assert!("Kong".parse::<Dialect>().is_err());
    assert_eq!(Dialect::default(), Dialect::Safe);
}

/// Reads a safe line as its documentation says, without looking twice at any `;` or `=`.
fn parse(line: &str) -> (String, Map<String, Value>) {
    let body = line.strip_prefix("<14>").unwrap().strip_suffix('\n').unwrap();
    assert!(body.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{body:?}");
    let mut pairs = body.split(';').map(|pair| {
        let (key, value) = pair.split_once('=').unwrap();
        assert!(!value.contains('='), "{pair}");
        (key, value)
    });
    let (first, signal) = pairs.next().unwrap();
    assert_eq!(first, "signal");
    let mut report = Map::new();
    for (key, value) in pairs {
        assert!(key != "signal");
        let mut map = &mut report;
        let path: Vec<String> = key.split('.').map(unescape).collect();
        let (last, sections) = path.split_last().unwrap();
        for section in sections {
            let inner = map.entry(section.clone()).or_insert_with(|| json!({}));
            map = inner.as_object_mut().unwrap();
        }
        assert_eq!(map.insert(last.clone(), parse_value(value)), None, "{key} twice");
    }
    let Value::String(signal) = parse_value(signal) else { panic!("{signal}") };
    (signal, report)
}

fn parse_value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn unescape(part: &str) -> String {
    serde_json::from_str(&format!("\"{part}\"")).unwrap()
}

/// Texts in which every character that matters is likely.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z.]{0,3}",
        "[;=\"\\\\ \n\r\t\0a.:\u{7f}\u{85}\u{2028}é😀-]{0,6}",
        Just("signal".to_owned()),
        "-?[0-9]{1,3}(\\.[0-9])?",
        "true|null|\\{\\}|\\[\\]|\"\"",
        any::<String>(),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Exact in every reader of JSON.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(12, 48, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((texts(), inner), 0..3)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn reports() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((texts(), values()), 0..4)
        .prop_map(|entries| entries.into_iter().collect())
}

proptest! {
    #[test]
    fn a_safe_line_says_what_was_meant_and_nothing_else(signal in texts(), report in reports()) {
        let line = Dialect::Safe.line(&signal, &report).unwrap();
        prop_assert_eq!(parse(&line), (signal, report));
    }

    #[test]
    fn a_kong_line_has_as_many_pairs_as_the_report(report in reports(), signal in texts()) {
        let Ok(line) = Dialect::Kong.line(&signal, &report) else { return Ok(()) };
        prop_assert_eq!(line.matches('\n').count(), 1);
        fn leaves(map: &Map<String, Value>) -> usize {
            map.values().map(|value| value.as_object().map_or(1, leaves)).sum()
        }
        prop_assert_eq!(line.matches(';').count(), 1 + leaves(&report));
        prop_assert_eq!(line.matches('=').count(), 1 + leaves(&report));
        prop_assert_eq!(line.matches("signal=").count(), 1 + line.matches(";signal=").count());
        prop_assert_eq!(line.matches(";signal=").count(), 0);
    }

    #[test]
    fn a_kongctl_line_is_one_line_whose_quotes_close(report in reports(), signal in texts()) {
        let Ok(line) = Dialect::Kongctl.line(&signal, &report) else { return Ok(()) };
        prop_assert_eq!(line.matches('\n').count(), 1);
        let (mut pairs, mut quoted, mut escaped) = (1, false, false);
        let mut previous = ' ';
        for c in line.trim_end().chars() {
            match c {
                '"' if quoted && !escaped => quoted = false,
                '"' if !quoted && previous == '=' => quoted = true,
                ';' if !quoted => pairs += 1,
                _ => {}
            }
            escaped = quoted && c == '\\' && !escaped;
            previous = c;
        }
        prop_assert!(!quoted, "{}", line);
        prop_assert_eq!(pairs, 1 + super::flatten::flatten(&report).len());
    }
}
