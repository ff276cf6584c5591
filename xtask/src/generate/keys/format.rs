//! A file format as tables of keys, and how a table is compared with the parser.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// What stands in a probe where the parser's own word belongs.
pub(super) const UNKNOWN: &str = "zzz";

/// A file format, and the page that describes it.
pub(in super::super) struct Format {
    /// The page, which has a marker for each mapping.
    pub(in super::super) page: &'static str,
    /// The JSON Schema for editors, if there is one. The mapping `file` is its root; the others are among
    /// its definitions.
    pub(in super::super) json_schema: Option<&'static str>,
    pub(super) mappings: &'static [Mapping],
    /// Gives the words that the parser names in the place of the unknown one.
    pub(super) known: fn(&str) -> anyhow::Result<BTreeSet<String>>,
}

/// One mapping of a format.
pub(super) struct Mapping {
    /// The name of its marker on the page.
    pub(super) name: &'static str,
    pub(super) probe: &'static str,
    pub(super) keys: &'static [Key],
    /// Keys that the parser knows here, too, and that another table describes.
    pub(super) also: &'static [Key],
}

/// One key of a mapping.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// The type, and the default or that it is required.
    pub(super) value: &'static str,
    pub(super) meaning: &'static str,
    /// A probe with an unknown word as the value: where the value is one of a closed set.
    pub(super) closed: Option<&'static str>,
}

pub(super) const fn mapping(
    name: &'static str,
    probe: &'static str,
    keys: &'static [Key],
) -> Mapping {
    Mapping { name, probe, keys, also: &[] }
}

pub(super) const fn key(name: &'static str, value: &'static str, meaning: &'static str) -> Key {
    Key { name, value, meaning, closed: None }
}

pub(super) const fn closed(
    name: &'static str,
    value: &'static str,
    meaning: &'static str,
    probe: &'static str,
) -> Key {
    Key { name, value, meaning, closed: Some(probe) }
}

impl Format {
    /// Gives the names of the mappings and their tables, after asking the parser.
    pub(in super::super) fn tables(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        self.mappings.iter().map(|mapping| Ok((mapping.name, self.table(mapping)?))).collect()
    }

    /// Compares the JSON Schema for editors with the tables, and describes its keys with their words.
    pub(in super::super) fn describe(&self, schema: &mut Value) -> anyhow::Result<()> {
        for Mapping { name, keys, also, .. } in self.mappings {
            let place = match *name {
                "file" => "/properties".to_owned(),
                name => format!("/definitions/{name}/properties"),
            };
            let properties = schema.pointer_mut(&place).and_then(Value::as_object_mut);
            let properties = properties.with_context(|| format!("there is no `{place}`"))?;
            // What all types of fields have stands in `field`, which also allows the keys of every type.
            let is_own = !also.is_empty();
            let is_field = *name == "field" && self.mappings.iter().any(|one| !one.also.is_empty());
            if !is_field {
                let listed = keys.iter().map(|key| key.name.to_owned()).collect();
                agree(
                    &format!("`{place}` of the JSON Schema"),
                    &listed,
                    &properties.keys().cloned().collect(),
                )?;
            }
            for key in *keys {
                let property = properties.get_mut(key.name);
                let property =
                    property.with_context(|| format!("`{place}` lacks `{}`", key.name))?;
                if let (Some(_), Some(words)) = (key.closed, property.get("enum")) {
                    let words: BTreeSet<String> =
                        words.as_array().into_iter().flatten().map(word).collect();
                    agree(&format!("`{}` in `{place}`", key.name), &quoted(value_of(key)), &words)?;
                }
                let description = key.meaning.replace('`', "");
                match property {
                    Value::Bool(_) => *property = json!({"description": description}),
                    property => property["description"] = description.into(),
                }
            }
            if is_own {
                continue;
            }
            let required: BTreeSet<String> = keys
                .iter()
                .filter(|key| key.value.ends_with("required"))
                .map(|key| key.name.to_owned())
                .collect();
            let object = place.trim_end_matches("/properties");
            let stated = schema.pointer(&format!("{object}/required"));
            let stated: BTreeSet<String> =
                stated.and_then(Value::as_array).into_iter().flatten().map(word).collect();
            // Fields of a record take over some of the required keys.
            if !is_field {
                agree(&format!("what `{object}` requires"), &required, &stated)?;
            }
        }
        Ok(())
    }

    fn table(&self, mapping: &Mapping) -> anyhow::Result<String> {
        let Mapping { name, probe, keys, also } = mapping;
        let known = (self.known)(probe).with_context(|| format!("probe the mapping `{name}`"))?;
        let listed = keys.iter().chain(*also).map(|key| key.name.to_owned()).collect();
        agree(&format!("`{name}` of {}", self.page), &listed, &known)?;
        let mut table = String::from("| key | value | meaning |\n|---|---|---|\n");
        for Key { name, value, meaning, closed } in *keys {
            if let Some(probe) = closed {
                let known =
                    (self.known)(probe).with_context(|| format!("probe the key `{name}`"))?;
                let what = format!("the values of `{name}` of {}", self.page);
                agree(&what, &quoted(value), &known)?;
            }
            writeln!(table, "| `{name}` | {value} | {meaning} |")?;
        }
        Ok(table)
    }
}

/// Reads the words from a complaint of serde: ``unknown field `zzz`, expected one of a, b at line 1``.
pub(super) fn named_by_serde(complaint: Option<String>) -> anyhow::Result<BTreeSet<String>> {
    let complaint = complaint.context("the parser accepts the probe")?;
    let words = complaint
        .split_once(&format!("`{UNKNOWN}`, expected one of "))
        .and_then(|(_, words)| words.split_once(" at line "))
        .with_context(|| format!("the parser complains about something else: {complaint}"))?;
    Ok(words.0.split(", ").map(str::to_owned).collect())
}

fn agree(what: &str, listed: &BTreeSet<String>, known: &BTreeSet<String>) -> anyhow::Result<()> {
    let names = |names: BTreeSet<&String>| {
        names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let missing: BTreeSet<&String> = known.difference(listed).collect();
    if !missing.is_empty() {
        bail!("{what}: the table lacks {}, which the parser accepts", names(missing));
    }
    let gone: BTreeSet<&String> = listed.difference(known).collect();
    if !gone.is_empty() {
        bail!("{what}: the table has {}, which the parser does not accept", names(gone));
    }
    Ok(())
}

/// The words of a closed set, without its default.
fn value_of(key: &Key) -> &'static str {
    key.value.split(';').next().unwrap_or(key.value)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The words in backticks.
pub(super) fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Format, key, mapping, named_by_serde};

    /// A parser with two keys.
    fn known(_: &str) -> anyhow::Result<BTreeSet<String>> {
        named_by_serde(Some("unknown field `zzz`, expected one of a, b at line 1".to_owned()))
    }

    #[test]
    fn a_key_that_only_the_parser_or_only_the_table_has_is_an_error() {
        const LESS: Format = Format {
            page: "page.md",
            json_schema: None,
            mappings: &[mapping("root", "zzz: 1", &[key("a", "text", "A.")])],
            known,
        };
        const MORE: Format = Format {
            page: "page.md",
            json_schema: None,
            mappings: &[mapping(
                "root",
                "zzz: 1",
                &[key("a", "text", "A."), key("b", "text", "B."), key("c", "text", "C.")],
            )],
            known,
        };
        for (format, expected) in [
            (LESS, "`root` of page.md: the table lacks `b`, which the parser accepts"),
            (MORE, "`root` of page.md: the table has `c`, which the parser does not accept"),
        ] {
            let error = format.tables().map(|_| ()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
