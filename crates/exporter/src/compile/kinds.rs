//! Which kinds a resource selector names, by what the API server knows.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::{Cluster, Kind};
use super::selecting::{Selecting, Unusable};
use crate::resource::Finding;
use crate::resource::spec::{self, KindName, ResourceSelector};

/// Kinds that are selected: by group, or in any; none for all kinds of the group.
pub(super) type KindsByGroup = BTreeMap<Option<String>, Option<BTreeSet<String>>>;

impl Selecting<'_> {
    pub(super) fn kinds(
        &self,
        selector: &ResourceSelector,
        findings: &mut Vec<Finding>,
    ) -> Result<KindsByGroup, Unusable> {
        let mut kinds = KindsByGroup::new();
        if selector.kinds.is_empty() {
            kinds.insert(None, None);
        }
        let path = selector.path.field("kinds");
        for (index, wanted) in selector.kinds.iter().enumerate() {
            for group in &wanted.groups {
                for name in &wanted.names {
                    if !self.add(&mut kinds, group, name) {
                        let message = self.unknown(group, name);
                        let path = path.item(index);
                        findings.push(Finding::error(path, "UnknownKind", message));
                    }
                }
            }
        }
        if kinds.is_empty() { Err(Unusable) } else { Ok(kinds) }
    }

    /// Adds what a group and a name select. Says whether it is known.
    fn add(&self, kinds: &mut KindsByGroup, group: &spec::Group, name: &KindName) -> bool {
        let key = match group {
            spec::Group::Any => None,
            spec::Group::Named(name) => Some(name.clone()),
        };
        let mut insert = |group: Option<String>, kind: &str| {
            let set = kinds.entry(group).or_insert_with(|| Some(BTreeSet::new()));
            if let Some(set) = set {
                set.insert(kind.to_owned());
            }
        };
        match name {
            KindName::Any => {
                kinds.insert(key, None);
            }
            KindName::Kind(kind) => insert(key, kind),
            KindName::Resource(_) => {
                let mut is_known = false;
                for kind in self.cluster.kinds.select(group, name) {
                    insert(Some(kind.group.clone()), &kind.kind);
                    is_known = true;
                }
                return is_known;
            }
        }
        true
    }

    fn unknown(&self, group: &spec::Group, name: &KindName) -> String {
        let name = match name {
            KindName::Resource(name) | KindName::Kind(name) => name,
            KindName::Any => "*",
        };
        let here = match group {
            spec::Group::Any => "in any group".to_owned(),
            spec::Group::Named(group) if group.is_empty() => "in the core group".to_owned(),
            spec::Group::Named(group) => format!("in the group `{group}`"),
        };
        let mut others = self.cluster.kinds.groups_of(name);
        let next = match others.next() {
            Some(other) => format!("there is one in the group `{other}`"),
            None => {
                "write the kind as metrics have it, such as `Gateway`, or install its definition"
                    .to_owned()
            }
        };
        format!("the API server has no resource `{name}` {here}; {next}")
    }
}

/// The kinds whose objects have to be known, one by one.
pub(super) fn concrete(cluster: &Cluster, kinds: &KindsByGroup) -> Result<BTreeSet<Kind>, String> {
    let mut found = BTreeSet::new();
    for (group, names) in kinds {
        let in_group = match group {
            Some(group) => spec::Group::Named(group.clone()),
            None => spec::Group::Any,
        };
        let names: Vec<KindName> = match (names, group) {
            (Some(names), _) => names.iter().cloned().map(KindName::Kind).collect(),
            (None, Some(_)) => vec![KindName::Any],
            (None, None) => {
                return Err("name the kinds: labels are looked up in the cluster, and not for all of its kinds".to_owned());
            }
        };
        for name in names {
            let known: Vec<&Kind> = cluster.kinds.select(&in_group, &name).collect();
            if let (KindName::Kind(kind), []) = (&name, known.as_slice()) {
                return Err(format!(
                    "the API server has no kind `{kind}` there; its objects cannot be looked up"
                ));
            }
            found.extend(known.into_iter().cloned());
        }
    }
    Ok(found)
}

/// The kinds of a selector, for [`wants`](super::wants). Those that cannot be found are omitted.
pub(super) fn kinds_of(selecting: &Selecting<'_>, selector: &ResourceSelector) -> BTreeSet<Kind> {
    let kinds = selecting.kinds(selector, &mut Vec::new());
    kinds.ok().and_then(|kinds| concrete(selecting.cluster, &kinds).ok()).unwrap_or_default()
}
