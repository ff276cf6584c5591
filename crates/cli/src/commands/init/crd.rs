//! What a CustomResourceDefinition says of its objects: the values that are closed sets. Free text is never
//! proposed, because it could carry anything.

use serde::Deserialize;
use serde_json::Value;

use crate::limits::{CRD_DEPTH_MAX, CRD_FIELDS_MAX};

/// A kind of resource, and the values of its objects that could be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) group: String,
    pub(super) plural: String,
    pub(super) singular: String,
    /// Every version, the one that is read first.
    pub(super) versions: Vec<String>,
    pub(super) values: Vec<Candidate>,
    /// Paths of texts, which are not proposed.
    pub(super) texts: Vec<String>,
}

/// A value of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// As in `.spec.colour`.
    pub(super) path: String,
    /// As in `colour`.
    pub(super) name: String,
    pub(super) of: ValueKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValueKind {
    Bool,
    Words(Vec<String>),
}

#[derive(Deserialize)]
struct Definition {
    #[serde(default)]
    metadata: Metadata,
    spec: Option<Spec>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Spec {
    group: String,
    names: Names,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Names {
    plural: String,
    #[serde(default)]
    singular: String,
    kind: String,
}

#[derive(Deserialize)]
struct Version {
    name: String,
    #[serde(default)]
    served: bool,
    #[serde(default)]
    storage: bool,
    #[serde(default)]
    schema: Value,
}

/// A text that has no definition of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoKind {
    /// It is not YAML, or a definition is not complete.
    Unreadable(String),
    /// It has these definitions.
    Others(Vec<String>),
}

/// Finds a definition in one or more YAML documents; without a name, the only one.
pub(super) fn find(text: &str, name: Option<&str>) -> Result<Kind, NoKind> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| {
        NoKind::Unreadable(error.to_string().lines().next().unwrap_or_default().to_owned())
    })?;
    // `kubectl get crds -o yaml` prints a list.
    let objects = documents.into_iter().flat_map(|document| match document.get("items") {
        Some(Value::Array(items)) => items.clone(),
        _ => vec![document],
    });
    let mut definitions = Vec::new();
    for object in objects {
        if object.get("kind").and_then(Value::as_str) == Some("CustomResourceDefinition") {
            let definition: Definition = serde_json::from_value(object)
                .map_err(|error| NoKind::Unreadable(error.to_string()))?;
            definitions.push(definition);
        }
    }
    let names: Vec<String> =
        definitions.iter().map(|definition| definition.metadata.name.clone()).collect();
    let mut matching = definitions
        .into_iter()
        .filter(|definition| name.is_none_or(|name| definition.metadata.name == name));
    match (matching.next(), matching.next()) {
        (Some(definition), None) => kind(definition),
        _ => Err(NoKind::Others(names)),
    }
}

fn kind(definition: Definition) -> Result<Kind, NoKind> {
    let Definition { metadata, spec } = definition;
    let incomplete = |what: &str| NoKind::Unreadable(format!("`{}` has no {what}", metadata.name));
    let Spec { group, names, mut versions } = spec.ok_or_else(|| incomplete("`spec`"))?;
    let Names { plural, singular, kind } = names;
    versions.retain(|version| version.served);
    // What is stored is what the other versions are converted from.
    versions.sort_by_key(|version| !version.storage);
    let first = versions.first().ok_or_else(|| incomplete("served version"))?;
    let schema = first.schema.get("openAPIV3Schema").unwrap_or(&Value::Null);
    let (mut values, mut texts) = (Vec::new(), Vec::new());
    for part in ["spec", "status"] {
        let schema = &schema["properties"][part];
        walk(schema, &format!(".{part}"), &mut Vec::new(), &mut values, &mut texts);
    }
    distinct(&mut values);
    values.truncate(CRD_FIELDS_MAX);
    let versions = versions.into_iter().map(|version| version.name).collect();
    let singular = if singular.is_empty() { kind.to_lowercase() } else { singular };
    Ok(Kind { group, plural, singular, versions, values, texts })
}

