//! Reads the access that a schema needs.

use super::super::node::{Content, Node};
use super::super::reader::{Keys, Reader};
use super::super::schema::{Access, Calls, Verb};
use super::super::word::Word;

/// Reads the list under `access`.
pub(super) fn read(reader: &mut Reader, keys: &Keys<'_>) -> Vec<Access> {
    let Some((node, line)) = keys.required(reader, "access") else { return Vec::new() };
    let Content::List(items) = &node.content else {
        let fix = "write `access: []`, or `- {group: \"\", resources: [pods], …}` lines";
        reader.error(line, "`access` must be a list".into(), fix);
        return Vec::new();
    };
    items.iter().filter_map(|item| rule(reader, item)).collect()
}

fn rule(reader: &mut Reader, node: &Node) -> Option<Access> {
    let keys = Keys::open(reader, node, node.line, "the access rule".into())?;
    if keys.get("paths").is_some() {
        keys.only(reader, &[&["paths"]]);
        let paths = keys.texts(reader, "paths")?;
        for path in paths.iter().filter(|path| !path.starts_with('/') || path.contains('*')) {
            let fix = "write each path in full, as in `/version`";
            reader.error(node.line, format!("`{path}` is not a path"), fix);
        }
        return Some(Access::Paths { paths });
    }
    keys.only(reader, &[&["group", "resources", "verbs", "scope", "reads", "calls"]]);
    let group = group(reader, &keys);
    let resources = keys.texts(reader, "resources");
    for name in resources.iter().flatten() {
        plural(reader, node.line, name);
    }
    let verbs = keys.texts(reader, "verbs").and_then(|words| verbs(reader, node.line, &words));
    let scope = keys.word(reader, "scope");
    let reads = keys.word(reader, "reads");
    let calls = calls(reader, &keys);
    Some(Access::Resources {
        group: group?,
        resources: resources?,
        verbs: verbs?,
        scope: scope?,
        reads: reads?,
        calls: calls?,
    })
}

/// Reads an API group; empty for the core group.
pub(super) fn group(reader: &mut Reader, keys: &Keys<'_>) -> Option<String> {
    let (node, line) = keys.required(reader, "group")?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    match node.text() {
        Some(text) if text.chars().all(allowed) => Some(text.to_owned()),
        _ => {
            let message = format!("`group` of {} is not an API group", keys.what);
            reader.error(line, message, "write `\"\"` for the core group, or `apps`; never `*`");
            None
        }
    }
}

/// Notes a name that is not a plural of the API.
pub(super) fn plural(reader: &mut Reader, line: usize, name: &str) {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-/".contains(c);
    if name.is_empty() || !name.chars().all(allowed) {
        let fix = "write the lower-case plural, as in `pods`; never `*`";
        reader.error(line, format!("`{name}` does not name a resource"), fix);
    }
}

fn verbs(reader: &mut Reader, line: usize, words: &[String]) -> Option<Vec<Verb>> {
    let mut verbs = Vec::new();
    for word in words {
        let Some(verb) = Verb::from_word(word) else {
            let message = format!("`{word}` is not a verb that reads");
            reader.error(line, message, "use `get`, `list` or `watch`; telemetry never writes");
            return None;
        };
        verbs.push(verb);
    }
    verbs.sort_unstable();
    verbs.dedup();
    Some(verbs)
}

fn calls(reader: &mut Reader, keys: &Keys<'_>) -> Option<Calls> {
    let text = keys.text(reader, "calls")?;
    let calls = match text.as_str() {
        "pages" => Some(Calls::Pages),
        number => number.parse().ok().filter(|number| *number > 0).map(Calls::Fixed),
    };
    if calls.is_none() {
        let message = format!("`calls` of {} cannot be `{text}`", keys.what);
        reader.error(keys.line, message, "write a number, or `pages` for one a page");
    }
    calls
}
