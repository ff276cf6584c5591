//! Words that were replaced by the usual ones of the field, and must not come back.

use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context, ensure};
use proc_macro2::TokenStream;
use regex::Regex;

use super::source::{Token, flatten};
use table::{EXCEPTIONS, Scope, WORDS, Word};

mod table;
#[cfg(test)]
mod tests;

/// Finds words of the list.
pub(crate) fn run(root: &Path) -> anyhow::Result<Vec<String>> {
    let hits = search(root, &WORDS)?;
    Ok(hits.into_iter().map(|hit| format!("{}; say {}", hit.place, hit.word.instead)).collect())
}

struct Hit<'a> {
    place: String,
    word: &'a Word,
}

fn search<'a>(root: &Path, words: &'a [Word]) -> anyhow::Result<Vec<Hit<'a>>> {
    let words = compiled(words)?;
    let mut hits = Vec::new();
    for path in files(root)? {
        if is_exception(&path) {
            continue;
        }
        let bytes = match std::fs::read(root.join(&path)) {
            Ok(bytes) => bytes,
            // Git still lists what was removed a moment ago.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| format!("read `{path}`")),
        };
        // Pictures have no words.
        if let Ok(text) = std::str::from_utf8(&bytes) {
            hits.extend(
                find(&path, text, &words).into_iter().map(|(place, word)| Hit { place, word }),
            );
        }
    }
    Ok(hits)
}

/// Compiles every word to match as its scope demands.
fn compiled(words: &[Word]) -> anyhow::Result<Vec<(Regex, &Word)>> {
    words
        .iter()
        .map(|word| {
            let pattern = match word.scope {
                Scope::Anywhere => word.pattern.to_owned(),
                Scope::Names => format!("^(?:{})$", word.pattern),
            };
            let regex = Regex::new(&pattern);
            Ok((regex.with_context(|| format!("compile `{}`", word.pattern))?, word))
        })
        .collect()
}

/// Names the files of the repository, those that are not committed yet too.
fn files(root: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .output()
        .context("run `git ls-files`")?;
    ensure!(output.status.success(), "`git ls-files` failed; this check needs a git checkout");
    let names = String::from_utf8(output.stdout).context("read names of files")?;
    Ok(names.split_terminator('\0').map(ToOwned::to_owned).collect())
}

fn is_exception(path: &str) -> bool {
    EXCEPTIONS.iter().any(|exception| match exception.path.strip_prefix('*') {
        Some(end) => path.ends_with(end),
        None => path.starts_with(exception.path),
    })
}

/// Finds words in one file: where, and which.
fn find<'a>(path: &str, text: &str, words: &[(Regex, &'a Word)]) -> Vec<(String, &'a Word)> {
    let names = names(path, text);
    let mut found = Vec::new();
    for (regex, word) in words {
        match word.scope {
            Scope::Anywhere => {
                if let Some(name) = regex.find(path) {
                    found.push((
                        format!("{path}: `{}` in the name of the file", name.as_str()),
                        *word,
                    ));
                }
                for (at, line) in text.lines().enumerate() {
                    if let Some(name) = regex.find(line) {
                        found.push((format!("{path}:{}: `{}`", at + 1, name.as_str()), *word));
                    }
                }
            }
            Scope::Names => {
                for name in names.iter().filter(|name| regex.is_match(name)) {
                    found
                        .push((format!("{path}{}: the name `{name}`", line_of(text, name)), *word));
                }
            }
        }
    }
    found
}

/// Every identifier of a Rust file once; comments and texts have none.
fn names(path: &str, text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    if Path::new(path).extension() == Some("rs".as_ref())
        && let Ok(stream) = TokenStream::from_str(text)
    {
        flatten(stream, &mut tokens);
    }
    let mut names: Vec<String> = tokens
        .into_iter()
        .filter_map(|token| match token {
            Token::Word(word) => Some(word),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Writes the first line that has the name outside a comment, as `:12`.
fn line_of(text: &str, name: &str) -> String {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let at = text.lines().position(|line| {
        let code = line.split("//").next().unwrap_or_default();
        code.split(|character| !is_part(character)).any(|word| word == name)
    });
    at.map(|at| format!(":{}", at + 1)).unwrap_or_default()
}
