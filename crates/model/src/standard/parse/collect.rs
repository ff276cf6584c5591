//! Reads how a field is filled from the cluster without code.

use super::super::node::{Content, Node};
use super::super::reader::{Keys, Reader, quoted};
use super::super::schema::{Collect, CollectVerb, MapValue, Source, Type};
use super::super::word::Word;
use super::access;
use crate::limits::SOURCES_MAX;

/// Reads the mapping under `collect`.
pub(super) fn read(
    reader: &mut Reader,
    node: &Node,
    line: usize,
    field: &str,
    of: &Type,
) -> Option<Collect> {
    let verbs: Vec<&str> = CollectVerb::WORDS.iter().map(|(_, word)| *word).collect();
    let keys = Keys::open(reader, node, line, format!("`collect` of field `{field}`"))?;
    keys.only(reader, &[&verbs]);
    let known = |key: &str| CollectVerb::from_word(key);
    let mut steps = keys.entries().iter().filter_map(|entry| Some((known(&entry.key)?, entry)));
    let (Some((verb, entry)), None) = (steps.next(), steps.next()) else {
        let message = format!("`collect` of field `{field}` needs exactly one verb");
        reader.error(line, message, format!("use one of {}", quoted(&verbs)));
        return None;
    };
    if !suits(verb, of) {
        let message = format!("`{}` cannot fill field `{field}`", verb.word());
        reader.error(entry.line, message, suiting(verb));
        return None;
    }
    let items: &[Node] = match &entry.value.content {
        Content::List(items) => items,
        _ => std::slice::from_ref(&entry.value),
    };
    if items.is_empty() || items.len() > SOURCES_MAX {
        let message = format!("`{}` needs 1 to {SOURCES_MAX} sources", verb.word());
        reader.error(entry.line, message, "list `{group: \"\", resource: pods}`");
        return None;
    }
    let from: Vec<Source> = items.iter().filter_map(|item| source(reader, item, verb)).collect();
    (from.len() == items.len()).then_some(Collect { verb, from })
}

fn source(reader: &mut Reader, node: &Node, verb: CollectVerb) -> Option<Source> {
    let what = format!("the source of `{}`", verb.word());
    let keys = Keys::open(reader, node, node.line, what)?;
    keys.only(reader, &[&["group", "resource", "namespace", "labels", "path"]]);
    let group = access::group(reader, &keys);
    let resource = keys.text(reader, "resource");
    if let Some(resource) = &resource {
        access::plural(reader, node.line, resource);
    }
    let namespace = keys.optional_text(reader, "namespace");
    let labels = keys.optional_text(reader, "labels");
    let path = match (needs_path(verb), keys.get("path")) {
        (true, _) => Some(keys.text(reader, "path")?),
        (false, None) => None,
        (false, Some((_, line))) => {
            let message = format!("`{}` takes no `path`", verb.word());
            reader.error(line, message, "remove it, or use a verb that looks into objects");
            return None;
        }
    };
    Some(Source { group: group?, resource: resource?, namespace, labels, path })
}

fn needs_path(verb: CollectVerb) -> bool {
    use CollectVerb::{GroupCount, Matches, Value, Values};
    matches!(verb, Matches | Value | Values | GroupCount)
}

fn suits(verb: CollectVerb, of: &Type) -> bool {
    match verb {
        CollectVerb::Count | CollectVerb::Matches => matches!(of, Type::Count(_)),
        CollectVerb::Value => {
            !matches!(of, Type::Map(..) | Type::List(_) | Type::Record(_) | Type::Id)
        }
        CollectVerb::Values | CollectVerb::WrittenVersions | CollectVerb::ServedVersions => {
            matches!(of, Type::List(_))
        }
        CollectVerb::GroupCount => matches!(of, Type::Map(_, MapValue::Count(_))),
        CollectVerb::NewestChange => matches!(of, Type::Date(_)),
    }
}

fn suiting(verb: CollectVerb) -> &'static str {
    match verb {
        CollectVerb::Count | CollectVerb::Matches => "it fills a field of type `count`",
        CollectVerb::Value => "it fills one bool, enum, count, version, duration, ratio or date",
        CollectVerb::Values | CollectVerb::WrittenVersions | CollectVerb::ServedVersions => {
            "it fills a field of type `list`"
        }
        CollectVerb::GroupCount => "it fills a field of type `map` with `of: count`",
        CollectVerb::NewestChange => "it fills a field of type `date`",
    }
}
