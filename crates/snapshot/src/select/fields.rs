//! Field selectors: `spec.nodeName=n,status.phase!=Running`.

use serde_json::{Map, Value};

use crate::resource::Resource;

/// The fields of built-in kinds that the API server selects by, beside name and namespace.
const FIELDS: &[(&str, &str, &[&str])] = &[
    (
        "",
        "Pod",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
    ),
    ("", "Node", &["spec.unschedulable"]),
    ("", "Namespace", &["status.phase"]),
    ("", "Secret", &["type"]),
    ("", "Service", &["spec.clusterIP", "spec.type"]),
    ("", "ReplicationController", &["status.replicas"]),
    (
        "",
        "Event",
        &[
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "involvedObject.uid",
            "reason",
            "reportingComponent",
            "type",
        ],
    ),
    ("apps", "ReplicaSet", &["status.replicas"]),
    ("batch", "Job", &["status.successful"]),
    ("certificates.k8s.io", "CertificateSigningRequest", &["spec.signerName"]),
];

/// One field and the value it must have, or must not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirement {
    field: String,
    value: String,
    equal: bool,
}

impl Requirement {
    /// Tells whether metadata alone decides.
    pub(crate) fn is_of_metadata(&self) -> bool {
        self.field.starts_with("metadata.")
    }

    pub(crate) fn matches(&self, object: &Map<String, Value>) -> bool {
        let mut names = self.field.split('.');
        let first = names.next().and_then(|name| object.get(name));
        let value = names.fold(first, |value, name| value.and_then(|value| value.get(name)));
        let text = match value {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(Value::Number(number)) => number.to_string(),
            // Kubernetes fills what is absent with the zero of its type.
            _ if self.field == "spec.unschedulable" => "false".to_owned(),
            _ if self.field == "status.replicas" => "0".to_owned(),
            _ => String::new(),
        };
        (text == self.value) == self.equal
    }
}

/// Reads a field selector for a kind.
///
/// # Errors
///
/// The message that the API server gives.
pub(crate) fn parse(text: &str, resource: &Resource) -> Result<Vec<Requirement>, String> {
    split(text)?.into_iter().map(|term| requirement(&term, resource)).collect()
}

/// A term of the selector, split at its operator, escapes resolved.
struct Term {
    field: String,
    value: String,
    equal: bool,
}

/// Splits at commas and operators that no backslash escapes.
fn split(text: &str) -> Result<Vec<Term>, String> {
    let mut terms = Vec::new();
    let mut characters = text.chars().peekable();
    while characters.peek().is_some() {
        let mut term = Term { field: String::new(), value: String::new(), equal: true };
        let mut operator = false;
        while let Some(character) = characters.next() {
            match character {
                ',' => break,
                '\\' => match characters.next() {
                    Some(escaped @ ('\\' | ',' | '=')) if operator => term.value.push(escaped),
                    _ => return Err(format!("invalid field selector: \"{text}\"")),
                },
                '!' if !operator && characters.peek() == Some(&'=') => {
                    characters.next();
                    (operator, term.equal) = (true, false);
                }
                '=' if !operator => {
                    characters.next_if_eq(&'=');
                    operator = true;
                }
                '=' => return Err(format!("invalid field selector: \"{text}\"")),
                other if operator => term.value.push(other),
                other => term.field.push(other),
            }
        }
        match (operator, term.field.is_empty()) {
            (true, _) => terms.push(term),
            (false, true) => {} // an empty term, as after a last comma
            (false, false) => {
                return Err(format!(
                    "invalid selector: '{text}'; can't understand '{}'",
                    term.field
                ));
            }
        }
    }
    Ok(terms)
}

fn requirement(term: &Term, resource: &Resource) -> Result<Requirement, String> {
    let built_in = FIELDS
        .iter()
        .find(|(group, kind, _)| *group == resource.group && *kind == resource.kind)
        .map_or(&[][..], |(_, _, fields)| fields);
    let field = term.field.as_str();
    let known = matches!(field, "metadata.name" | "metadata.namespace")
        || built_in.contains(&field)
        || resource.selectable.iter().any(|path| path == field);
    if !known {
        return Err(format!("field label not supported: {field}"));
    }
    Ok(Requirement { field: term.field.clone(), value: term.value.clone(), equal: term.equal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;
    use serde_json::json;

    #[track_caller]
    fn check(selector: &str, expected: Option<bool>) {
        let pod = json!({
            "metadata": {"name": "a", "namespace": "x"},
            "spec": {"nodeName": "n,1"}, "status": {"phase": "Running"},
        });
        let resource = kinds::find("", "Pod").unwrap();
        let result = parse(selector, &resource)
            .map(|all| all.iter().all(|one| one.matches(pod.as_object().unwrap())));
        assert_eq!(result.ok(), expected, "{selector}");
    }

    #[test]
    fn field_selectors_read_as_the_api_server_reads_them() {
        check("", Some(true));
        check("metadata.name=a", Some(true));
        check("metadata.name==a,metadata.namespace!=x", Some(false));
        check("spec.nodeName=n\\,1", Some(true));
        check("spec.nodeName=", Some(false));
        check("status.phase!=Pending", Some(true));
        check("status.podIP=", Some(true));
        for wrong in ["spec.replicas=1", "metadata.name", "metadata.name=a=b", "spec.nodeName=\\x"]
        {
            check(wrong, None);
        }
    }
}
