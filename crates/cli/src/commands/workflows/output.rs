//! Formats for printed reports.

use ktel_model::report::Report;
use serde_json::Value;

use crate::table::table;

/// Writes a report as one line per value.
pub(super) fn report_table(report: &Report) -> String {
    let mut rows = Vec::new();
    for (section, value) in report.sections() {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                rows.extend(
                    fields.iter().map(|(name, value)| [section.clone(), name.clone(), cell(value)]),
                );
            }
            value => rows.push([section.clone(), String::new(), cell(value)]),
        }
    }
    table(["JOB", "FIELD", "VALUE"], rows)
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            // An empty section has an empty line.
            let pairs = fields.iter().map(|(name, value)| format!("{name}={}", cell(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::report_table;
    use ktel_model::report::Report;
    use serde_json::{Value, json};

    #[test]
    fn a_table_has_one_line_per_value() {
        let mut report = Report::default();
        let Value::Object(section) = json!({"pods": 3, "deployed": ["a", "b"]}) else { panic!() };
        report.push("job", section);
        report.push("empty", serde_json::Map::new());
        report.push_user("foo", json!({"red": "#ff0000", "map": {"one": 1}}));
        let expected = "JOB    FIELD     VALUE
job    pods      3
job    deployed  a, b
empty
foo    red       #ff0000
foo    map       one=1
";
        assert_eq!(report_table(&report), expected);
    }
}
