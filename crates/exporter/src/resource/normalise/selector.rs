//! Selectors of resources.

use super::reason::{CONFLICT, INVALID};
use crate::resource::finding::Finding;
use crate::resource::messages;
use crate::resource::path::FieldPath;
use crate::resource::spec::{
    Group, KindName, KindSelector, LabelSelector, Operator, Requirement, ResourceSelector,
};
use crate::resource::wire::{self, LabelOperator, StringOrList};

pub(super) fn normalise(
    written: &wire::ResourceSelector,
    path: FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<ResourceSelector> {
    let namespaces = written
        .namespace_selector
        .as_ref()
        .map(|selector| labels(selector, &path.field("namespaceSelector"), findings));
    let of_resources = written.label_selectors.as_ref().map_or_else(
        || Some(LabelSelector::default()),
        |selector| labels(selector, &path.field("labelSelectors"), findings),
    );
    let kinds = written.kinds.iter().enumerate();
    let kinds: Vec<_> = kinds
        .map(|(index, kind)| kinds_of(kind, &path.field("kinds").item(index), findings))
        .collect();
    // A selector without one of its parts would select more than was asked for.
    Some(ResourceSelector {
        namespaces: match namespaces {
            Some(None) => return None,
            Some(selector) => selector,
            None => None,
        },
        labels: of_resources?,
        kinds: kinds.into_iter().collect::<Option<_>>()?,
        path,
    })
}

fn labels(
    written: &wire::LabelSelector,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<LabelSelector> {
    let equal = written.match_labels.iter().map(|(key, value)| Requirement {
        key: key.clone(),
        operator: Operator::In(vec![value.clone()]),
    });
    let mut requirements: Vec<Requirement> = equal.collect();
    let mut is_usable = true;
    for (index, written) in written.match_expressions.iter().enumerate() {
        let values = written.values.clone();
        let operator = match (written.operator, values.is_empty()) {
            (LabelOperator::In, false) => Operator::In(values),
            (LabelOperator::NotIn, false) => Operator::NotIn(values),
            (LabelOperator::Exists, true) => Operator::Exists,
            (LabelOperator::DoesNotExist, true) => Operator::DoesNotExist,
            _ => {
                let path = path.field("matchExpressions").item(index);
                findings.push(Finding::error(path, INVALID, messages::LABEL_VALUES));
                is_usable = false;
                continue;
            }
        };
        requirements.push(Requirement { key: written.key.clone(), operator });
    }
    is_usable.then_some(LabelSelector { requirements })
}

fn kinds_of(
    written: &wire::KindSelector,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<KindSelector> {
    if written.group.is_some() && !written.api_groups.is_empty() {
        findings.push(Finding::error(path.clone(), CONFLICT, messages::ONE_GROUP));
        return None;
    }
    let mut groups: Vec<Group> = Vec::new();
    for name in written.api_groups.iter().chain(&written.group) {
        let group = if name == "*" { Group::Any } else { Group::Named(name.clone()) };
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let spellings =
        [("resources", &written.resources), ("kind", &written.kind), ("kinds", &written.kinds)];
    let mut names: Vec<KindName> = Vec::new();
    for (field, written) in spellings {
        let texts = match written {
            None => continue,
            Some(StringOrList::One(text)) => std::slice::from_ref(text),
            Some(StringOrList::Many(texts)) => texts,
            Some(StringOrList::Other(_)) => {
                let message = "must be a text or a list of texts";
                findings.push(Finding::error(path.field(field), INVALID, message));
                return None;
            }
        };
        for text in texts {
            let name = kind_name(text);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if groups.is_empty() || groups.contains(&Group::Any) {
        groups = vec![Group::Any];
    }
    if names.is_empty() || names.contains(&KindName::Any) {
        names = vec![KindName::Any];
    }
    Some(KindSelector { groups, names })
}

/// Kinds begin with a capital letter, plural names do not.
fn kind_name(text: &str) -> KindName {
    match text {
        "*" => KindName::Any,
        text if text.starts_with(|c: char| c.is_ascii_uppercase()) => {
            KindName::Kind(text.to_owned())
        }
        text => KindName::Resource(text.to_owned()),
    }
}
