//! Lists and texts in the format that was asked for.

use serde_json::Value;

use crate::arguments::shared::OutputFormat;
use crate::table::table;

/// Writes a list: as a table, or as the same in JSON or YAML.
pub(crate) fn list<const N: usize>(
    output: OutputFormat,
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    value: &Value,
) -> String {
    text(output, || table(head, rows), value)
}

/// Writes a text, or the same in JSON or YAML.
pub(crate) fn text(output: OutputFormat, text: impl FnOnce() -> String, value: &Value) -> String {
    match output {
        OutputFormat::Table => text(),
        OutputFormat::Json => json(value),
        OutputFormat::Yaml => yaml(value),
    }
}

pub(crate) fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

pub(crate) fn yaml(value: &Value) -> String {
    let mut text = serde_saphyr::to_string(value).expect("JSON always becomes YAML");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{OutputFormat, list, text, yaml};
    use serde_json::{Value, json};

    #[test]
    fn yaml_keeps_text_that_looks_like_something_else() {
        let value = json!({"a": {"date": "2022-05-03 08:46:22", "version": "1.20", "on": "yes"}});
        let text = yaml(&value);
        let back: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(back, value, "{text}");
    }

    #[test]
    fn every_format_says_the_same() {
        let value = json!([{"name": "a"}]);
        let of = |output| list(output, ["NAME"], [["a".to_owned()]], &value);
        assert_eq!(of(OutputFormat::Table), "NAME\na\n");
        assert_eq!(serde_json::from_str::<Value>(&of(OutputFormat::Json)).unwrap(), value);
        assert_eq!(serde_saphyr::from_str::<Value>(&of(OutputFormat::Yaml)).unwrap(), value);
        assert_eq!(text(OutputFormat::Table, || "it".to_owned(), &value), "it");
        assert_eq!(text(OutputFormat::Json, String::new, &value), of(OutputFormat::Json));
    }
}
