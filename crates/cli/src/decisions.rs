//! The decisions that the transparency page lists, from a YAML file of the operator.

use std::path::Path;

use anyhow::{Context, anyhow};
use jiff::civil::Date;
use ktel::yaml;
use ktel_model::standard::schema::Decision;
use ktel_server::dashboard::transparency::is_web;
use serde_json::Value;

use crate::failure::Failure;
use crate::schemas;

/// What one entry may have.
const KEYS: [&str; 3] = ["date", "what", "link"];

/// Reads the list.
pub(crate) fn load(path: &Path) -> Result<Vec<Decision>, Failure> {
    let text = schemas::read(path)?;
    parse(&text).with_context(|| format!("read `{}`", path.display())).map_err(|error| {
        Failure::usage(
            error,
            Some("write `- date: 2026-11-21`, `  what: …` and `  link: https://…`"),
        )
    })
}

fn parse(text: &str) -> anyhow::Result<Vec<Decision>> {
    let list: Vec<Value> =
        yaml::parse(text).map_err(|error| anyhow!(yaml::explain(text, &error)))?;
    list.iter().enumerate().map(|(index, one)| decision(index + 1, one)).collect()
}

fn decision(number: usize, one: &Value) -> anyhow::Result<Decision> {
    let entry = one.as_object().ok_or_else(|| anyhow!("decision {number} is not an object"))?;
    if let Some(unknown) = entry.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(anyhow!("decision {number} has an unknown key `{unknown}`"));
    }
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let date = text("date").and_then(|date| date.parse::<Date>().ok());
    let date = date.ok_or_else(|| anyhow!("decision {number} has no `date`, as in 2026-11-21"))?;
    let what = text("what").filter(|what| !what.trim().is_empty());
    let what = what.ok_or_else(|| anyhow!("decision {number} has no `what`"))?.to_owned();
    let link = match entry.get("link") {
        None | Some(Value::Null) => None,
        Some(Value::String(link)) if is_web(link) => Some(link.clone()),
        Some(_) => return Err(anyhow!("the `link` of decision {number} is not https://…")),
    };
    Ok(Decision { date, what, link })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let result = match parse(text) {
            Ok(all) => format!("{all:?}"),
            Err(error) => format!("{error:#}"),
        };
        assert!(result.contains(expected), "{text}: {result}");
    }

    #[test]
    fn a_decision_has_a_date_a_text_and_perhaps_a_link() {
        check("- {date: 2026-11-21, what: No more 1.26, link: 'https://example.com/1'}", "No more");
        check("- {date: 2026-11-21, what: No more 1.26}", "link: None");
        check("[]", "[]");
        check("- {date: soon, what: x}", "no `date`");
        check("- {date: 2026-11-21}", "no `what`");
        check("- {date: 2026-11-21, what: x, link: 'javascript:alert(1)'}", "not https");
        check("- {date: 2026-11-21, what: x, why: y}", "unknown key `why`");
        check("- text", "not an object");
    }
}