fn walk(
    schema: &Value,
    path: &str,
    names: &mut Vec<String>,
    values: &mut Vec<Candidate>,
    texts: &mut Vec<String>,
) {
    if names.len() > CRD_DEPTH_MAX {
        return;
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of = match (schema["type"].as_str(), schema["enum"].as_array()) {
        (Some("boolean"), _) => Some(ValueKind::Bool),
        (Some("string"), Some(words)) => {
            Some(ValueKind::Words(words.iter().filter_map(text).collect()))
        }
        (Some("string"), None) => {
            texts.push(path.to_owned());
            None
        }
        _ => None,
    };
    if let Some(of) = of {
        values.push(Candidate { path: path.to_owned(), name: names.join("_"), of });
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        // A name with other characters would need a JSONPath in brackets.
        if name.chars().all(|c| c.is_ascii_alphanumeric()) {
            names.push(snake_case(name));
            walk(inner, &format!("{path}.{name}"), names, values, texts);
            names.pop();
        }
    }
}

/// Gives values of one name in `spec` and `status` two names.
fn distinct(values: &mut [Candidate]) {
    for index in 0..values.len() {
        let (before, rest) = values.split_at_mut(index);
        if let Some(value) = rest.first_mut()
            && before.iter().any(|earlier| earlier.name == value.name)
        {
            let part = if value.path.starts_with(".status") { "status" } else { "spec" };
            value.name = format!("{part}_{}", value.name);
        }
    }
}

/// Turns `readyReplicas` into `ready_replicas`.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    let mut before_is_lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && before_is_lower {
            out.push('_');
        }
        before_is_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{NoKind, ValueKind, find, snake_case};

    const LAMPS: &str = include_str!("lamps.crd.yaml");

    #[test]
    fn closed_values_are_found_and_texts_are_not_proposed() {
        let kind = find(LAMPS, Some("lamps.acme.example")).unwrap();
        assert_eq!(
            (kind.group.as_str(), kind.plural.as_str(), kind.singular.as_str()),
            ("acme.example", "lamps", "lamp")
        );
        assert_eq!(kind.versions, ["v1", "v1beta1"]);
        let words = |words: &[&str]| {
            ValueKind::Words(words.iter().map(|word| (*word).to_owned()).collect())
        };
        let values: Vec<(&str, &str, &ValueKind)> = kind
            .values
            .iter()
            .map(|value| (value.path.as_str(), value.name.as_str(), &value.of))
            .collect();
        assert_eq!(
            values,
            [
                (".spec.colour", "colour", &words(&["Red", "Green", "Blue"])),
                (".spec.dimmer.enabled", "dimmer_enabled", &ValueKind::Bool),
                (".status.phase", "phase", &words(&["Lit", "Dark"])),
                (".status.colour", "status_colour", &words(&["Red", "Green", "Blue"])),
            ]
        );
        assert_eq!(kind.texts, [".spec.owner"]);
    }

    #[test]
    fn a_definition_that_is_not_there_lists_the_others() {
        assert_eq!(
            find(LAMPS, Some("bulbs.acme.example")),
            Err(NoKind::Others(vec!["lamps.acme.example".to_owned()]))
        );
        assert!(find(LAMPS, None).is_ok());
        assert_eq!(find("{}", None), Err(NoKind::Others(Vec::new())));
        let list = format!("kind: List\nitems:\n- {}", LAMPS.trim_end().replace('\n', "\n  "));
        assert!(find(&list, None).is_ok());
        for broken in ["a: [", "{kind: CustomResourceDefinition, metadata: {name: x}}"] {
            assert!(matches!(find(broken, None), Err(NoKind::Unreadable(_))), "{broken}");
        }
    }

    #[test]
    fn names_are_written_in_snake_case() {
        for (name, expected) in
            [("readyReplicas", "ready_replicas"), ("URL", "url"), ("a1B", "a1_b")]
        {
            assert_eq!(snake_case(name), expected);
        }
    }
}
