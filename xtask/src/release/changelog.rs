//! The changelog: "Unreleased" becomes the section of a version.

use anyhow::{Context, ensure};
use jiff::civil::Date;

const UNRELEASED: &str = "## Unreleased\n";

/// A changelog with a new section, and the text of this section.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dated {
    pub(super) changelog: String,
    pub(super) notes: String,
}

/// Gives the entries under "Unreleased" to `version`, and starts an empty "Unreleased".
pub(super) fn date(changelog: &str, version: &str, date: Date) -> anyhow::Result<Dated> {
    let heading = format!("## {version} (");
    ensure!(
        !changelog.lines().any(|line| line.starts_with(&heading)),
        "CHANGELOG.md has version {version} already; raise `version` in Cargo.toml"
    );
    let (before, after) = changelog
        .split_once(UNRELEASED)
        .context("CHANGELOG.md has no heading `## Unreleased`; add it")?;
    let end = after.find("\n## ").map_or(after.len(), |at| at + 1);
    let (entries, older) = after.split_at(end);
    let notes = entries.trim();
    ensure!(
        !notes.is_empty(),
        "CHANGELOG.md has nothing under `## Unreleased`; write what changed"
    );
    let separator = if older.is_empty() { "" } else { "\n" };
    let changelog =
        format!("{before}{UNRELEASED}\n{heading}{date})\n\n{notes}\n{separator}{older}");
    Ok(Dated { changelog, notes: notes.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::date;

    const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 26);

    #[test]
    fn entries_move_to_the_version_and_older_ones_stay() {
        let old = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-02)\n\n- Old.\n";
        let dated = date(old, "0.2.0", DAY).unwrap();
        assert_eq!(dated.notes, "- New.");
        assert_eq!(
            dated.changelog,
            "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-11-26)\n\n- New.\n\n## 0.1.0 (2026-01-02)\n\n- Old.\n"
        );
        let empty = date(&dated.changelog, "0.3.0", DAY).unwrap_err().to_string();
        assert!(empty.contains("has nothing under `## Unreleased`"), "{empty}");
        let twice = date(&dated.changelog, "0.2.0", DAY).unwrap_err().to_string();
        assert!(twice.contains("has version 0.2.0 already"), "{twice}");
    }

    #[test]
    fn the_first_version_has_no_older_ones() {
        let dated = date("# Changelog\n\n## Unreleased\n\n- New.\n", "0.1.0", DAY).unwrap();
        assert_eq!(
            dated.changelog,
            "# Changelog\n\n## Unreleased\n\n## 0.1.0 (2026-11-26)\n\n- New.\n"
        );
    }

    #[test]
    fn a_changelog_without_the_heading_is_an_error() {
        let error = date("# Changelog\n", "0.1.0", DAY).unwrap_err().to_string();
        assert!(error.contains("has no heading `## Unreleased`"), "{error}");
    }
}
