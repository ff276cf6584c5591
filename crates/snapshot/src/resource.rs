//! A kind of object that the API serves, as discovery describes it.

use serde_json::Value;

use crate::priority;

/// One kind: its names, its versions, its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) group: String,
    /// The served versions, the preferred one first.
    pub(crate) versions: Vec<String>,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) namespaced: bool,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    /// Whether it has a `status` subresource.
    pub(crate) status: bool,
    /// The fields, beyond those of its metadata, that a field selector may name.
    pub(crate) selectable: Vec<String>,
    /// Lists of built-in kinds leave `kind` and `apiVersion` out of their items.
    pub(crate) built_in: bool,
    /// A CustomResourceDefinition lists its versions; no object may add one.
    pub(crate) defined: bool,
}

impl Resource {
    /// Describes a kind of which only objects are known.
    pub(crate) fn guess(group: &str, kind: &str, plural: String, namespaced: bool) -> Self {
        Self {
            group: group.to_owned(),
            versions: Vec::new(),
            plural,
            singular: kind.to_lowercase(),
            kind: kind.to_owned(),
            list_kind: format!("{kind}List"),
            namespaced,
            short_names: Vec::new(),
            categories: Vec::new(),
            status: false,
            selectable: Vec::new(),
            built_in: false,
            defined: false,
        }
    }

    /// Reads a CustomResourceDefinition; `None` when it lacks its group, names or served versions.
    pub(crate) fn from_definition(definition: &Value) -> Option<Self> {
        let spec = definition.get("spec")?;
        let names = spec.get("names")?;
        let kind = text(names, "kind")?;
        let versions: Vec<&Value> = spec
            .get("versions")
            .and_then(Value::as_array)
            .map(|all| all.iter().filter(|version| served(version)).collect())
            .unwrap_or_default();
        let mut served: Vec<String> =
            versions.iter().filter_map(|version| text(version, "name")).collect();
        if served.is_empty() {
            served.extend(text(spec, "version")); // apiextensions.k8s.io/v1beta1, before `versions`
        }
        if served.is_empty() {
            return None;
        }
        served.sort_by(|left, right| priority::compare(left, right));
        let status =
            versions.iter().any(|version| version.pointer("/subresources/status").is_some())
                || spec.pointer("/subresources/status").is_some();
        Some(Self {
            group: text(spec, "group")?,
            versions: served,
            plural: text(names, "plural")?,
            singular: text(names, "singular").unwrap_or_else(|| kind.to_lowercase()),
            list_kind: text(names, "listKind").unwrap_or_else(|| format!("{kind}List")),
            kind,
            namespaced: text(spec, "scope").as_deref() != Some("Cluster"),
            short_names: texts(names, "shortNames"),
            categories: texts(names, "categories"),
            status,
            selectable: versions.iter().flat_map(|version| selectable(version)).collect(),
            built_in: false,
            defined: true,
        })
    }

    /// Adds a version that an object was found in.
    pub(crate) fn add_version(&mut self, version: &str) {
        if !self.versions.iter().any(|known| known == version) {
            self.versions.push(version.to_owned());
            self.versions.sort_by(|left, right| priority::compare(left, right));
        }
    }

    /// Returns `apiVersion` of its objects in `version`.
    pub(crate) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// Returns the name that errors use: `pods`, `deployments.apps`.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Tells whether both are the same kind, whatever their versions.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.group == other.group && self.plural == other.plural
    }
}

fn served(version: &Value) -> bool {
    version.get("served").and_then(Value::as_bool).unwrap_or(true)
}

fn selectable(version: &Value) -> impl Iterator<Item = String> {
    let fields = version.get("selectableFields").and_then(Value::as_array);
    fields.into_iter().flatten().filter_map(|field| {
        text(field, "jsonPath").map(|path| path.trim_start_matches('.').to_owned())
    })
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let all = value.get(key).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
