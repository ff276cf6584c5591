//! What the cluster has, as far as selectors ask for it.

use std::collections::BTreeMap;

use crate::resource::spec::{Group, KindName};

/// Labels of an object.
pub type Labels = BTreeMap<String, String>;

/// What the cluster has, as far as selectors ask for it.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// The namespaces that are known, by name: at least those of Exporters.
    pub namespaces: BTreeMap<String, Labels>,
    /// The kinds that the API server serves.
    pub kinds: Kinds,
    /// The objects of a kind, where [`wants`](super::wants) asked for them; absent until they are known.
    pub objects: BTreeMap<Kind, Vec<Object>>,
}

/// An object, as far as it is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its namespace; empty for one of the cluster.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

/// A kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// Its API group; empty for the core group.
    pub group: String,
    /// Its name, such as `Gateway`.
    pub kind: String,
}

/// The kinds that the API server serves, with their plural names.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    /// Each with its plural name.
    known: Vec<(Kind, String)>,
}

impl Kinds {
    /// Takes kinds and their plural names.
    #[must_use]
    pub fn new(known: impl IntoIterator<Item = (Kind, String)>) -> Self {
        let mut known: Vec<_> = known.into_iter().collect();
        known.sort();
        known.dedup();
        Self { known }
    }

    /// Gives the kinds that a group and a name select.
    pub fn select<'a>(
        &'a self,
        group: &'a Group,
        name: &'a KindName,
    ) -> impl Iterator<Item = &'a Kind> {
        self.known.iter().filter_map(move |(kind, plural)| {
            let is_group = match group {
                Group::Any => true,
                Group::Named(group) => *group == kind.group,
            };
            let is_name = match name {
                KindName::Any => true,
                KindName::Kind(name) => *name == kind.kind,
                KindName::Resource(name) => name == plural,
            };
            (is_group && is_name).then_some(kind)
        })
    }

    /// Gives the groups in which a plural name is known.
    pub fn groups_of<'a>(&'a self, plural: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.known.iter().filter(move |(_, known)| known == plural);
        named.map(|(kind, _)| kind.group.as_str())
    }

    /// Whether nothing is known: the API server was not asked yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
