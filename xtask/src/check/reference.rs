//! Names that users meet, in the program and on the reference pages: metrics and environment variables.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;

/// Names that begin alike, where the program has them, and the page that explains them.
struct Names {
    what: &'static str,
    prefix: &'static str,
    sources: &'static [&'static str],
    page: &'static str,
}

const ALL: [Names; 2] = [
    Names {
        what: "metric",
        prefix: "ktel_server_",
        sources: &["crates/server/src"],
        page: "docs/reference/server.md",
    },
    Names {
        what: "environment variable",
        prefix: "KTEL_",
        sources: &["crates"],
        page: "docs/reference/environment.md",
    },
];

/// Compares both sides of every kind of names.
pub(crate) fn run(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for names in ALL {
        let mut used = BTreeSet::new();
        for source in names.sources {
            collect(&root.join(source), names.prefix, &mut used)
                .with_context(|| format!("read the sources in `{source}`"))?;
        }
        let page = fs::read_to_string(root.join(names.page))
            .with_context(|| format!("read `{}`", names.page))?;
        findings.extend(compare(&names, &used, &written(&page, names.prefix, '`')));
    }
    Ok(findings)
}

fn compare(names: &Names, used: &BTreeSet<String>, explained: &BTreeSet<String>) -> Vec<String> {
    let Names { what, page, .. } = names;
    let missing = used.difference(explained);
    let missing = missing.map(|name| format!("{page}: the {what} `{name}` is missing"));
    let gone = explained.difference(used);
    let gone = gone.map(|name| format!("{page}: the program has no {what} `{name}`"));
    missing.chain(gone).collect()
}

/// Finds names in the string literals of Rust files that are not tests.
fn collect(directory: &Path, prefix: &str, names: &mut BTreeSet<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["tests", "target", "fuzz", "benches", "testkit", "examples"]
                .contains(&name.as_str())
            {
                collect(&path, prefix, names)?;
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path)?;
            let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
            names.extend(written(text.get(..tests).unwrap_or_default(), prefix, '"'));
        }
    }
    Ok(())
}

/// Finds names that begin with a prefix directly after a quote: `"` in Rust, `` ` `` in Markdown.
fn written(text: &str, prefix: &str, quote: char) -> BTreeSet<String> {
    let begin = format!("{quote}{prefix}");
    let letters = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let from = |at: usize| text.get(at..).unwrap_or_default().chars();
    text.match_indices(&begin)
        .map(|(at, _)| from(at + quote.len_utf8()).take_while(letters).collect())
        .filter(|name: &String| name != prefix)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ALL, compare, written};

    #[test]
    fn names_are_found_behind_their_quotes_only() {
        let rust = r#"let name = "ktel_server_items_total"; // ktel_server_words "ktel_server_""#;
        let found: Vec<String> = written(rust, "ktel_server_", '"').into_iter().collect();
        assert_eq!(found, ["ktel_server_items_total"]);
        let page = "| `ktel_server_items_total{result}` | items |";
        let found: Vec<String> = written(page, "ktel_server_", '`').into_iter().collect();
        assert_eq!(found, ["ktel_server_items_total"]);
    }

    #[test]
    fn a_name_that_only_one_side_has_is_found() {
        let names = |text: &str| text.split(' ').map(str::to_owned).collect();
        let found = compare(&ALL[1], &names("KTEL_A KTEL_B"), &names("KTEL_B KTEL_C"));
        assert_eq!(
            found,
            [
                "docs/reference/environment.md: the environment variable `KTEL_A` is missing",
                "docs/reference/environment.md: the program has no environment variable `KTEL_C`",
            ]
        );
    }
}
