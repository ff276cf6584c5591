//! Pages of a made-up repository, some of them wrong.

use super::{Page, anchor, findings, run};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Checks pages that are given as (path, text); `others` are files beside them.
fn check(pages: &[(&str, &str)], others: &[&str]) -> Vec<String> {
    let paths = pages.iter().map(|(path, _)| path).chain(others).map(PathBuf::from);
    let files: BTreeSet<PathBuf> = paths.collect();
    let pages: BTreeMap<PathBuf, Page> =
        pages.iter().map(|(path, text)| (PathBuf::from(path), Page::read(text))).collect();
    findings(&files, &pages)
}

#[test]
fn links_to_files_and_headings_that_exist_are_fine() {
    let pages = [
        ("README.md", "[a](docs/a.md) [b](docs/a.md#the-one-b) ![c](docs/c.png) [d](LICENSE)"),
        ("docs/SUMMARY.md", "- [A](a.md)"),
        (
            "docs/a.md",
            "# The `one` b\n\n[up](#the-one-b), [out](https://example.com/#x), [word] and `[x][y]`",
        ),
    ];
    assert_eq!(check(&pages, &["docs/c.png", "LICENSE"]), Vec::<String>::new());
}

#[test]
fn a_link_to_a_missing_file_is_found_with_its_line() {
    let found = check(&[("README.md", "# Title\n\nSee [this](docs/gone.md).")], &[]);
    assert_eq!(found, ["README.md:3: `docs/gone.md` leads to a file that does not exist"]);
}

#[test]
fn a_link_to_a_missing_heading_is_found_on_this_page_and_on_another() {
    let pages = [("a.md", "# One\n[x](#two)\n[y](b.md#one)"), ("b.md", "# Two")];
    assert_eq!(
        check(&pages, &[]),
        [
            "a.md:2: `#two` leads to a heading that does not exist",
            "a.md:3: `b.md#one` leads to a heading that does not exist",
        ]
    );
}

#[test]
fn an_image_a_reference_and_a_way_out_of_the_repository_are_found() {
    let text = "![x](x.png) [y][z]\n\n[w](../../etc)";
    assert_eq!(
        check(&[("a.md", text)], &[]),
        [
            "a.md:1: `x.png` leads to a file that does not exist",
            "a.md:3: `../../etc` leads out of the repository",
            "a.md:1: the reference `[z]` is defined nowhere on the page",
        ]
    );
}

#[test]
fn the_book_has_every_page_and_links_only_to_itself() {
    let pages = [
        ("docs/SUMMARY.md", "- [A](a.md)"),
        ("docs/a.md", "[out](../LICENSE)"),
        ("docs/b.md", "text"),
    ];
    assert_eq!(
        check(&pages, &["LICENSE"]),
        [
            "docs/a.md:1: `../LICENSE` leads out of the book; write the path as code, without a link",
            "docs/b.md: docs/SUMMARY.md does not list it",
        ]
    );
}

#[test]
fn headings_have_the_anchors_of_forges_and_of_mdbook() {
    for (heading, expected) in [
        ("Who sends what?", "who-sends-what"),
        ("identify-platform / kubernetes_version", "identify-platform--kubernetes_version"),
        ("ktel workflows run", "ktel-workflows-run"),
    ] {
        assert_eq!(anchor(heading), expected);
    }
    let page = Page::read("# Same\n\n## Same\n");
    assert_eq!(page.anchors, ["same", "same-1"].map(str::to_owned).into());
}

#[test]
fn the_pages_of_this_repository_have_no_broken_link() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask stands in the root");
    assert_eq!(run(root).expect("read the pages"), Vec::<String>::new());
}
