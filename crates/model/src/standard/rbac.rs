//! Roles that allow the access that schemas declare, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;

use super::schema::{Access, Schema, Scope, Verb};
use super::word::Word;

/// The paths of discovery and of the version. Every authenticated user may read them.
const PUBLIC_PATHS: [&str; 4] = ["/version", "/api", "/apis", "/openapi"];

/// One rule of a role, in the form in which Kubernetes reads it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// One API group; empty for the core group. No group at all in a rule about paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    /// Plural names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Paths that are not objects.
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// `get`, `list` or `watch`.
    pub verbs: Vec<&'static str>,
}

/// The smallest set of rules with which all of the schemas can be filled, sorted.
pub fn rules(schemas: &[&Schema]) -> Vec<Rule> {
    let mut verbs_of: BTreeMap<(&str, &str), BTreeSet<Verb>> = BTreeMap::new();
    for access in schemas.iter().flat_map(|schema| &schema.access) {
        if let Access::Resources { group, resources, verbs, .. } = access {
            for resource in resources {
                verbs_of.entry((group, resource)).or_default().extend(verbs);
            }
        }
    }
    let mut resources_of: BTreeMap<(&str, BTreeSet<Verb>), Vec<String>> = BTreeMap::new();
    for ((group, resource), verbs) in verbs_of {
        resources_of.entry((group, verbs)).or_default().push(resource.to_owned());
    }
    let rule = |((group, verbs), resources): ((&str, BTreeSet<Verb>), Vec<String>)| Rule {
        api_groups: vec![group.to_owned()],
        resources,
        paths: Vec::new(),
        verbs: verbs.into_iter().map(Word::word).collect(),
    };
    let mut rules: Vec<Rule> = resources_of.into_iter().map(rule).collect();
    let (_, guarded) = paths(schemas);
    if !guarded.is_empty() {
        let paths = guarded.into_iter().map(str::to_owned).collect();
        let verbs = vec![Verb::Get.word()];
        rules.push(Rule { api_groups: Vec::new(), resources: Vec::new(), paths, verbs });
    }
    rules
}

/// Paths that everybody may read, and paths that need a rule.
fn paths<'s>(schemas: &[&'s Schema]) -> (BTreeSet<&'s str>, BTreeSet<&'s str>) {
    let access = schemas.iter().flat_map(|schema| &schema.access);
    let paths = access.filter_map(|access| match access {
        Access::Paths { paths } => Some(paths),
        Access::Resources { .. } => None,
    });
    let is_public = |path: &&str| {
        PUBLIC_PATHS.iter().any(|public| {
            path.strip_prefix(public).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    paths.flatten().map(String::as_str).partition(is_public)
}

/// Resources that are read in the product's own namespace and nowhere else.
fn namespaced<'s>(schemas: &[&'s Schema]) -> BTreeSet<&'s str> {
    let of = |wanted: Scope| {
        let access = schemas.iter().flat_map(|schema| &schema.access);
        let resources = access.filter_map(move |access| match access {
            Access::Resources { resources, scope, .. } if *scope == wanted => Some(resources),
            _ => None,
        });
        resources.flatten().map(String::as_str).collect::<BTreeSet<_>>()
    };
    of(Scope::Namespace).difference(&of(Scope::Cluster)).copied().collect()
}

/// A manifest of a role with which all of the schemas can be filled.
pub fn cluster_role(name: &str, schemas: &[&Schema]) -> String {
    let mut yaml = String::from("# Reads only. Generated from the standard.\n");
    let (public, _) = paths(schemas);
    if !public.is_empty() {
        let public = joined(public);
        yaml += &format!(
            "# Read as well, and open to everybody (system:public-info-viewer): {public}\n"
        );
    }
    let own = namespaced(schemas);
    if !own.is_empty() {
        let own = joined(own);
        yaml += &format!("# Read in the product's own namespace only: {own}\n");
    }
    write_role(&mut yaml, name, &rules(schemas)).expect("writing to a string cannot fail");
    yaml
}

/// A manifest of the role for reading the metadata of Helm releases. RBAC cannot grant metadata alone,
/// so this role is separate, for one namespace, and optional.
pub fn helm_release_role(name: &str, namespace: &str) -> String {
    let rules = [Rule {
        api_groups: vec![String::new()],
        resources: vec!["secrets".into()],
        paths: Vec::new(),
        verbs: vec![Verb::List.word()],
    }];
    let mut yaml = String::from(
        "# For `--read-helm-release` only. ktel reads metadata; the role cannot be held to that.\n",
    );
    write_head(&mut yaml, "Role", &format!("{name}\n  namespace: {namespace}"))
        .and_then(|()| write_rules(&mut yaml, &rules))
        .expect("writing to a string cannot fail");
    yaml
}

fn write_role(yaml: &mut String, name: &str, rules: &[Rule]) -> std::fmt::Result {
    write_head(yaml, "ClusterRole", name)?;
    write_rules(yaml, rules)
}

fn write_head(yaml: &mut String, kind: &str, name: &str) -> std::fmt::Result {
    writeln!(yaml, "apiVersion: rbac.authorization.k8s.io/v1")?;
    writeln!(yaml, "kind: {kind}")?;
    writeln!(yaml, "metadata:\n  name: {name}\n  labels:\n    app.kubernetes.io/name: ktel")
}

fn write_rules(yaml: &mut String, rules: &[Rule]) -> std::fmt::Result {
    if rules.is_empty() {
        return writeln!(yaml, "rules: []");
    }
    writeln!(yaml, "rules:")?;
    for Rule { api_groups, resources, paths, verbs } in rules {
        if paths.is_empty() {
            let groups: Vec<String> =
                api_groups.iter().map(|group| format!("\"{group}\"")).collect();
            writeln!(yaml, "  - apiGroups: [{}]", groups.join(", "))?;
            writeln!(yaml, "    resources: [{}]", resources.join(", "))?;
        } else {
            writeln!(yaml, "  - nonResourceURLs: [{}]", paths.join(", "))?;
        }
        writeln!(yaml, "    verbs: [{}]", verbs.join(", "))?;
    }
    Ok(())
}

fn joined(words: BTreeSet<&str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}
