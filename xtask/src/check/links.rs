//! Links between the pages of this repository: the file exists, the heading exists, and the book has every page.
//!
//! Links to other hosts are not followed: a check that needs a network fails for other reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use pulldown_cmark::{BrokenLink, Event, LinkType, Options, Parser, Tag, TagEnd};

/// The pages of the book, and its table of contents.
const BOOK: &str = "docs";
const CONTENTS: &str = "docs/SUMMARY.md";
/// Directories of builds and of tools; no page of ours is in them.
const OTHERS: [&str; 3] = ["target", "node_modules", "corpus"];

/// Checks every Markdown file of the repository.
pub(crate) fn run(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut files = BTreeSet::new();
    collect(root, Path::new(""), &mut files)?;
    let mut pages = BTreeMap::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "md")) {
        let text = fs::read_to_string(root.join(file))
            .with_context(|| format!("read `{}`", file.display()))?;
        pages.insert(file.clone(), Page::read(&text));
    }
    Ok(findings(&files, &pages))
}

/// Lists all files and directories by their paths from the root.
fn collect(root: &Path, within: &Path, files: &mut BTreeSet<PathBuf>) -> anyhow::Result<()> {
    let directory = root.join(within);
    let entries =
        fs::read_dir(&directory).with_context(|| format!("list `{}`", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with('.') || OTHERS.contains(&text.as_ref()) {
            continue;
        }
        let path = within.join(&name);
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        }
        files.insert(path);
    }
    Ok(())
}

/// What a page links to, and what can be linked to in it.
#[derive(Debug, Default)]
struct Page {
    links: Vec<Link>,
    anchors: BTreeSet<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Link {
    line: usize,
    to: String,
    /// Whether its reference, as in `[text][reference]`, is defined nowhere.
    undefined: bool,
}

impl Page {
    fn read(text: &str) -> Self {
        let line_at =
            |offset: usize| 1 + text.as_bytes()[..offset].iter().filter(|b| **b == b'\n').count();
        let mut undefined = Vec::new();
        // `[word]` alone is text; only `[text][reference]` and `[reference][]` mean to be links.
        let mut broken = |link: BrokenLink<'_>| {
            if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
                let to = link.reference.to_string();
                undefined.push(Link { line: line_at(link.span.start), to, undefined: true });
            }
            None
        };
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
        let parser = Parser::new_with_broken_link_callback(text, options, Some(&mut broken));
        let mut page = Self::default();
        let mut heading: Option<String> = None;
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (event, range) in parser.into_offset_iter() {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    let (line, to) = (line_at(range.start), dest_url.to_string());
                    page.links.push(Link { line, to, undefined: false });
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let base = anchor(&heading.take().unwrap_or_default());
                    let earlier = seen.entry(base.clone()).or_insert(0);
                    page.anchors.insert(match *earlier {
                        0 => base,
                        number => format!("{base}-{number}"),
                    });
                    *earlier += 1;
                }
                Event::Text(words) | Event::Code(words) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&words);
                    }
                }
                _ => {}
            }
        }
        page.links.extend(undefined);
        page
    }
}

/// The anchor of a heading, as forges and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_') || c.is_whitespace();
    let dashed = |c: char| if c.is_whitespace() { '-' } else { c };
    heading.trim().to_lowercase().chars().filter(kept).map(dashed).collect()
}

fn findings(files: &BTreeSet<PathBuf>, pages: &BTreeMap<PathBuf, Page>) -> Vec<String> {
    let mut findings = Vec::new();
    for (file, page) in pages {
        for link in &page.links {
            if let Some(wrong) = wrong(file, page, link, files, pages) {
                findings.push(format!("{}:{}: {wrong}", file.display(), link.line));
            }
        }
    }
    findings.extend(not_in_the_book(pages));
    findings
}

/// Says what is wrong with a link; nothing, if it leads somewhere.
fn wrong(
    file: &Path,
    page: &Page,
    link: &Link,
    files: &BTreeSet<PathBuf>,
    pages: &BTreeMap<PathBuf, Page>,
) -> Option<String> {
    let to = &link.to;
    if link.undefined {
        return Some(format!("the reference `[{to}]` is defined nowhere on the page"));
    }
    if to.contains("://") || to.starts_with("mailto:") {
        return None;
    }
    let (path, fragment) = match to.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (to.as_str(), None),
    };
    let (target, target_page) = if path.is_empty() {
        (file.to_owned(), Some(page))
    } else {
        let Some(target) = resolve(file, path) else {
            return Some(format!("`{to}` leads out of the repository"));
        };
        if !files.contains(&target) {
            return Some(format!("`{to}` leads to a file that does not exist"));
        }
        let found = pages.get(&target);
        (target, found)
    };
    if file.starts_with(BOOK) && !target.starts_with(BOOK) {
        return Some(format!(
            "`{to}` leads out of the book; write the path as code, without a link"
        ));
    }
    let fragment = fragment?;
    let known = target_page.is_some_and(|page| page.anchors.contains(fragment));
    (!known).then(|| format!("`{to}` leads to a heading that does not exist"))
}

/// The path from the root that a relative link on a page means.
fn resolve(file: &Path, link: &str) -> Option<PathBuf> {
    let mut path = file.parent()?.to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// Names pages under `docs` that the table of contents lacks.
fn not_in_the_book(pages: &BTreeMap<PathBuf, Page>) -> Vec<String> {
    let contents = Path::new(CONTENTS);
    let Some(page) = pages.get(contents) else { return Vec::new() };
    let listed: BTreeSet<PathBuf> =
        page.links.iter().filter_map(|link| resolve(contents, &link.to)).collect();
    let of_the_book = |page: &&PathBuf| page.starts_with(BOOK) && page.as_path() != contents;
    pages
        .keys()
        .filter(of_the_book)
        .filter(|page| !listed.contains(*page))
        .map(|page| format!("{}: {CONTENTS} does not list it", page.display()))
        .collect()
}

#[cfg(test)]
mod tests;
