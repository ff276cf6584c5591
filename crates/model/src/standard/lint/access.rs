//! Checks that `access` declares what the steps read, no more and no less.

use std::collections::BTreeMap;

use super::super::reader::Reader;
use super::super::schema::{Access, CollectVerb, Reads, Schema, Source, Verb};
use super::super::word::Word;
use super::place::line_path;

/// The field that needs a resource, and how much of it.
struct Need {
    path: String,
    objects: bool,
}

/// Needs by group and resource.
type Needs = BTreeMap<(String, String), Need>;

pub(super) fn lint(schema: &Schema, reader: &mut Reader) {
    let needs = needs(schema);
    let discovers = schema.all_fields().any(|(_, field)| {
        field.collect.as_ref().is_some_and(|step| step.verb == CollectVerb::ServedVersions)
    });
    for (index, access) in schema.access.iter().enumerate() {
        let at = format!("access.{index}");
        match access {
            Access::Paths { paths } => {
                let needed = |path: &&String| discovers && path.starts_with("/api");
                for path in paths.iter().filter(|path| !needed(path)) {
                    reader.error_at(&at, format!("no field needs `{path}`"), "remove it");
                }
            }
            Access::Resources { group, resources, verbs, reads, .. } => {
                for resource in resources {
                    match needs.get(&(group.clone(), resource.clone())) {
                        None => {
                            let message = format!("no field needs `{}`", dotted(group, resource));
                            reader.error_at(
                                &at,
                                message,
                                "remove it; a role grants only what is read",
                            );
                        }
                        Some(need) => rule(reader, &at, resource, need, verbs, *reads),
                    }
                }
            }
        }
    }
    for ((group, resource), need) in &needs {
        let declared = schema.access.iter().any(|access| match access {
            Access::Resources { group: of, resources, .. } => {
                of == group && resources.contains(resource)
            }
            Access::Paths { .. } => false,
        });
        if !declared {
            let reads = if need.objects { Reads::Object } else { Reads::Metadata };
            let message = format!(
                "field `{}` reads `{}`, which `access` does not declare",
                need.path,
                dotted(group, resource)
            );
            let fix = format!(
                "add `- {{group: \"{group}\", resources: [{resource}], verbs: [list], \
                 scope: cluster, reads: {}, calls: 1}}`",
                reads.word()
            );
            reader.error_at(&format!("{}.collect", line_path(&need.path)), message, fix);
        }
    }
}

fn rule(reader: &mut Reader, at: &str, resource: &str, need: &Need, verbs: &[Verb], reads: Reads) {
    // Every step lists; nothing is read by name or watched.
    if !verbs.contains(&Verb::List) {
        let message = format!("field `{}` lists `{resource}`, which is not allowed", need.path);
        reader.error_at(at, message, "add `list` to `verbs`");
    }
    for verb in verbs.iter().filter(|verb| **verb != Verb::List) {
        let message = format!("no field needs to {} `{resource}`", verb.word());
        reader.error_at(at, message, "write `verbs: [list]`");
    }
    match (reads, need.objects) {
        (Reads::Metadata, true) => {
            let message =
                format!("field `{}` looks into `{resource}`, beyond its metadata", need.path);
            reader.error_at(at, message, "write `reads: object`");
        }
        (Reads::Object, false) => {
            let message = format!("no field looks into `{resource}`");
            reader.error_at(at, message, "write `reads: metadata`");
        }
        _ => {}
    }
}

fn needs(schema: &Schema) -> Needs {
    let mut needs = Needs::new();
    for (path, field) in schema.all_fields() {
        let Some(step) = &field.collect else { continue };
        // Every authenticated user may read discovery, and it reads no object.
        if step.verb == CollectVerb::ServedVersions {
            continue;
        }
        for source in &step.from {
            let key = (source.group.clone(), source.resource.clone());
            let need =
                needs.entry(key).or_insert_with(|| Need { path: path.clone(), objects: false });
            if !need.objects && looks_beyond_metadata(source) {
                *need = Need { path: path.clone(), objects: true };
            }
        }
    }
    needs
}

fn looks_beyond_metadata(source: &Source) -> bool {
    source.path.as_deref().is_some_and(|path| {
        let path = path.trim_start_matches('$').trim_start_matches('.');
        path != "metadata" && !path.starts_with("metadata.") && !path.starts_with("metadata[")
    })
}

fn dotted(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}
