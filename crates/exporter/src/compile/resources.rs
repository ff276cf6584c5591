//! Resource selectors as groups of terms on the labels of metrics.

use std::collections::{BTreeMap, BTreeSet};

use ktel_metricsql::{Filter, FilterOperator};

use super::cluster::{Cluster, Kind, Object};
use super::merge::{Group, Term};
use super::tenant;
use crate::plan::Tenant;
use crate::resource::Finding;
use crate::resource::spec::{self, KindName, LabelSelector, Operator, ResourceSelector};
use crate::settings::{Reach, Resolve, Resources, Settings};

/// What the selectors of an Exporter are compiled with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selecting<'a> {
    pub(super) namespace: &'a str,
    pub(super) tenant: &'a Tenant,
    pub(super) settings: &'a Settings,
    pub(super) cluster: &'a Cluster,
}

/// A selector that cannot be used. Why is a finding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable;

/// Namespaces that are selected.
enum Namespaces {
    /// These.
    Set(BTreeSet<String>),
    /// All of them.
    All,
}

/// Kinds that are selected: by group, or in any; none for all kinds of the group.
type KindsByGroup = BTreeMap<Option<String>, Option<BTreeSet<String>>>;

impl Selecting<'_> {
    /// Compiles a selector. No groups where it selects nothing at the moment.
    pub(super) fn groups(
        &self,
        selector: &ResourceSelector,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Group>, Unusable> {
        let namespaces = self.namespaces(selector, findings)?;
        let kinds = self.kinds(selector, findings)?;
        match self.settings.resources.resolve {
            Resolve::Objects if !selector.labels.requirements.is_empty() => {
                self.by_objects(selector, &namespaces, &kinds, findings)
            }
            Resolve::Objects | Resolve::Metrics => {
                Ok(self.by_labels(&selector.labels, &namespaces, &kinds))
            }
        }
    }

    fn resources(&self) -> &Resources {
        &self.settings.resources
    }

    fn namespaces(
        &self,
        selector: &ResourceSelector,
        findings: &mut Vec<Finding>,
    ) -> Result<Namespaces, Unusable> {
        let Some(wanted) = &selector.namespaces else {
            return Ok(Namespaces::Set(BTreeSet::from([self.namespace.to_owned()])));
        };
        let path = selector.path.field("namespaceSelector");
        if !self.cluster.namespaces.contains_key(self.namespace) {
            let message = format!("the namespace `{}` is not known yet", self.namespace);
            findings.push(Finding::error(path, "NotReady", message));
            return Err(Unusable);
        }
        let reach = self.resources().namespaces;
        if reach == Reach::All && wanted.requirements.is_empty() {
            return Ok(Namespaces::All);
        }
        let may_select = |name: &str| match reach {
            Reach::Own => name == self.namespace,
            Reach::Tenant => {
                name == self.namespace
                    || tenant::of(name, self.settings, self.cluster)
                        .is_ok_and(|tenant| tenant == *self.tenant)
            }
            Reach::All => true,
        };
        let matching = self.cluster.namespaces.iter().filter(|(name, labels)| {
            may_select(name) && wanted.matches(|key| labels.get(key).map(String::as_str))
        });
        let set: BTreeSet<String> = matching.map(|(name, _)| name.clone()).collect();
        match (reach, set.is_empty()) {
            (Reach::Own, true) => {
                let message = "it does not select the Exporter's own namespace, and the operator allows no other one";
                findings.push(Finding::error(path, "NamespaceNotAllowed", message));
                return Err(Unusable);
            }
            (Reach::Own, false) => {
                let message = "of the namespaces that it selects only the Exporter's own is used; the operator allows no other one";
                findings.push(Finding::warning(path, "NamespaceNotAllowed", message));
            }
            (Reach::Tenant | Reach::All, true) => {
                let message = "it selects no namespace at the moment";
                findings.push(Finding::warning(path, "NothingSelected", message));
            }
            (Reach::Tenant | Reach::All, false) => {}
        }
        Ok(Namespaces::Set(set))
    }

    fn kinds(
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

    fn by_labels(
        &self,
        labels: &LabelSelector,
        namespaces: &Namespaces,
        kinds: &KindsByGroup,
    ) -> Vec<Group> {
        let mut base = Group::new();
        match namespaces {
            Namespaces::Set(set) if set.is_empty() => return Vec::new(),
            Namespaces::Set(set) => {
                base.push(Term::set(&self.resources().namespace, set.iter().cloned()));
            }
            Namespaces::All => base.extend(present(&self.resources().namespace)),
        }
        for requirement in &labels.requirements {
            base.extend(self.term(&requirement.key, &requirement.operator));
        }
        let of_kinds = |(group, kinds): (&Option<String>, &Option<BTreeSet<String>>)| {
            let mut terms = self.kind_terms(group.as_deref(), kinds.as_ref());
            terms.extend(base.iter().cloned());
            terms
        };
        kinds.iter().map(of_kinds).collect()
    }

    fn kind_terms(&self, group: Option<&str>, kinds: Option<&BTreeSet<String>>) -> Group {
        let resources = self.resources();
        let group = group.map(|group| {
            let group = if group.is_empty() { &resources.core_group } else { group };
            Term::equal(&resources.group, group)
        });
        let kinds = kinds.map(|kinds| Term::set(&resources.kind, kinds.iter().cloned()));
        group.into_iter().chain(kinds).collect()
    }

    /// What has to hold of a metric's label, as Kubernetes means it: `NotIn` and `DoesNotExist` hold where the label is absent.
    /// Metrics cannot tell an empty value from an absent label.
    fn term(&self, key: &str, operator: &Operator) -> Option<Term> {
        let label = self.resources().label(key);
        match operator {
            Operator::In(values) => Some(Term::set(&label, values.iter().cloned())),
            Operator::NotIn(values) => {
                let values: Vec<String> =
                    values.iter().filter(|value| !value.is_empty()).cloned().collect();
                (!values.is_empty()).then(|| Term::One(Filter::none_of(label, &values)))
            }
            Operator::Exists => present(&label),
            Operator::DoesNotExist => Some(Term::equal(&label, "")),
        }
    }

    /// Selects by the names of the objects whose labels match.
    fn by_objects(
        &self,
        selector: &ResourceSelector,
        namespaces: &Namespaces,
        kinds: &KindsByGroup,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<Group>, Unusable> {
        let path = selector.path.field("kinds");
        let mut groups = Vec::new();
        for kind in concrete(self.cluster, kinds).map_err(|message| {
            findings.push(Finding::error(path.clone(), "UnknownKind", message));
            Unusable
        })? {
            let Some(objects) = self.cluster.objects.get(&kind) else {
                let message = format!("the objects of kind `{}` are not known yet", kind.kind);
                findings.push(Finding::error(path, "NotReady", message));
                return Err(Unusable);
            };
            let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for object in objects.iter().filter(|object| is_selected(object, selector, namespaces))
            {
                names.entry(&object.namespace).or_default().push(object.name.clone());
            }
            for (namespace, names) in names {
                let mut group =
                    self.kind_terms(Some(&kind.group), Some(&BTreeSet::from([kind.kind.clone()])));
                group.push(Term::equal(&self.resources().namespace, namespace));
                group.push(Term::set(&self.resources().name, names));
                groups.push(group);
            }
        }
        Ok(groups)
    }
}

fn is_selected(object: &Object, selector: &ResourceSelector, namespaces: &Namespaces) -> bool {
    let in_namespace = match namespaces {
        Namespaces::Set(set) => set.contains(&object.namespace),
        Namespaces::All => !object.namespace.is_empty(),
    };
    in_namespace && selector.labels.matches(|key| object.labels.get(key).map(String::as_str))
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

/// A label that is there.
fn present(label: &str) -> Option<Term> {
    Filter::new(label, FilterOperator::NotEqual, "").ok().map(Term::One)
}

/// The kinds of a selector, for [`wants`](super::wants). Those that cannot be found are omitted.
pub(super) fn kinds_of(selecting: &Selecting<'_>, selector: &ResourceSelector) -> BTreeSet<Kind> {
    let kinds = selecting.kinds(selector, &mut Vec::new());
    kinds.ok().and_then(|kinds| concrete(selecting.cluster, &kinds).ok()).unwrap_or_default()
}
