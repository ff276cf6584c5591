//! Tables within pages that are otherwise written by hand: each stands between two markers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{exporter, keys, server};

const BEGIN: &str = "<!-- generated: ";
const CLOSE: &str = " -->";
const END: &str = "<!-- end of generated -->";

/// Tables by the names of their markers.
type Tables = Vec<(&'static str, String)>;

/// Adds every page that has generated tables.
pub(super) fn add(root: &Path, files: &mut BTreeMap<PathBuf, String>) -> anyhow::Result<()> {
    let mut pages: Vec<(&str, Tables)> =
        vec![(server::PAGE, server::tables()?), (exporter::PAGE, exporter::tables()?)];
    for format in keys::FORMATS {
        pages.push((format.page, format.tables()?));
        let Some(name) = format.json_schema else { continue };
        let text = fs::read_to_string(root.join(name)).with_context(|| format!("read `{name}`"))?;
        let mut schema = serde_json::from_str(&text).with_context(|| format!("read `{name}`"))?;
        format.describe(&mut schema).with_context(|| format!("describe the keys of `{name}`"))?;
        files.insert(name.into(), format!("{schema:#}\n"));
    }
    for (name, tables) in pages {
        let page = fs::read_to_string(root.join(name)).with_context(|| format!("read `{name}`"))?;
        let filled =
            fill(&page, &tables).with_context(|| format!("fill the tables of `{name}`"))?;
        files.insert(name.into(), filled);
    }
    Ok(())
}

/// Puts the tables between their markers.
fn fill(page: &str, tables: &[(&'static str, String)]) -> anyhow::Result<String> {
    let mut filled = String::new();
    let mut rest = page;
    let mut used = BTreeSet::new();
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(CLOSE).context("a marker does not end")?;
        let (_, after) =
            after.split_once(END).with_context(|| format!("`{name}` has no `{END}`"))?;
        let found = tables.iter().find(|(known, _)| *known == name);
        let (_, table) = found.with_context(|| format!("no table is called `{name}`"))?;
        filled.push_str(&format!("{before}{BEGIN}{name}{CLOSE}\n\n{table}\n{END}"));
        used.insert(name);
        rest = after;
    }
    if let Some((name, _)) = tables.iter().find(|(name, _)| !used.contains(name)) {
        bail!("the page has no marker `{BEGIN}{name}{CLOSE}`");
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::fill;

    const TABLE: &str = "| new |\n";

    #[test]
    fn a_table_replaces_what_stood_between_its_markers() {
        let page = "a\n<!-- generated: t -->\n\n| old |\n\n<!-- end of generated -->\nb\n";
        let filled = fill(page, &[("t", TABLE.to_owned())]).expect("the page has the marker");
        assert_eq!(filled, "a\n<!-- generated: t -->\n\n| new |\n\n<!-- end of generated -->\nb\n");
    }

    #[test]
    fn a_table_without_a_marker_and_a_marker_without_a_table_are_errors() {
        let table = [("t", TABLE.to_owned())];
        let other = "<!-- generated: x -->\n<!-- end of generated -->";
        for (page, expected) in [
            ("text", "the page has no marker `<!-- generated: t -->`"),
            (other, "no table is called `x`"),
            ("<!-- generated: t -->", "`t` has no `<!-- end of generated -->`"),
        ] {
            assert_eq!(fill(page, &table).expect_err("it is wrong").to_string(), expected);
        }
    }
}
