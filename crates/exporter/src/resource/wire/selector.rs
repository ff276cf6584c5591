//! Selectors of resources as they are written.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resource::messages;

use super::list::StringOrList;

/// Selects resources. All given parts must hold.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct ResourceSelector {
    /// Selects namespaces by their labels. Absent: the namespace of the Exporter. Empty (`{}`): all namespaces. Other
    /// namespaces than the Exporter's need the operator's permission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Selects resources by their labels. Absent: any labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_selectors: Option<LabelSelector>,
    /// Selects resources by their kind. A resource must match one of the entries. Absent: any kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub kinds: Vec<KindSelector>,
}

/// Selects by labels. All requirements must hold; `{}` selects everything.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels and the values that they must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::super::bounds::labels")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements on labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub match_expressions: Vec<LabelRequirement>,
}

/// A requirement on a label.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 : !has(self.values) || size(self.values) == 0"
).message(messages::LABEL_VALUES))]
pub struct LabelRequirement {
    /// The label.
    #[schemars(length(min = 1, max = 317))]
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: LabelOperator,
    /// The values of `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 63)))]
    pub values: Vec<String>,
}

/// What a requirement asks for.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum LabelOperator {
    #[default]
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

/// Selects kinds: an API group and names in it.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1))]
#[x_kube(validation = Rule::new("!(has(self.group) && has(self.apiGroups))").message(messages::ONE_GROUP))]
pub struct KindSelector {
    /// API groups. `""` is the core group, `*` any group. Absent: any group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 20),
        inner(length(max = 253), regex(pattern = r"^(\*|[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$"))
    )]
    pub api_groups: Vec<String>,
    /// One API group; another spelling of `apiGroups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = r"^(\*|[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$"))]
    pub group: Option<String>,
    /// Names of kinds in these groups: a text or a list. Plural names such as `gateways`, kinds such as `Gateway`, or `*`.
    /// Absent, with `kind` and `kinds` absent too: all kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<StringOrList>,
    /// Another spelling of `resources`. The names of all spellings are put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<StringOrList>,
    /// Another spelling of `resources`. The names of all spellings are put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<StringOrList>,
}
