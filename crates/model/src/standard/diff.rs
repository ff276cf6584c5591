//! Compares two versions of a schema for a reviewer, the most important changes first.

mod change;
mod field;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::period;
use super::schema::{Access, ConsentMode, Field, Reads, Schema, Scope, Verb};
use super::word::Word;
use change::Changes;

pub use change::{Change, Impact};

/// Compares two versions of a schema. Changes that collect more come first.
pub fn diff(old: &Schema, new: &Schema) -> Vec<Change> {
    let mut changes = Changes::default();
    document(old, new, &mut changes);
    access(&old.access, &new.access, &mut changes);
    fields(old, new, &mut changes);
    let Changes(mut changes) = changes;
    changes.sort_by_key(|change| change.severity);
    changes
}

fn document(old: &Schema, new: &Schema, changes: &mut Changes) {
    if old.id() != new.id() {
        changes.note(Impact::Breaking, format!("`{}` is called `{}`", old.id(), new.id()));
    }
    if old.kind != new.kind {
        let (old, new) = (old.kind.word(), new.kind.word());
        changes.note(Impact::Breaking, format!("the {old} is a {new}"));
    }
    if new.version < old.version {
        let what = format!("the version went back from {} to {}", old.version, new.version);
        changes.note(Impact::Breaking, what);
    } else if new.version > old.version {
        changes
            .note(Impact::Wording, format!("the version is {}, not {}", new.version, old.version));
    }
    match (old.consent, new.consent) {
        (ConsentMode::Explicit, ConsentMode::Ambient) => {
            changes
                .note(Impact::Widened, "it goes out by itself, not only when a user asks for it");
        }
        (ConsentMode::Ambient, ConsentMode::Explicit) => {
            changes.note(Impact::Narrowed, "it goes out only when a user asks for it");
        }
        _ => {}
    }
    cadence(old, new, changes);
    for (what, old, new) in [
        ("single reports are", &old.retention.raw, &new.retention.raw),
        ("sums are", &old.retention.aggregate, &new.retention.aggregate),
    ] {
        let what = format!("{what} kept {new}, not {old}");
        if period::seconds(old) != period::seconds(new) {
            changes.ordered(&period::seconds(old), &period::seconds(new), what);
        } else if old != new {
            changes.note(Impact::Wording, what);
        }
    }
    if old.collector != new.collector {
        changes.note(Impact::Wording, "other code fills it");
    }
    changes.wording(&old.title, &new.title, "the title");
    changes.wording(&old.purpose, &new.purpose, "the purpose");
    changes.wording(&old.owner, &new.owner, "the owner");
    changes.wording(&old.review, &new.review, "the review");
    changes.wording(&old.stability, &new.stability, "the stability");
}

fn cadence(old: &Schema, new: &Schema, changes: &mut Changes) {
    let period = |schema: &Schema| {
        schema.cadence.as_ref().and_then(|cadence| period::of_cadence(&cadence.max))
    };
    let words = |schema: &Schema| {
        schema.cadence.as_ref().map_or("without a limit".to_owned(), |cadence| cadence.max.clone())
    };
    // A longer period is less; no period at all is the most.
    let often = |period: Option<u64>| std::cmp::Reverse(period.unwrap_or(0));
    let what = format!("it may be sent {}, not {}", words(new), words(old));
    if period(old) == period(new) {
        changes.wording(&old.cadence, &new.cadence, "the cadence");
    } else {
        changes.ordered(&often(period(old)), &often(period(new)), what);
    }
}

/// What may be done with one resource.
#[derive(Default)]
struct Grant {
    verbs: BTreeSet<&'static str>,
    scope: u8,
    reads: u8,
}

fn grants(access: &[Access]) -> BTreeMap<String, Grant> {
    let mut grants: BTreeMap<String, Grant> = BTreeMap::new();
    for access in access {
        match access {
            Access::Paths { paths } => {
                for path in paths {
                    let grant = grants.entry(path.clone()).or_default();
                    grant.verbs.insert(Verb::Get.word());
                }
            }
            Access::Resources { group, resources, verbs, scope, reads, calls: _ } => {
                for resource in resources {
                    let dot = if group.is_empty() { "" } else { "." };
                    let grant = grants.entry(format!("{resource}{dot}{group}")).or_default();
                    grant.verbs.extend(verbs.iter().map(|verb| verb.word()));
                    grant.scope = grant.scope.max((*scope == Scope::Cluster).into());
                    grant.reads = grant.reads.max((*reads == Reads::Object).into());
                }
            }
        }
    }
    grants
}

fn access(old: &[Access], new: &[Access], changes: &mut Changes) {
    let before = changes.0.len();
    let (old_grants, new_grants) = (grants(old), grants(new));
    let names = |grants: &BTreeMap<String, Grant>| grants.keys().cloned().collect::<BTreeSet<_>>();
    changes.sets(&names(&old_grants), &names(&new_grants), ("it reads", "it no longer reads"));
    for (name, new) in &new_grants {
        let Some(old) = old_grants.get(name) else { continue };
        let (more, less) = (format!("on `{name}` it may"), format!("on `{name}` it may no longer"));
        changes.sets(&old.verbs, &new.verbs, (&more, &less));
        let place = if new.scope > 0 { "the whole cluster" } else { "its own namespace" };
        changes.ordered(&old.scope, &new.scope, format!("it reads `{name}` in {place}"));
        let much = if new.reads > 0 { "in full" } else { "only their metadata" };
        changes.ordered(&old.reads, &new.reads, format!("it reads `{name}` {much}"));
    }
    if old != new && changes.0.len() == before {
        changes.note(Impact::Wording, "the same access is declared differently");
    }
}

fn fields(old: &Schema, new: &Schema, changes: &mut Changes) {
    let model_raised = new.version.model > old.version.model;
    let addition_raised = new.version > old.version;
    let old_fields: IndexMap<String, &Field> = old.all_fields().collect();
    let new_fields: IndexMap<String, &Field> = new.all_fields().collect();
    for (path, field) in &new_fields {
        match old_fields.get(path) {
            Some(old) => field::compare(path, old, field, model_raised, changes),
            None => {
                changes.note(Impact::Widened, format!("field `{path}` is new"));
                if field.required && !model_raised {
                    let what = format!("field `{path}` is new and required; raise MODEL");
                    changes.note(Impact::Breaking, what);
                } else if !addition_raised {
                    let what = format!("field `{path}` is new; raise ADDITION");
                    changes.note(Impact::Breaking, what);
                }
            }
        }
    }
    for path in old_fields.keys().filter(|path| !new_fields.contains_key(*path)) {
        changes.note(Impact::Narrowed, format!("field `{path}` is gone"));
        if !model_raised {
            let what = format!("field `{path}` is gone; raise MODEL");
            changes.note(Impact::Breaking, what);
        }
    }
    let kept = |fields: &IndexMap<String, &Field>, others: &IndexMap<String, &Field>| {
        let kept = fields.keys().filter(|path| others.contains_key(*path));
        kept.cloned().collect::<Vec<_>>()
    };
    if kept(&old_fields, &new_fields) != kept(&new_fields, &old_fields) {
        changes.note(Impact::Wording, "the fields stand in another order");
    }
}
