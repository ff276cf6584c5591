//! What the Collector writes about a log record, in a form that tests can compare.

use serde_json::{Map, Value};

/// A log record, with attributes as plain JSON objects.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRecord {
    /// The attributes of the resource that it is about.
    pub resource: Value,
    /// The scope's name, version and attributes, as written.
    pub scope: Value,
    /// Its own attributes.
    pub attributes: Value,
    /// Its body, as plain JSON.
    pub body: Value,
    /// All of it, as written: times, severity, event name.
    pub written: Value,
}

impl LogRecord {
    /// Reads one line of OTLP JSON.
    ///
    /// # Panics
    ///
    /// The line is something else.
    #[must_use]
    pub fn all_in(line: &str) -> Vec<Self> {
        let line: Value = serde_json::from_str(line).expect("the Collector writes JSON");
        let mut records = Vec::new();
        for of_resource in list(&line["resourceLogs"]) {
            let resource = object(&of_resource["resource"]["attributes"]);
            for of_scope in list(&of_resource["scopeLogs"]) {
                let record = |written: &Value| Self {
                    resource: resource.clone(),
                    scope: of_scope["scope"].clone(),
                    attributes: object(&written["attributes"]),
                    body: plain(&written["body"]),
                    written: written.clone(),
                };
                records.extend(list(&of_scope["logRecords"]).iter().map(record));
            }
        }
        records
    }
}

/// Gives a list that is absent when it is empty.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(attributes: &Value) -> Value {
    let pair = |pair: &Value| {
        let key = pair["key"].as_str().expect("an attribute has a key");
        (key.to_owned(), plain(&pair["value"]))
    };
    list(attributes).iter().map(pair).collect::<Map<_, _>>().into()
}

/// Turns `{"stringValue": "a"}` into `"a"`, and so on; integers are strings in OTLP JSON.
fn plain(value: &Value) -> Value {
    let Some((kind, content)) = value.as_object().and_then(|value| value.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "intValue" => {
            let number = content.as_str().map(str::parse::<i64>);
            number.expect("an integer is a string").expect("an integer has digits").into()
        }
        "arrayValue" => list(&content["values"]).iter().map(plain).collect(),
        "kvlistValue" => object(&content["values"]),
        _ => content.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_value_becomes_plain_json() {
        let value = json!({"kvlistValue": {"values": [
            {"key": "string", "value": {"stringValue": "s"}},
            {"key": "integer", "value": {"intValue": "-9007199254740993"}},
            {"key": "double", "value": {"doubleValue": 1.5}},
            {"key": "flag", "value": {"boolValue": false}},
            {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {}]}}},
            {"key": "no list", "value": {"arrayValue": {}}},
            {"key": "nothing", "value": {}},
        ]}});
        let record =
            json!({"body": value, "attributes": [{"key": "a", "value": {"intValue": "2"}}]});
        let line = json!({"resourceLogs": [
            {"resource": {"attributes": [{"key": "r", "value": {"stringValue": "s"}}]},
                "scopeLogs": [{"scope": {"name": "n"}, "logRecords": [record.clone(), {}]}]},
            {"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": [record]}]},
        ]});
        let records = LogRecord::all_in(&line.to_string());
        let body = json!({"string": "s", "integer": -9_007_199_254_740_993_i64, "double": 1.5,
            "flag": false, "list": [1, null], "no list": [], "nothing": null});
        assert_eq!((records.len(), &records[0].body, &records[1].body), (3, &body, &Value::Null));
        assert_eq!(
            (&records[0].resource, &records[0].attributes),
            (&json!({"r": "s"}), &json!({"a": 2}))
        );
        assert_eq!((&records[1].scope, &records[2].resource), (&json!({"name": "n"}), &json!({})));
    }
}
