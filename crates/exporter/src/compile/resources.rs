//! Resource selectors as groups of terms on the labels of metrics.

use std::collections::{BTreeMap, BTreeSet};

use ktel_metricsql::{Filter, FilterOperator};

use super::cluster::Object;
use super::kinds::{KindsByGroup, concrete};
use super::merge::{Group, Term};
use super::selecting::{Selecting, Unusable};
use super::tenant;
use crate::resource::Finding;
use crate::resource::spec::{LabelSelector, Operator, ResourceSelector};
use crate::settings::{Reach, Resolve};

/// Namespaces that are selected.
enum Namespaces {
    /// These.
    Set(BTreeSet<String>),
    /// All of them.
    All,
}

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

/// A label that is there.
fn present(label: &str) -> Option<Term> {
    Filter::new(label, FilterOperator::NotEqual, "").ok().map(Term::One)
}
