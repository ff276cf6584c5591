//! When versions reach their end of life, from a YAML file of the operator.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow};
use jiff::civil::Date;
use ktel::yaml;
use ktel_model::Schema;
use ktel_server::end_of_life::EndOfLife;

use crate::failure::Failure;
use crate::schemas;

/// The days of versions, by schema and field.
type File = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

/// Reads the file. Its schemas are those of the server: built-in ones, and `more`.
pub(crate) fn load(path: &Path, more: &[Schema]) -> Result<EndOfLife, Failure> {
    let text = schemas::read(path)?;
    let built_in = schemas::built_in();
    let known: Vec<&Schema> = built_in.iter().chain(more).collect();
    parse(&text, &known).with_context(|| format!("read `{}`", path.display())).map_err(|error| {
        Failure::usage(
            error,
            Some("write `acme/lamps:`, below it `  version:`, and below that `    \"1.4\": 2026-11-21`"),
        )
    })
}

fn parse(text: &str, known: &[&Schema]) -> anyhow::Result<EndOfLife> {
    let file: File = yaml::parse(text).map_err(|error| anyhow!(yaml::explain(text, &error)))?;
    let mut ends = EndOfLife::default();
    for (id, fields) in &file {
        let schema = known.iter().find(|schema| schema.id() == *id);
        let schema = schema.ok_or_else(|| anyhow!("there is no schema `{id}`"))?;
        for (field, versions) in fields {
            schema.field(field).ok_or_else(|| anyhow!("`{id}` has no field `{field}`"))?;
            for (version, day) in versions {
                let parsed = day.parse::<Date>().ok();
                let day = parsed.ok_or_else(|| anyhow!("`{day}` of `{version}` is not a day"))?;
                ends.add(id, field, version, day);
            }
        }
    }
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::parse;
    use crate::schemas;

    #[test]
    fn a_file_names_schemas_fields_and_days_that_there_are() {
        let built_in = schemas::built_in();
        let known: Vec<_> = built_in.iter().collect();
        let said = |text: &str| match parse(text, &known) {
            Ok(ends) => {
                let of = ends.of("ktel/identify-platform", "kubernetes_version").unwrap();
                of.has_ended("v1.31", date(2026, 11, 21)).to_string()
            }
            Err(error) => format!("{error:#}"),
        };
        for (text, expected) in [
            ("ktel/identify-platform: {kubernetes_version: {v1.31: 2025-10-28}}", "true"),
            ("ktel/identify-platform: {kubernetes_version: {\"1.31\": 2026-11-22}}", "false"),
            ("ktel/nothing: {kubernetes_version: {v1.31: 2025-10-28}}", "no schema `ktel/nothing`"),
            ("ktel/identify-platform: {age: {v1.31: 2025-10-28}}", "no field `age`"),
            ("ktel/identify-platform: {kubernetes_version: {v1.31: soon}}", "`soon` of `v1.31`"),
        ] {
            let said = said(text);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
