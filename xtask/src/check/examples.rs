//! Examples on pages: `ktel` commands are parsed by the program, files by their parsers.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context;
use jiff::civil::date;
use ktel::agent::AgentFile;
use ktel::product_file::ProductFile;
use ktel_exporter::settings::Settings;
use ktel_model::standard;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// Pages outside the book that have examples.
const OTHERS: [&str; 2] = ["README.md", "CONTRIBUTING.md"];
/// The reference of the commands shows their usage, not examples.
const USAGE: &str = "docs/reference/cli.md";

/// Checks the examples of all pages.
pub(crate) fn run(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut pages: Vec<PathBuf> = OTHERS.iter().map(PathBuf::from).collect();
    collect(root, Path::new("docs"), &mut pages)?;
    pages.sort();
    let mut findings = Vec::new();
    for page in pages.iter().filter(|page| *page != Path::new(USAGE)) {
        let text = fs::read_to_string(root.join(page))
            .with_context(|| format!("read `{}`", page.display()))?;
        findings.extend(
            check(&text)
                .into_iter()
                .map(|(line, wrong)| format!("{}:{line}: {wrong}", page.display())),
        );
    }
    Ok(findings)
}

fn collect(root: &Path, within: &Path, pages: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(root.join(within));
    for entry in entries.with_context(|| format!("list `{}`", within.display()))? {
        let entry = entry?;
        let path = within.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, pages)?;
        } else if path.extension().is_some_and(|end| end == "md") {
            pages.push(path);
        }
    }
    Ok(())
}

/// A block of code: its first line, its language, its text.
struct Block {
    line: usize,
    language: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (event, range) in Parser::new(page).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                let before = page.as_bytes().iter().take(range.start);
                let line = 2 + before.filter(|byte| **byte == b'\n').count();
                let language = language.to_string();
                open = Some(Block { line, language, text: String::new() });
            }
            Event::Text(words) => {
                if let Some(block) = &mut open {
                    block.text.push_str(&words);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}

/// Gives what is wrong with a page's examples, each with its line.
fn check(page: &str) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for block in blocks(page) {
        match block.language.as_str() {
            "console" => {
                for (number, line) in block.text.lines().enumerate() {
                    let Some(command) = line.strip_prefix("$ ") else { continue };
                    wrong.extend(commands(command).map(|error| (block.line + number, error)));
                }
            }
            "yaml" => wrong.extend(file(&block.text).map(|error| (block.line, error))),
            _ => {}
        }
    }
    wrong
}

/// Parses every `ktel` command of a line, as a shell would find them.
fn commands(line: &str) -> impl Iterator<Item = String> {
    let commands = split(line).into_iter();
    let of_ours = commands.filter(|words| words.first().is_some_and(|word| word == "ktel"));
    of_ours.filter_map(|words| {
        let error = ktel_cli::command().try_get_matches_from(&words).err()?;
        let text = error.to_string();
        Some(format!("`{}`: {}", words.join(" "), text.lines().next().unwrap_or_default()))
    })
}

/// Splits a line into commands, and these into words. Knows quotes, comments, pipes and
/// redirections, which is all that our examples use.
fn split(line: &str) -> Vec<Vec<String>> {
    let (mut all, mut words) = (Vec::new(), Vec::new());
    let (mut word, mut begun, mut quote): (String, bool, Option<char>) = Default::default();
    for c in line.chars().chain([' ']) {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => word.push(c),
            (None, '"' | '\'') => (quote, begun) = (Some(c), true),
            (None, '#') if !begun => break,
            (None, ' ' | '|' | '>' | '&' | ';') => {
                if begun {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
                match c {
                    ' ' => {}
                    '>' => words.push(">".to_owned()),
                    _ => all.push(std::mem::take(&mut words)),
                }
            }
            (None, _) => {
                word.push(c);
                begun = true;
            }
        }
    }
    all.push(words);
    for words in &mut all {
        // What follows a redirection is the name of a file.
        let end = words.iter().position(|word| word == ">").unwrap_or(words.len());
        words.truncate(end);
    }
    all.retain(|words| !words.is_empty());
    all
}

/// Parses a complete file of ours; other YAML is a part of one, or belongs to Kubernetes.
fn file(text: &str) -> Option<String> {
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    // Schemas beside an example are of its reader's making.
    let beside = |_: &str| Err(io::ErrorKind::NotFound.into());
    if has("kts:") {
        let findings = standard::check(text, "the example", date(2026, 11, 1)).err()?;
        return findings.first().map(|finding| format!("{}; {}", finding.message, finding.fix));
    }
    if !has("ktel:") {
        return None;
    }
    if has("consent:") {
        return ProductFile::parse(text, "the example", &beside)
            .err()
            .map(|error| error.to_string());
    }
    if has("store:") {
        return Settings::parse(text, "the example").err().map(|error| error.to_string());
    }
    match AgentFile::parse(text, "the example", &beside) {
        Ok(_) | Err(ktel::agent::file::Error::SchemaFile { .. }) => None,
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{check, split};

    #[test]
    fn a_line_is_split_as_a_shell_does_it() {
        let line = r#"echo '{"a": 1}' | ktel workflows run --workflow all - > "a file"  # comment"#;
        assert_eq!(
            split(line),
            [
                vec!["echo", r#"{"a": 1}"#],
                vec!["ktel", "workflows", "run", "--workflow", "all", "-"]
            ]
        );
    }

    #[test]
    fn commands_and_files_that_the_program_accepts_are_fine() {
        let page = "```console\n$ ktel jobs list # all\nktel is not run here\n$ make check\n```\n\
            ```yaml\nktel: 1\nname: acme\nconsent: opt-in\n```\n```yaml\nkind: Job\n```\n";
        assert_eq!(check(page), []);
    }

    #[test]
    fn a_command_and_a_file_that_the_program_rejects_are_found() {
        let page = "```console\n$ ktel jobs list\n$ ktel jobs lst\n```\n\n\
            ```yaml\nktel: 1\nname: acme\nconsent: perhaps\n```\n\
            ```yaml\nkts: 1\n```\n```yaml\nktel: 1\nproduct: acme\n```\n\
            ```yaml\nktel: 1\nstore:\n```\n";
        let lines: Vec<usize> = check(page).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [3, 7, 12, 15, 19]);
    }
}
