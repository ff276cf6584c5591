//! Import circles between the files of a crate: a file should be understood by reading only what it
//! imports.
//!
//! A file imports the file in which a name is *defined*, also where it names it by a re-export.
//! `mod child;` is no import, and neither is a re-export whose name the file itself does not use.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::metadata;
use super::source::{Crate, Module, Token};
use resolve::Place;

mod resolve;
#[cfg(test)]
mod tests;

/// Imports between files, as indices of [`Crate::files`]: the path by which one names the other.
type Imports = BTreeMap<usize, BTreeMap<usize, String>>;

/// Finds circles in every target of the workspace.
pub(crate) fn run(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for first in metadata::targets(root)? {
        let read = |file: &Path| std::fs::read_to_string(root.join(file));
        findings.extend(circles(&Crate::read(&first, &read)?));
    }
    Ok(findings)
}

/// Finds one shortest circle for each set of files that reach each other.
fn circles(it: &Crate) -> Vec<String> {
    let imports = imports(it);
    let mut done: BTreeSet<usize> = BTreeSet::new();
    let mut findings = Vec::new();
    for start in 0..it.files.len() {
        if done.contains(&start) {
            continue;
        }
        let Some(circle) = shortest(&imports, start) else { continue };
        done.extend(&circle);
        findings.push(describe(&it.files, &imports, &circle));
    }
    findings
}

/// Finds the shortest way from a file back to it.
fn shortest(imports: &Imports, start: usize) -> Option<Vec<usize>> {
    let mut before = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for &next in imports.get(&file).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                let mut circle = vec![file];
                while let Some(&file) = before.get(circle.last()?) {
                    circle.push(file);
                }
                circle.reverse();
                return Some(circle);
            }
            before.entry(next).or_insert_with(|| {
                queue.push_back(next);
                file
            });
        }
    }
    None
}

fn describe(files: &[PathBuf], imports: &Imports, circle: &[usize]) -> String {
    let mut text = String::from("import circle: ");
    let mut reasons = String::new();
    for (&file, &next) in circle.iter().zip(circle.iter().cycle().skip(1)) {
        let (file_name, next_name) = (files[file].display(), files[next].display());
        text += &format!("{file_name} -> ");
        let path = &imports[&file][&next];
        reasons += &format!("\n    {file_name} names `{path}` of {next_name}");
    }
    text += &files[circle[0]].display().to_string();
    text += &reasons;
    text += "\n    move what both need to a file of its own, or pass it as an argument";
    text
}

/// Finds which file imports which.
fn imports(it: &Crate) -> Imports {
    let mut imports = Imports::new();
    for (here, module) in it.modules.iter().enumerate() {
        for path in paths_to_items(module) {
            if let Some(Place::Item(other)) = it.resolve(here, &path) {
                add(&mut imports, module.file, it.modules[other].file, &path);
            }
        }
        for glob in module.globs.iter().filter(|glob| !glob.is_re_export) {
            let path = words(&glob.path);
            if let Some(Place::Module(other)) = it.resolve(here, &path) {
                add(&mut imports, module.file, it.modules[other].file, &path);
            }
        }
    }
    imports
}

fn add(imports: &mut Imports, from: usize, to: usize, path: &[&str]) {
    if from != to {
        imports.entry(from).or_default().entry(to).or_insert_with(|| path.join("::"));
    }
}

/// Lists what a module imports, and what it names by its path.
fn paths_to_items(module: &Module) -> Vec<Vec<&str>> {
    let mut paths = paths(&module.tokens);
    let named: BTreeSet<&str> = paths.iter().map(|path| path[0]).collect();
    let imported = module
        .imports
        .iter()
        .filter(|(name, import)| !import.is_re_export || named.contains(name.as_str()))
        .map(|(_, import)| words(&import.path));
    let imported: Vec<Vec<&str>> = imported.collect();
    paths.retain(|path| path.len() > 1);
    paths.extend(imported);
    paths
}

fn words(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

/// Finds every path in the text, single names included. Fields and methods are none.
fn paths(tokens: &[Token]) -> Vec<Vec<&str>> {
    let mut paths: Vec<Vec<&str>> = Vec::new();
    let mut before = None;
    let mut is_path = false;
    for token in tokens {
        if let Token::Word(word) = token {
            match before {
                Some(&Token::PathSeparator) => {
                    if is_path && let Some(path) = paths.last_mut() {
                        path.push(word);
                    }
                }
                Some(&Token::Sign('.')) => is_path = false,
                _ => {
                    is_path = true;
                    paths.push(vec![word]);
                }
            }
        } else {
            is_path &= *token == Token::PathSeparator && matches!(before, Some(Token::Word(_)));
        }
        before = Some(token);
    }
    paths
}
